import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_USAGE, type TokenUsage } from '#domain/chat/token-usage.ts';
import { type TokenPrice, type TokenRates, costNanoUsd, femtoUsdPerToken } from './token-price.ts';

const rates = (input: string, cachedInput: string, cacheWrite: string, output: string): TokenRates => ({
  inputFemtoUsd: femtoUsdPerToken(input),
  cachedInputFemtoUsd: femtoUsdPerToken(cachedInput),
  cacheWriteFemtoUsd: femtoUsdPerToken(cacheWrite),
  outputFemtoUsd: femtoUsdPerToken(output),
});

const FLAT: TokenPrice = { ...rates('3', '0.3', '3.75', '15'), longContext: [] };
const TIERED: TokenPrice = {
  ...rates('3', '0.3', '3.75', '15'),
  longContext: [
    { aboveInputTokens: 200_000, ...rates('6', '0.6', '7.5', '22.5') },
    { aboveInputTokens: 500_000, ...rates('9', '0.9', '11.25', '30') },
  ],
};

const usage = (
  inputTokens: number,
  cachedInputTokens = 0,
  cacheWriteTokens = 0,
  outputTokens = 0,
): TokenUsage => ({ inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens });

describe('femtoUsdPerToken', () => {
  it.each([
    ['0', 0n],
    ['1', 1_000_000_000n],
    ['0.15', 150_000_000n],
    ['1.25', 1_250_000_000n],
    ['0.000000001', 1n],
    ['999999999.999999999', 999_999_999_999_999_999n],
  ])('reads %s US dollars for a million tokens without a float on the way', (text, femtoUsd) => {
    expect(femtoUsdPerToken(text)).toBe(femtoUsd);
  });

  it.each(['', '1.', '.5', '-1', '1e-6', '0.0000000001', '1,5', ' 1', 'NaN'])('refuses %j', (text) => {
    expect(() => femtoUsdPerToken(text)).toThrow(RangeError);
  });
});

describe('costNanoUsd', () => {
  it('charges each class of tokens at its own rate', () => {
    // 10 * 3,000 + 100,000 * 300 + 2,000 * 3,750 + 300 * 15,000 nano-dollars
    expect(costNanoUsd(FLAT, usage(10, 100_000, 2000, 300))).toBe(42_030_000);
  });

  it('costs nothing when nothing was used', () => {
    expect(costNanoUsd(TIERED, NO_USAGE)).toBe(0);
  });

  it('keeps the base rates up to the threshold itself', () => {
    expect(costNanoUsd(TIERED, usage(0, 200_000, 0, 1))).toBe(60_015_000);
  });

  it('charges all tokens of the request at the rates of the tier once one token stands above the threshold', () => {
    // 1 * 6,000 + 200,000 * 600 + 1 * 22,500: cached tokens count for the threshold, and output is dearer too.
    expect(costNanoUsd(TIERED, usage(1, 200_000, 0, 1))).toBe(120_028_500);
  });

  it('takes the highest tier that was exceeded', () => {
    expect(costNanoUsd(TIERED, usage(500_001))).toBe(500_001 * 9000);
  });

  it('does not count output tokens for the threshold', () => {
    expect(costNanoUsd(TIERED, usage(1, 0, 0, 300_000))).toBe(3000 + 300_000 * 15_000);
  });

  it('rounds half up to the nano-dollar, once over the whole sum', () => {
    const price = (text: string): TokenPrice => ({ ...rates(text, text, text, text), longContext: [] });
    expect(costNanoUsd(price('0.0005'), usage(1))).toBe(1);
    expect(costNanoUsd(price('0.000499999'), usage(1))).toBe(0);
    // Four times 0.4 nano-dollars are 1.6, though each alone would round to nothing.
    expect(costNanoUsd(price('0.0004'), usage(1, 1, 1, 1))).toBe(2);
  });

  it('is exact where floating point is not', () => {
    const price: TokenPrice = { ...rates('0.1', '0', '0', '0.2'), longContext: [] };
    expect(costNanoUsd(price, usage(3, 0, 0, 3))).toBe(900);
    expect(costNanoUsd(FLAT, usage(1_000_000_007))).toBe(3_000_000_021_000);
  });
});

describe('costNanoUsd, for all prices and all usage', () => {
  const rate = fc.bigInt({ min: 0n, max: 10n ** 12n });
  const base: fc.Arbitrary<TokenRates> = fc.record({
    inputFemtoUsd: rate,
    cachedInputFemtoUsd: rate,
    cacheWriteFemtoUsd: rate,
    outputFemtoUsd: rate,
  });
  const times = (price: TokenRates, factor: bigint): TokenRates => ({
    inputFemtoUsd: price.inputFemtoUsd * factor,
    cachedInputFemtoUsd: price.cachedInputFemtoUsd * factor,
    cacheWriteFemtoUsd: price.cacheWriteFemtoUsd * factor,
    outputFemtoUsd: price.outputFemtoUsd * factor,
  });
  const price: fc.Arbitrary<TokenPrice> = base.map((flat) => ({
    ...flat,
    longContext: [{ aboveInputTokens: 1000, ...times(flat, 2n) }],
  }));
  const tokens = fc.nat({ max: 2000 });
  const someUsage: fc.Arbitrary<TokenUsage> = fc.record({
    inputTokens: tokens,
    cachedInputTokens: tokens,
    cacheWriteTokens: tokens,
    outputTokens: tokens,
  });

  it('is a whole number that is not negative', () => {
    fc.assert(
      fc.property(price, someUsage, (price, used) => {
        const cost = costNanoUsd(price, used);
        expect(Number.isSafeInteger(cost) && cost >= 0).toBe(true);
      }),
    );
  });

  it('never falls when a request uses more', () => {
    fc.assert(
      fc.property(price, someUsage, someUsage, (price, used, more) => {
        const sum = usage(
          used.inputTokens + more.inputTokens,
          used.cachedInputTokens + more.cachedInputTokens,
          used.cacheWriteTokens + more.cacheWriteTokens,
          used.outputTokens + more.outputTokens,
        );
        expect(costNanoUsd(price, sum)).toBeGreaterThanOrEqual(costNanoUsd(price, used));
      }),
    );
  });

  it('differs from the exact sum by half a nano-dollar at most', () => {
    fc.assert(
      fc.property(base, someUsage, (flat, used) => {
        const exact =
          flat.inputFemtoUsd * BigInt(used.inputTokens) +
          flat.cachedInputFemtoUsd * BigInt(used.cachedInputTokens) +
          flat.cacheWriteFemtoUsd * BigInt(used.cacheWriteTokens) +
          flat.outputFemtoUsd * BigInt(used.outputTokens);
        const error = BigInt(costNanoUsd({ ...flat, longContext: [] }, used)) * 1_000_000n - exact;
        expect(error > -500_000n && error <= 500_000n).toBe(true);
      }),
    );
  });
});
