/** The one list of dialects: a provider of the Model kind and how it is spoken to. */
import type { Provider } from '#crds/model.ts';
import { ANTHROPIC_PROVIDER } from './anthropic/provider.ts';
import type { ProviderDialect } from './dialect.ts';
import { GEMINI_PROVIDER } from './gemini/provider.ts';
import { OPENAI_COMPATIBLE_PROVIDER, OPENAI_PROVIDER } from './openai/provider.ts';

const PROVIDER_DIALECTS: Readonly<Record<Provider, ProviderDialect>> = {
  OpenAI: OPENAI_PROVIDER,
  Anthropic: ANTHROPIC_PROVIDER,
  Gemini: GEMINI_PROVIDER,
  OpenAICompatible: OPENAI_COMPATIBLE_PROVIDER,
};

export function providerDialectOf(provider: Provider): ProviderDialect {
  return PROVIDER_DIALECTS[provider];
}
