import { describe, expect, it } from 'vitest';
import { createTokenText } from './token-text.ts';

/** A token is a byte, as in the byte-level tokens of every model. */
const decode = (bytes: readonly number[]): string => new TextDecoder().decode(new Uint8Array(bytes));

function pieces(text: Uint8Array): string[] {
  const tokenText = createTokenText<number>(decode);
  return [...Array.from(text, (byte) => tokenText.push(byte)), tokenText.flush()];
}

describe('token text', () => {
  it('shows a character only when all of its bytes are there', () => {
    expect(pieces(new TextEncoder().encode('aé😀'))).toEqual(['a', '', 'é', '', '', '', '😀', '']);
  });

  it('shows the rest of an answer that was cut inside a character', () => {
    expect(pieces(new Uint8Array([0x61, 0xf0, 0x9f]))).toEqual(['a', '', '', '\uFFFD']);
  });

  it('does not wait forever for bytes that are no character', () => {
    expect(pieces(new Uint8Array([0xff, 0xff, 0xff, 0xff, 0x61])).join('')).toMatch(/^\uFFFD{4}a$/);
  });

  it('lets the tokens before decide on the space in front of a piece', () => {
    const tokenText = createTokenText<string>((tokens, preceding) =>
      tokens
        .map((token, index) => (index === 0 && preceding.length === 0 ? token.trimStart() : token))
        .join(''),
    );
    expect([tokenText.push(' Paris'), tokenText.push(' is')]).toEqual(['Paris', ' is']);
  });
});
