/** The one list of dialects: a provider of the Model kind and how it is spoken to. */
import type { Provider } from '#crds/model.ts';
import { ANTHROPIC_DIALECT } from './anthropic-dialect.ts';
import type { ProviderDialect } from './dialect.ts';
import { GEMINI_DIALECT } from './gemini-dialect.ts';
import { OPENAI_COMPATIBLE_DIALECT, OPENAI_DIALECT } from './openai-dialect.ts';

const DIALECTS: Readonly<Record<Provider, ProviderDialect>> = {
  OpenAI: OPENAI_DIALECT,
  Anthropic: ANTHROPIC_DIALECT,
  Gemini: GEMINI_DIALECT,
  OpenAICompatible: OPENAI_COMPATIBLE_DIALECT,
};

export function dialectOf(provider: Provider): ProviderDialect {
  return DIALECTS[provider];
}
