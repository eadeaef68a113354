/**
 * What a model costs, as integers. One US dollar is 10^15 femto-dollars, so a dollar for a million tokens is 10^9
 * femto-dollars for one token, and every price with up to nine decimals, all that the Model kind and the table can
 * say, is a whole number: no float ever touches money.
 */
import { type TokenUsage, totalInputTokens } from '#domain/chat/token-usage.ts';

/** Femto-dollars for one token of each class of TokenUsage. */
export interface TokenRates {
  readonly inputFemtoUsd: bigint;
  readonly cachedInputFemtoUsd: bigint;
  readonly cacheWriteFemtoUsd: bigint;
  readonly outputFemtoUsd: bigint;
}

/** Rates of a long request. Once over the threshold they hold for all tokens of the request, not for the excess. */
export interface LongContextRates extends TokenRates {
  /** Total input tokens, cached ones included; the rates hold from one token more. */
  readonly aboveInputTokens: number;
}

export interface TokenPrice extends TokenRates {
  /** By rising threshold; the highest one exceeded counts. */
  readonly longContext: readonly LongContextRates[];
}

const FEMTO_USD_PER_NANO_USD = 1_000_000n;
const DECIMALS_OF_RATE = 9;

/** "0.15" US dollars for a million tokens are 150,000,000 femto-dollars for one. At most nine decimals. */
export function femtoUsdPerToken(usdPerMillionTokens: string): bigint {
  const match = /^(\d+)(?:\.(\d{1,9}))?$/.exec(usdPerMillionTokens);
  if (match === null) throw new RangeError(`not US dollars with up to nine decimals: ${usdPerMillionTokens}`);
  return BigInt(`${match[1]}${(match[2] ?? '').padEnd(DECIMALS_OF_RATE, '0')}`);
}

/** Nano-dollars of one model call: summed in femto-dollars, rounded half up once, at the end. */
export function costNanoUsd(price: TokenPrice, usage: TokenUsage): number {
  const rates = ratesFor(price, totalInputTokens(usage));
  const femtoUsd =
    rates.inputFemtoUsd * BigInt(usage.inputTokens) +
    rates.cachedInputFemtoUsd * BigInt(usage.cachedInputTokens) +
    rates.cacheWriteFemtoUsd * BigInt(usage.cacheWriteTokens) +
    rates.outputFemtoUsd * BigInt(usage.outputTokens);
  return Number((femtoUsd + FEMTO_USD_PER_NANO_USD / 2n) / FEMTO_USD_PER_NANO_USD);
}

function ratesFor(price: TokenPrice, inputTokens: number): TokenRates {
  return price.longContext.findLast(({ aboveInputTokens }) => inputTokens > aboveInputTokens) ?? price;
}
