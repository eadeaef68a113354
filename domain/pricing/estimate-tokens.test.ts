import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateTokens } from './estimate-tokens.ts';

describe('estimateTokens', () => {
  it.each([
    // As o200k_base, the tokenizer of OpenAI's models since GPT-4o, counts them.
    ['English', 'The quick brown fox jumps over the lazy dog, and nobody was surprised by that at all.', 19],
    [
      'German',
      'Der schnelle braune Fuchs springt über den faulen Hund, und niemand wunderte sich darüber.',
      22,
    ],
    ['Russian', 'Быстрая коричневая лиса перепрыгнула через ленивую собаку.', 16],
    ['Chinese', '敏捷的棕色狐狸跳过了懒狗，没有人感到惊讶。', 21],
    ['Japanese', '素早い茶色の狐がのろまな犬を飛び越えました。', 20],
    ['Korean', '빠른 갈색 여우가 게으른 개를 뛰어넘었습니다.', 18],
    ['emoji', '😀😃😄😁', 6],
  ])('errs high for %s, but not absurdly', (_language, text, tokens) => {
    expect(estimateTokens(text)).toBeGreaterThanOrEqual(tokens);
    expect(estimateTokens(text)).toBeLessThanOrEqual(tokens * 2.5);
  });

  it('takes 300 Chinese characters for at least 300 tokens', () => {
    expect(estimateTokens('中'.repeat(300))).toBeGreaterThanOrEqual(300);
  });

  it('counts the parts of a text like the whole', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
        expect(estimateTokens(one) + estimateTokens(other)).toBeCloseTo(estimateTokens(one + other), 6);
      }),
    );
  });
});
