import { describe, expect, test } from 'vitest';
import {
  type EProcess,
  NO_EVIDENCE,
  betAgainstEdge,
  betOnBlock,
  evidenceMicroNats,
  thresholdMicroNats,
} from './e-process.ts';
import { logistic, logit } from './log-odds.ts';
import { nearestNull } from './nearest-null.ts';
import figures from './testing/reference-figures.json' with { type: 'json' };
import { seededRandom } from './testing/outcomes.ts';
import { wilsonInterval } from './wilson-interval.ts';

const MICRO = 1_000_000;
const ALTERNATIVES = 40;

/** Expected wealth of each alternative after outcomes with these probabilities, beginning with 1. */
function expectedWealth(outcomes: readonly { probability: number; process: EProcess }[]): number[] {
  return NO_EVIDENCE.map((_nothing, index) =>
    outcomes.reduce(
      (sum, { probability, process }) => sum + probability * Math.exp((process[index] ?? 0) / MICRO),
      0,
    ),
  );
}

function chance(successes: number, trials: number, rate: number): number {
  let ways = 1;
  for (let index = 0; index < successes; index += 1) ways *= (trials - index) / (index + 1);
  return ways * rate ** successes * (1 - rate) ** (trials - successes);
}

describe('Evidence against an edge', () => {
  test.each(figures.wealth)(
    'is the wealth that the betting martingale of confseq has: edge $edge, $good good, $bad bad',
    ({ edge, direction, good, bad, logWealth, evidence }) => {
      const process = betAgainstEdge(NO_EVIDENCE, direction === 'Lower' ? 'Lower' : 'Higher', edge, {
        good,
        bad,
      });
      expect(process).toHaveLength(ALTERNATIVES);
      for (const [index, wealth] of process.entries()) {
        expect(wealth / MICRO).toBeCloseTo(logWealth[index] ?? Number.NaN, 5);
      }
      expect(evidenceMicroNats(process) / MICRO).toBeCloseTo(evidence, 5);
    },
  );

  test('has the closed form of a likelihood ratio', () => {
    const process = betAgainstEdge(NO_EVIDENCE, 'Lower', 0.96, { good: 7, bad: 3 });
    const alternative = logistic(logit(0.96) - 6);
    const expected = 7 * Math.log(alternative / 0.96) + 3 * Math.log((1 - alternative) / 0.04);
    expect(process.at(-1)).toBe(Math.floor(expected * MICRO));
  });

  test.each([0.02, 0.5, 0.9, 0.96, 0.999])(
    'is expected to be 1 at most where the null holds, and so at the edge %d itself',
    (edge) => {
      for (const rate of [edge, edge + (1 - edge) / 3]) {
        const wealth = expectedWealth([
          { probability: rate, process: betAgainstEdge(NO_EVIDENCE, 'Lower', edge, { good: 1, bad: 0 }) },
          { probability: 1 - rate, process: betAgainstEdge(NO_EVIDENCE, 'Lower', edge, { good: 0, bad: 1 }) },
        ]);
        expect(Math.max(...wealth)).toBeLessThanOrEqual(1);
      }
    },
  );

  test('is not placed where hardly anything good is expected, and an edge of 1 is cut', () => {
    expect(betAgainstEdge(NO_EVIDENCE, 'Lower', 0.004, { good: 0, bad: 9 })).toBe(NO_EVIDENCE);
    const certain = betAgainstEdge(NO_EVIDENCE, 'Lower', 1, { good: 0, bad: 1 });
    expect(certain.every((wealth) => Number.isSafeInteger(wealth))).toBe(true);
  });

  test('is whole numbers, rounded so that rounding is never evidence', () => {
    const random = seededRandom(1);
    let process = NO_EVIDENCE;
    for (let index = 0; index < 500; index += 1) {
      process = betAgainstEdge(process, 'Lower', 0.5 + random() / 2, { good: 1, bad: 0 });
    }
    expect(process.every((wealth) => Number.isSafeInteger(wealth) && wealth <= 0)).toBe(true);
  });

  test('must reach the logarithm of 1 / alpha', () => {
    expect(thresholdMicroNats(0.01)).toBe(Math.ceil(Math.log(100) * MICRO));
    expect(thresholdMicroNats(0)).toBe(Infinity);
  });
});

describe('Evidence of a block of both arms', () => {
  test.each(figures.nearest)(
    'is against the null that is nearest, as the minimiser of scipy finds it: $alternative, $difference',
    ({ alternative, difference, stablePerCandidate, rate, entropy }) => {
      const [ofCandidate = 0, ofStable = 0] = alternative;
      const [nullOfCandidate, nullOfStable] = nearestNull(
        [ofCandidate, ofStable],
        difference,
        stablePerCandidate,
      );
      // A minimiser sees a minimum about half as many digits as its function has.
      expect(nullOfStable).toBeCloseTo(rate, 5);
      expect(nullOfCandidate).toBeCloseTo(rate + difference, 5);
      const found =
        relativeEntropy(ofCandidate, nullOfCandidate) +
        stablePerCandidate * relativeEntropy(ofStable, nullOfStable);
      expect(found).toBeLessThanOrEqual(entropy + 1e-12);
    },
  );

  test('is expected to be 1 at most whatever the rate of stable is, when the candidate is not worse by more than the margin', () => {
    const guess = 0.96;
    for (const [candidates, stables] of [
      [1, 20],
      [1, 1],
      [2, 3],
      [1, 4],
    ] as const) {
      for (const difference of [0, -0.01, -0.05]) {
        for (const stableRate of [0.06, 0.3, 0.8, 0.96, 0.999]) {
          for (const extra of [0, (1 - stableRate - difference) / 4]) {
            const rate = stableRate + difference + extra;
            const outcomes = [];
            for (let good = 0; good <= candidates; good += 1) {
              for (let stableGood = 0; stableGood <= stables; stableGood += 1) {
                const block = {
                  candidate: { good, bad: candidates - good },
                  stable: { good: stableGood, bad: stables - stableGood },
                };
                outcomes.push({
                  probability: chance(good, candidates, rate) * chance(stableGood, stables, stableRate),
                  process: betOnBlock(NO_EVIDENCE, 'Lower', block, guess, difference),
                });
              }
            }
            expect(Math.max(...expectedWealth(outcomes))).toBeLessThanOrEqual(1 + 1e-9);
          }
        }
      }
    }
  });

  test('of being good enough is expected to be 1 at most, whatever the rate of stable is, when it is not', () => {
    for (const stableRate of [0.2, 0.8, 0.96, 0.999]) {
      const rate = stableRate - 0.05;
      const outcomes = [];
      for (let good = 0; good <= 1; good += 1) {
        for (let stableGood = 0; stableGood <= 20; stableGood += 1) {
          const block = {
            candidate: { good, bad: 1 - good },
            stable: { good: stableGood, bad: 20 - stableGood },
          };
          outcomes.push({
            probability: chance(good, 1, rate) * chance(stableGood, 20, stableRate),
            process: betOnBlock(NO_EVIDENCE, 'Higher', block, 0.93, -0.05),
          });
        }
      }
      expect(Math.max(...expectedWealth(outcomes))).toBeLessThanOrEqual(1 + 1e-9);
    }
  });

  test('is nearly that against an edge when much of stable stands against it', () => {
    const block = { candidate: { good: 0, bad: 1 }, stable: { good: 96_000, bad: 4000 } };
    const known = betAgainstEdge(NO_EVIDENCE, 'Lower', 0.95, block.candidate);
    const found = betOnBlock(NO_EVIDENCE, 'Lower', block, 0.96, -0.01);
    for (const [index, wealth] of found.entries()) {
      expect(wealth / MICRO).toBeCloseTo((known[index] ?? 0) / MICRO, 2);
    }
  });

  test('is finite whole numbers for any guess, difference and counts', () => {
    const random = seededRandom(5);
    const few = (): number => Math.floor(random() * 4);
    for (let round = 0; round < 3000; round += 1) {
      const block = {
        candidate: { good: few(), bad: few() + 1 },
        stable: { good: few() * 30, bad: few() + 1 },
      };
      const direction = random() < 0.5 ? 'Lower' : 'Higher';
      const process = betOnBlock(NO_EVIDENCE, direction, block, random(), 2 * random() - 1);
      expect(process.every((wealth) => Number.isSafeInteger(wealth))).toBe(true);
    }
  });
});

describe('An interval of Wilson', () => {
  test.each(figures.wilson)('is that of scipy: $good good, $bad bad, $deviations deviations', (figure) => {
    const { low, high } = wilsonInterval(figure, figure.deviations);
    expect(low).toBeCloseTo(figure.low, 9);
    expect(high).toBeCloseTo(figure.high, 9);
  });

  test('without counts knows nothing', () => {
    expect(wilsonInterval({ good: 0, bad: 0 }, 1)).toEqual({ low: 0, high: 1 });
  });
});

function relativeEntropy(left: number, right: number): number {
  return left * Math.log(left / right) + (1 - left) * Math.log((1 - left) / (1 - right));
}
