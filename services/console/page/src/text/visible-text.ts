/**
 * Names and texts come from models, tools and strangers. What cannot be seen, or turns the direction of what stands around it, is
 * written out (`\u{202e}`) and marked; the rest is shown as it is. The command line has the same for terminals.
 */

export interface TextPart {
  readonly text: string;
  /** It was written out. */
  readonly isUnseen: boolean;
}

/** Controls but line ends and tabs, invisible formats, odd line ends, lone surrogates, private use. Selectors of emoji stay. */
const UNSEEN = /(?:(?![\ufe00-\ufe0f\n\t])[\p{Cc}\p{Cf}\p{DI}\p{Zl}\p{Zp}\p{Cs}\p{Co}])+/gu;
/** More marks on one letter than any language has: they are drawn over the lines above and below. */
const PILED_MARKS = /(\p{M}{4})\p{M}+/gu;

/** Nothing but room: as a name it would be a link or a heading without any words. */
const BLANK = /^[\s\u2800]+$/u;
const BLANKS_SHOWN = 8;

export function visibleParts(text: string): readonly TextPart[] {
  const whole = text.replaceAll('\r\n', '\n').replaceAll(PILED_MARKS, '$1\u2026');
  if (BLANK.test(whole)) {
    const shown = Array.from(whole.slice(0, BLANKS_SHOWN), writtenOut).join('');
    return [{ text: whole.length > BLANKS_SHOWN ? `${shown}\u2026` : shown, isUnseen: true }];
  }
  const parts: TextPart[] = [];
  let from = 0;
  for (const match of whole.matchAll(UNSEEN)) {
    if (match.index > from) parts.push({ text: whole.slice(from, match.index), isUnseen: false });
    parts.push({ text: Array.from(match[0], writtenOut).join(''), isUnseen: true });
    from = match.index + match[0].length;
  }
  if (from < whole.length) parts.push({ text: whole.slice(from), isUnseen: false });
  return parts;
}

/** For attributes and titles, which hold no marks. */
export function visible(text: string): string {
  return visibleParts(text)
    .map((part) => part.text)
    .join('');
}

function writtenOut(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}
