/**
 * Names and texts in the ledger come from models, tools and strangers: printed as they are they could move the cursor,
 * rename the window, write to the clipboard, or show something else than they say. Everything that a terminal acts upon
 * or that cannot be seen is written out (`\x1b`, `\u{202e}`), and what is read from right to left cannot reach beyond itself.
 */

/**
 * Controls (C0, C1, DEL), invisible formats (bidirectional overrides, zero width, tags), odd line ends, lone surrogates,
 * private use. The selectors that make a sign an emoji stay.
 */
const UNSEEN = /(?![\ufe00-\ufe0f])[\p{Cc}\p{Cf}\p{DI}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu;
const UNSEEN_BUT_LINE_ENDS = new RegExp(`(?!\\n)${UNSEEN.source}`, UNSEEN.flags);
/** More marks on one letter than any language has: they are drawn over the lines above and below. */
const MARKS_MAXIMUM = 4;
const PILED_MARKS = new RegExp(`(\\p{M}{${MARKS_MAXIMUM}})\\p{M}+`, 'gu');
const RIGHT_TO_LEFT =
  /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}\p{Script=Samaritan}\p{Script=Mandaic}\p{Script=Hanifi_Rohingya}]/u;
const FIRST_STRONG_ISOLATE = '\u2068';
const POP_ISOLATE = '\u2069';

/** On one line. */
export function visible(text: string): string {
  return isolate(pressMarks(text.replaceAll(UNSEEN, writtenOut)));
}

/** Line by line; tabs are four spaces. */
export function visibleLines(text: string): readonly string[] {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll('\t', '    ')
    .replaceAll(UNSEEN_BUT_LINE_ENDS, writtenOut)
    .split('\n')
    .map((line) => isolate(pressMarks(line)));
}

/** JSON whose strings mean what they meant: what a terminal acts upon is an escape of JSON's. */
export function visibleJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, undefined, indent);
  return text.replaceAll(UNSEEN_BUT_LINE_ENDS, jsonEscape);
}

function writtenOut(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

function jsonEscape(character: string): string {
  return Array.from({ length: character.length }, (_, at) => {
    return `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }).join('');
}

function pressMarks(text: string): string {
  return text.replaceAll(PILED_MARKS, '$1\u2026');
}

function isolate(text: string): string {
  return RIGHT_TO_LEFT.test(text) ? `${FIRST_STRONG_ISOLATE}${text}${POP_ISOLATE}` : text;
}
