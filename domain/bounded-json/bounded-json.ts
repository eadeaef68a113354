/**
 * JSON of strangers. A few megabytes can nest deeper than any stack and hold so many values that to check them, or to
 * tell what is wrong with each, costs hundreds of times their size. So depth and number are bounded by one cheap pass
 * over the text, before a single object is made of it.
 */

export interface JsonBounds {
  /** How deep objects and arrays may stand in each other. */
  readonly depth: number;
  /** How many objects, arrays and members of them there may be. */
  readonly values: number;
}

/**
 * Enough for every request that people and programs write: schemas with definitions nest some 60 deep, and 4 MiB of
 * records hold fewer values than this.
 */
export const BODY_BOUNDS: JsonBounds = { depth: 128, values: 200_000 };

export type BoundedJson =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly problem: 'tooDeep' | 'tooManyValues' | 'notJson';
      /** What the text does, to be put behind its name: "The body" + " nests deeper than 128 levels". */
      readonly message: string;
    };

/** Never throws. Nothing of the text is quoted in the message: it may be anybody's secret. */
export function parseBoundedJson(text: string, bounds: JsonBounds = BODY_BOUNDS): BoundedJson {
  const json = text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
  const excess = findExcess(json, bounds);
  if (excess !== undefined) return excess;
  try {
    return {
      ok: true,
      value: MAY_NAME_PROTOTYPE.test(json) ? JSON.parse(json, dropPrototypeKey) : JSON.parse(json),
    };
  } catch (error) {
    const place = /position \d+/.exec(error instanceof Error ? error.message : '')?.[0];
    return {
      ok: false,
      problem: 'notJson',
      message: `is not valid JSON${place === undefined ? '' : ` (at ${place})`}`,
    };
  }
}

/** Programs of Windows write it before a text; it says nothing. */
const BYTE_ORDER_MARK = 0xfeff;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
/** `[` and `{`, and `]` and `}`, differ in this bit only. */
const BRACE_BIT = 0x20;
const OPENING = 0x5b | BRACE_BIT;
const CLOSING = 0x5d | BRACE_BIT;

/** Undefined for a text within the bounds, whether or not it is JSON. */
function findExcess(text: string, bounds: JsonBounds): (BoundedJson & { readonly ok: false }) | undefined {
  let depth = 0;
  let values = 1;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      index = endOfString(text, index);
    } else if (code === COMMA) {
      values += 1;
    } else if ((code | BRACE_BIT) === OPENING) {
      values += 1;
      depth += 1;
      if (depth > bounds.depth) {
        return { ok: false, problem: 'tooDeep', message: `nests deeper than ${bounds.depth} levels` };
      }
    } else if ((code | BRACE_BIT) === CLOSING) {
      depth -= 1;
    }
    if (values > bounds.values) {
      return { ok: false, problem: 'tooManyValues', message: `holds more than ${bounds.values} values` };
    }
  }
  return undefined;
}

/** Where the string ends that begins at `start`: at its closing quote, or at the end of the text. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}

/** In plain letters or in escapes; a false alarm costs time only. */
const MAY_NAME_PROTOTYPE =
  /"(?:_|\\u005f){2}(?:p|\\u0070)(?:r|\\u0072)(?:o|\\u006f)(?:t|\\u0074)(?:o|\\u006f)(?:_|\\u005f){2}"/i;

/** A key of that name would become the prototype of what its object is copied into. */
function dropPrototypeKey(key: string, value: unknown): unknown {
  return key === '__proto__' ? undefined : value;
}
