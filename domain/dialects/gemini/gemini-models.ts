/**
 * What each generation of Gemini is known to refuse, so that it is never sent. Names without a number, such as
 * `gemini-flash-latest` or a tuned model, are taken for the youngest.
 */

export interface GeminiAbilities {
  /** Whether tools may be declared beside an answer in JSON. */
  readonly formatsBesideTools: boolean;
  /** Whether penalties are enabled. */
  readonly takesPenalties: boolean;
  /** How thinking is measured; undefined for models that do not think. */
  readonly thinking: 'level' | 'budget' | undefined;
  /** Whether a call in the history needs the signature of the thought that led to it. */
  readonly needsSignatures: boolean;
  /** Above it `maxOutputTokens` is refused; undefined when not known. */
  readonly maximumOutputTokens: number | undefined;
}

export function abilitiesOf(model: string): GeminiAbilities {
  const version = versionOf(model);
  const isOld = version !== undefined && version < 205;
  const isSecond = version !== undefined && version < 300;
  return {
    formatsBesideTools: !isSecond,
    takesPenalties: isOld,
    thinking: isOld ? undefined : isSecond ? 'budget' : 'level',
    needsSignatures: !isSecond,
    maximumOutputTokens: maximumOutputTokens(version),
  };
}

/** 2.5 as 205: 3.10 comes after 3.9. */
export function versionOf(model: string): number | undefined {
  const match = /(?:^|\/)gemini-(\d+)(?:\.(\d+))?/.exec(model);
  return match?.[1] === undefined ? undefined : Number(match[1]) * 100 + Number(match[2] ?? 0);
}

function maximumOutputTokens(version: number | undefined): number | undefined {
  if (version === undefined || version >= 400) return undefined;
  return version < 205 ? 8192 : 65_536;
}
