/**
 * JSON of a server that may be anybody: a small text can stand for values that take a hundred times its size in memory, or
 * lie so deep that whoever walks through them runs out of stack. Both are counted before anything is made of it.
 */

/** Deeper than any answer of a ledger. */
const DEPTH_MAXIMUM = 64;
/** Ten thousand entries, of which each has less than two hundred. */
const VALUES_MAXIMUM = 2_000_000;

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/** Undefined: it is not JSON, or more than a ledger says. */
export function parseBoundedJson(text: string): unknown {
  if (!isWithinBounds(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isWithinBounds(text: string): boolean {
  let [depth, values] = [0, 0];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
    } else if (OPENING.has(code)) {
      depth += 1;
      values += 1;
    } else if (CLOSING.has(code)) depth -= 1;
    else if (code === COMMA) values += 1;
    if (depth > DEPTH_MAXIMUM || values > VALUES_MAXIMUM) return false;
  }
  return true;
}

/** Of the closing quote; the end of the text where there is none. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at += 1;
  }
  return text.length;
}
