/**
 * What made the cost of one time differ from that of another, as parts that add up to the difference to the last billionth of a
 * dollar.
 *
 * The cost of a Model is a product: calls that were answered x the Model's share of them x attempts for each x tokens of an attempt x
 * what answers make of them x what the cache saves x price. The logarithmic mean Divisia index divides the change of a
 * product among its factors without a rest, and the same in whichever order they are taken (B. W. Ang, Energy Policy 33,
 * 2005). A Model that is in one of the times only has no factors to compare: all of it is "models".
 */
import type { CostSums } from '../ledger/rollups/period-sums.ts';

export const COST_CAUSES = ['calls', 'models', 'retries', 'tokens', 'answers', 'cache', 'price'] as const;
export type CostCause = (typeof COST_CAUSES)[number];

/** What the classes of tokens cost in proportion; the unit does not matter. */
export interface TokenPrices {
  readonly input: number;
  readonly cachedInput: number;
  readonly cacheWrite: number;
  readonly output: number;
}

export interface CostChange {
  readonly fromNanoUsd: number;
  readonly toNanoUsd: number;
  /** Add up to `toNanoUsd - fromNanoUsd` exactly. */
  readonly parts: Readonly<Record<CostCause, number>>;
}

export type CostsByModel = ReadonlyMap<string, CostSums>;

/** Both times as long as each other. `prices`: a Model without any is taken to have one price for all tokens. */
export function costChange(
  before: CostsByModel,
  after: CostsByModel,
  prices: ReadonlyMap<string, TokenPrices>,
): CostChange {
  const parts = new Map<CostCause, number>();
  const add = (cause: CostCause, amount: number): void => {
    parts.set(cause, (parts.get(cause) ?? 0) + amount);
  };
  const answeredBefore = answeredOfAll(before);
  const answeredAfter = answeredOfAll(after);
  for (const model of new Set([...before.keys(), ...after.keys()])) {
    const from = factorsOf(before.get(model), answeredBefore, prices.get(model));
    const to = factorsOf(after.get(model), answeredAfter, prices.get(model));
    const difference = (after.get(model)?.costNanoUsd ?? 0) - (before.get(model)?.costNanoUsd ?? 0);
    if (from === undefined || to === undefined) {
      add(causeWithoutFactors(before.get(model), after.get(model)), difference);
      continue;
    }
    const weight = logarithmicMean(before.get(model)?.costNanoUsd ?? 0, after.get(model)?.costNanoUsd ?? 0);
    for (const cause of COST_CAUSES) add(cause, weight * Math.log(to[cause] / from[cause]));
  }
  const fromNanoUsd = costOfAll(before);
  const toNanoUsd = costOfAll(after);
  return { fromNanoUsd, toNanoUsd, parts: wholeParts(parts, toNanoUsd - fromNanoUsd) };
}

type Factors = Readonly<Record<CostCause, number>>;

/** Undefined where one of them is zero: nothing was answered, used or charged. */
function factorsOf(
  sums: CostSums | undefined,
  answeredOfAllModels: number,
  prices: TokenPrices = { input: 1, cachedInput: 1, cacheWrite: 1, output: 1 },
): Factors | undefined {
  if (sums === undefined) return undefined;
  const { attempts, inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, costNanoUsd } = sums;
  const answered = answeredOf(sums);
  const input = inputTokens + cachedInputTokens + cacheWriteTokens;
  const tokens = input + outputTokens;
  const weightUncached = input * prices.input + outputTokens * prices.output;
  const weight =
    inputTokens * prices.input +
    cachedInputTokens * prices.cachedInput +
    cacheWriteTokens * prices.cacheWrite +
    outputTokens * prices.output;
  const factors = {
    calls: answeredOfAllModels,
    models: answered / answeredOfAllModels,
    retries: attempts / answered,
    tokens: tokens / attempts,
    answers: weightUncached / tokens,
    cache: weight / weightUncached,
    price: costNanoUsd / weight,
  };
  return Object.values(factors).every((factor) => Number.isFinite(factor) && factor > 0)
    ? factors
    : undefined;
}

function causeWithoutFactors(before: CostSums | undefined, after: CostSums | undefined): CostCause {
  if (!isUsed(before) || !isUsed(after)) return 'models';
  return answeredOf(before) === 0 || answeredOf(after) === 0 ? 'retries' : 'price';
}

function isUsed(sums: CostSums | undefined): sums is CostSums {
  return sums !== undefined && sums.attempts > 0;
}

function answeredOf({ attempts, failedAttempts }: CostSums): number {
  return attempts - failedAttempts;
}

function answeredOfAll(costs: CostsByModel): number {
  return costs.values().reduce((total, sums) => total + answeredOf(sums), 0);
}

function costOfAll(costs: CostsByModel): number {
  return costs.values().reduce((total, { costNanoUsd }) => total + costNanoUsd, 0);
}

function logarithmicMean(one: number, other: number): number {
  return one === other ? one : (other - one) / Math.log(other / one);
}

/** Rounded; what rounding leaves goes to the largest part, where it is seen least. */
function wholeParts(parts: ReadonlyMap<CostCause, number>, difference: number): Factors {
  const whole = Object.fromEntries(
    COST_CAUSES.map((cause) => [cause, Math.round(parts.get(cause) ?? 0)]),
  ) as Record<CostCause, number>;
  const rest = difference - COST_CAUSES.reduce((total, cause) => total + whole[cause], 0);
  const [largest] = COST_CAUSES.toSorted((one, other) => Math.abs(whole[other]) - Math.abs(whole[one]));
  if (largest !== undefined) whole[largest] += rest;
  return whole;
}
