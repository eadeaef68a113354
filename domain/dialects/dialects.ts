/** The one list of dialects: how each provider of the Model kind is spoken to, and what telemetry calls it. */
import type { Provider } from '#crds/model.ts';
import { ANTHROPIC_PROVIDER } from './anthropic/provider.ts';
import type { ProviderDialect } from './dialect.ts';
import { GEMINI_PROVIDER } from './gemini/provider.ts';
import { OPENAI_COMPATIBLE_PROVIDER, OPENAI_PROVIDER } from './openai/provider.ts';

interface SpokenProvider {
  readonly dialect: ProviderDialect;
  /** Value of gen_ai.provider.name in the OpenTelemetry conventions, where they have one. */
  readonly telemetryName: string;
}

const PROVIDER_DIALECTS: Readonly<Record<Provider, SpokenProvider>> = {
  OpenAI: { dialect: OPENAI_PROVIDER, telemetryName: 'openai' },
  Anthropic: { dialect: ANTHROPIC_PROVIDER, telemetryName: 'anthropic' },
  Gemini: { dialect: GEMINI_PROVIDER, telemetryName: 'gcp.gemini' },
  OpenAICompatible: { dialect: OPENAI_COMPATIBLE_PROVIDER, telemetryName: 'openai_compatible' },
};

export function providerDialectOf(provider: Provider): ProviderDialect {
  return PROVIDER_DIALECTS[provider].dialect;
}

export function telemetryNameOf(provider: Provider): string {
  return PROVIDER_DIALECTS[provider].telemetryName;
}
