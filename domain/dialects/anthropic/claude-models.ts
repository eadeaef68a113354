/**
 * What each family of Claude is known to refuse, so that it is never sent. A name that is no Claude's belongs to a server
 * that speaks this format with a model of its own: nothing is known of it, so nothing is kept from it.
 */

export interface ClaudeAbilities {
  /** How many of temperature and top_p it takes. With none it takes no top_k either. */
  readonly samplingParameters: 'both' | 'one' | 'none';
  /** output_config.format, and `strict` tools. */
  readonly holdsSchemas: boolean;
  /** Values of output_config.effort, from the least to the most; empty where it is unknown to the model. */
  readonly efforts: readonly string[];
  /** What it must be sent not to think; undefined when it cannot be kept from thinking. */
  readonly withoutThinking: object | undefined;
  /** Whether it goes on with a message of the assistant at the end. */
  readonly continuesAssistant: boolean;
  /** Whether it can be made to call a tool. */
  readonly forcesTools: boolean;
  /** Whether its thought is valid behind the very conversation only in which it arose. */
  readonly bindsThinking: boolean;
  /** Above it `max_tokens` is refused; undefined when not known. */
  readonly maximumOutputTokens: number | undefined;
}

const UNKNOWN: ClaudeAbilities = {
  samplingParameters: 'both',
  holdsSchemas: true,
  efforts: ['low', 'medium', 'high', 'xhigh', 'max'],
  withoutThinking: {},
  continuesAssistant: true,
  forcesTools: true,
  bindsThinking: false,
  maximumOutputTokens: undefined,
};

interface Claude {
  readonly family: string;
  /** 4.5 as 405: 4.10 comes after 4.9. */
  readonly version: number;
}

export function abilitiesOf(model: string): ClaudeAbilities {
  const claude = claudeOf(model);
  if (claude === undefined) return UNKNOWN;
  const { family, version } = claude;
  return {
    samplingParameters: samplingParameters(version),
    holdsSchemas: version >= 405 || (family === 'opus' && version >= 401),
    efforts: effortsOf(claude),
    withoutThinking: withoutThinking(claude),
    continuesAssistant: version < 406,
    forcesTools: !(alwaysThinks(claude) ? version >= 501 : version >= 505 && family !== 'haiku'),
    bindsThinking: alwaysThinks(claude) ? version >= 501 : version >= 505,
    maximumOutputTokens: maximumOutputTokens(claude),
  };
}

/** `claude-3-5-haiku-20241022`, `claude-opus-4-20250514`, `claude-sonnet-4-5`, also behind the name of a cloud. */
function claudeOf(model: string): Claude | undefined {
  const name = /claude-.+/.exec(model.toLowerCase())?.[0];
  if (name === undefined) return undefined;
  const old = /^claude-(\d)(?:[-.](\d))?(?:-(opus|sonnet|haiku))?(?!\d)/.exec(name);
  if (old?.[1] !== undefined) return { family: old[3] ?? '', version: versionOf(old[1], old[2]) };
  const current = /^claude-([a-z]+)(?:-(\d{1,2})(?!\d)(?:[-.](\d{1,2})(?!\d))?)?/.exec(name);
  const family = current?.[1];
  if (family === undefined) return undefined;
  if (family === 'instant') return { family, version: 100 };
  // Names without a version, such as claude-mythos-preview, are of the youngest families.
  return { family, version: current?.[2] === undefined ? 500 : versionOf(current[2], current[3]) };
}

function versionOf(major: string, minor: string | undefined): number {
  return Number(major) * 100 + Number(minor ?? 0);
}

function alwaysThinks({ family }: Claude): boolean {
  return family === 'fable' || family === 'mythos';
}

/** Since Opus 4.1 both at once are status 400, since 4.7 any of them is. */
function samplingParameters(version: number): ClaudeAbilities['samplingParameters'] {
  if (version >= 407) return 'none';
  return version >= 401 ? 'one' : 'both';
}

function effortsOf({ family, version }: Claude): readonly string[] {
  if (version >= 500 || (family === 'opus' && version >= 407)) {
    return ['low', 'medium', 'high', 'xhigh', 'max'];
  }
  if (version >= 406) return ['low', 'medium', 'high', 'max'];
  return family === 'opus' && version >= 405 ? ['low', 'medium', 'high'] : [];
}

/** Before version 5 nothing is thought unless it is asked for. */
function withoutThinking(claude: Claude): object | undefined {
  if (alwaysThinks(claude)) return undefined;
  const { family, version } = claude;
  if (version < 500) return {};
  if (version >= 505 && family === 'opus') return undefined;
  const type = version >= 505 && family === 'sonnet' ? 'between_tools' : 'disabled';
  return { thinking: { type } };
}

function maximumOutputTokens({ family, version }: Claude): number {
  if (version < 305) return 4096;
  if (version < 307) return 8192;
  if (family === 'opus' && version >= 400 && version < 405) return 32_000;
  return version < 406 ? 64_000 : 128_000;
}
