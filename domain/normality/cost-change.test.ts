import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CostSums } from '../ledger/rollups/period-sums.ts';
import { COST_CAUSES, type CostCause, type CostsByModel, costChange } from './cost-change.ts';

const PRICES = new Map([['large', { input: 3, cachedInput: 0.3, cacheWrite: 3.75, output: 15 }]]);

function sums(changes: Partial<CostSums>): CostSums {
  return {
    attempts: 100,
    failedAttempts: 0,
    inputTokens: 100_000,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 10_000,
    costNanoUsd: 450_000_000,
    attemptsOfUnknownCost: 0,
    ...changes,
  };
}

const of = (model: string, changes: Partial<CostSums> = {}): CostsByModel =>
  new Map([[model, sums(changes)]]);

function causes(before: CostsByModel, after: CostsByModel): Partial<Record<CostCause, number>> {
  const { parts } = costChange(before, after, PRICES);
  return Object.fromEntries(Object.entries(parts).filter(([, amount]) => amount !== 0));
}

test('Three times the calls is a matter of calls alone', () => {
  const after = of('large', {
    attempts: 300,
    inputTokens: 300_000,
    outputTokens: 30_000,
    costNanoUsd: 1_350_000_000,
  });
  expect(causes(of('large'), after)).toEqual({ calls: 900_000_000 });
});

test('Three times the price is a matter of price alone', () => {
  expect(causes(of('large'), of('large', { costNanoUsd: 1_350_000_000 }))).toEqual({ price: 900_000_000 });
});

test('Twice the tokens in each call is a matter of tokens alone', () => {
  const after = of('large', { inputTokens: 200_000, outputTokens: 20_000, costNanoUsd: 900_000_000 });
  expect(causes(of('large'), after)).toEqual({ tokens: 450_000_000 });
});

test('A cache that no longer helps is a matter of the cache alone', () => {
  const cached = of('large', { inputTokens: 0, cachedInputTokens: 100_000, costNanoUsd: 180_000_000 });
  expect(causes(cached, of('large'))).toEqual({ cache: 270_000_000 });
});

test('Every second attempt that fails and is made again is a matter of retries alone', () => {
  const after = of('large', {
    attempts: 200,
    failedAttempts: 100,
    inputTokens: 200_000,
    outputTokens: 20_000,
    costNanoUsd: 900_000_000,
  });
  expect(causes(of('large'), after)).toEqual({ retries: 450_000_000 });
});

test('Another Model for the same calls is a matter of models alone', () => {
  expect(causes(of('small', { costNanoUsd: 45_000_000 }), of('large'))).toEqual({ models: 405_000_000 });
});

test('A first hour and a last one are told of as well', () => {
  expect(causes(new Map(), of('large'))).toEqual({ models: 450_000_000 });
  expect(causes(of('large'), new Map())).toEqual({ models: -450_000_000 });
  expect(costChange(new Map(), new Map(), PRICES)).toMatchObject({ fromNanoUsd: 0, toNanoUsd: 0 });
});

const anySums = fc.record({
  attempts: fc.integer({ min: 0, max: 1000 }),
  failedAttempts: fc.integer({ min: 0, max: 1000 }),
  inputTokens: fc.integer({ min: 0, max: 1_000_000 }),
  cachedInputTokens: fc.integer({ min: 0, max: 1_000_000 }),
  cacheWriteTokens: fc.integer({ min: 0, max: 1_000_000 }),
  outputTokens: fc.integer({ min: 0, max: 1_000_000 }),
  costNanoUsd: fc.integer({ min: 0, max: 1_000_000_000_000 }),
  attemptsOfUnknownCost: fc.constant(0),
});
const anyCosts = fc
  .dictionary(fc.constantFrom('large', 'small', 'local'), anySums)
  .map(
    (costs): CostsByModel =>
      new Map(
        Object.entries(costs).map(([model, { attempts, failedAttempts, ...rest }]) => [
          model,
          { ...rest, attempts, failedAttempts: Math.min(attempts, failedAttempts) },
        ]),
      ),
  );

test('The parts are whole and add up to the difference exactly, whatever was charged, and backwards they are the opposite', () => {
  fc.assert(
    fc.property(anyCosts, anyCosts, (before, after) => {
      const { fromNanoUsd, toNanoUsd, parts } = costChange(before, after, PRICES);
      expect(COST_CAUSES.reduce((total, cause) => total + parts[cause], 0)).toBe(toNanoUsd - fromNanoUsd);
      expect(Object.values(parts).every(Number.isSafeInteger)).toBe(true);
      const backwards = costChange(after, before, PRICES).parts;
      // But for the billionths that rounding moves: half of one for each part of three Models, there and back, and all may fall to one part.
      for (const cause of COST_CAUSES)
        expect(Math.abs(parts[cause] + backwards[cause])).toBeLessThanOrEqual(3 * COST_CAUSES.length);
    }),
  );
});
