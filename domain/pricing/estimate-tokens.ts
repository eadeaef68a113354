/**
 * How many tokens a text is, where nobody told. Tokenizers of today take about four bytes of English for a token, two to
 * four bytes of other alphabets, and one or two tokens for each character of Chinese, Japanese and Korean and for each
 * emoji. The estimate errs high, for English by about a third: the right side for a charge without a bill.
 */
const TOKENS_PER_ASCII_CHARACTER = 1 / 3;
/** By UTF-16 code unit. */
const TOKENS_PER_TWO_BYTE_LETTER = 0.6;
const TOKENS_PER_THREE_BYTE_LETTER = 0.9;
const TOKENS_PER_EAST_ASIAN_CHARACTER = 1.2;
/** An emoji or a rare ideograph is two code units. */
const TOKENS_PER_SURROGATE = 1;

/** A fraction, so that the parts of a text may be added up. */
export function estimateTokens(text: string): number {
  // Nearly every text is plain, and to find that out costs nothing beside a walk over it.
  if (!BEYOND_ASCII.test(text)) return text.length * TOKENS_PER_ASCII_CHARACTER;
  let tokens = 0;
  for (let index = 0; index < text.length; index += 1) tokens += tokensOf(text.charCodeAt(index));
  return tokens;
}

// eslint-disable-next-line no-control-regex -- the border of ASCII is what is looked for
const BEYOND_ASCII = /[^\u0000-\u007f]/;

function tokensOf(unit: number): number {
  if (unit < 0x80) return TOKENS_PER_ASCII_CHARACTER;
  if (unit < 0x800) return TOKENS_PER_TWO_BYTE_LETTER;
  if (unit >= 0xd800 && unit < 0xe000) return TOKENS_PER_SURROGATE;
  return isEastAsian(unit) ? TOKENS_PER_EAST_ASIAN_CHARACTER : TOKENS_PER_THREE_BYTE_LETTER;
}

/** Hangul, radicals, punctuation, kana, Bopomofo, ideographs, Yi and the wide forms. */
function isEastAsian(unit: number): boolean {
  return (
    (unit >= 0x11_00 && unit < 0x12_00) ||
    (unit >= 0x2e_80 && unit < 0xa4_d0) ||
    (unit >= 0xa9_60 && unit < 0xa9_80) ||
    (unit >= 0xac_00 && unit < 0xd8_00) ||
    (unit >= 0xf9_00 && unit < 0xfb_00) ||
    (unit >= 0xfe_30 && unit < 0xfe_50) ||
    (unit >= 0xff_00 && unit < 0xff_f0)
  );
}
