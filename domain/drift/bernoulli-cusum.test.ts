import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRandom } from '../judging/testing/outcomes.ts';
import { type CusumDesign, averageRunLength, designCusum, nextScore, stepsOf } from './bernoulli-cusum.ts';

/** The chain solved as a system of linear equations: slow, and nothing clever about it. */
function runLengthByElimination({ goodStep, badStep, threshold }: CusumDesign, badShare: number): number {
  const rows = Array.from({ length: threshold }, (_, score) => {
    const row = new Float64Array(threshold + 1);
    row[score] = (row[score] ?? 0) + 1;
    const below = Math.max(0, score - goodStep);
    row[below] = (row[below] ?? 0) - (1 - badShare);
    const above = score + badStep;
    if (above < threshold) row[above] = (row[above] ?? 0) - badShare;
    row[threshold] = 1;
    return row;
  });
  for (let column = threshold - 1; column >= 0; column -= 1) {
    const pivot = rows[column] as Float64Array;
    for (const [index, row] of rows.entries()) {
      const factor = (row[column] ?? 0) / (pivot[column] ?? 1);
      if (index === column || factor === 0) continue;
      for (let at = 0; at <= threshold; at += 1) row[at] = (row[at] ?? 0) - factor * (pivot[at] ?? 0);
    }
  }
  const [first] = rows;
  return (first?.[threshold] ?? 0) / (first?.[0] ?? 1);
}

test('The mean time to an alarm is the one that was computed by others for a log-likelihood ratio of 4, 5, 6 and 8', () => {
  // Shares of 1 % and 3 %: here the worth of a bad thing is whole but for 0.3 %, so that the figures are those of the plain CUSUM.
  const shares = { usual: 0.01, changed: 0.03 };
  const unit = Math.log((1 - shares.usual) / (1 - shares.changed));
  const found = [4, 5, 6, 8].map((height) => {
    const design = { ...stepsOf(shares), threshold: Math.ceil(height / unit) };
    return [shares.usual, shares.changed].map((share) => Math.round(averageRunLength(design, share)));
  });
  expect(found).toEqual([
    [7781, 258],
    [21_871, 333],
    [60_034, 408],
    [441_427, 558],
  ]);
});

test('The mean time to an alarm solves the equations of the chain', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 60 }),
      fc.double({ min: 0.02, max: 0.6, noNaN: true }),
      (goodStep, badStep, threshold, share) => {
        const design = { goodStep, badStep, threshold };
        const found = averageRunLength(design, share);
        // Beyond, the plain elimination loses its digits.
        fc.pre(found < 1e6);
        expect(runLengthByElimination(design, share) / found).toBeCloseTo(1, 5);
      },
    ),
    { numRuns: 300 },
  );
});

test('The mean time to an alarm is what is seen when things are drawn', () => {
  const draw = seededRandom(7);
  const design = { goodStep: 2, badStep: 37, threshold: 240 };
  const runs = 2000;
  let things = 0;
  for (let run = 0; run < runs; run += 1) {
    for (let score = 0; score < design.threshold; things += 1)
      score = nextScore(score, draw() < 0.08, design);
  }
  const expected = averageRunLength(design, 0.08);
  expect(Math.abs(things / runs / expected - 1)).toBeLessThan(0.06);
});

test('A threshold keeps to its budget of false alarms, and the one below would not', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.002, max: 0.4, noNaN: true }),
      fc.double({ min: 2, max: 4, noNaN: true }),
      fc.double({ min: 2, max: 9, noNaN: true }),
      (usual, oddsRatio, digits) => {
        const odds = (usual / (1 - usual)) * oddsRatio;
        const budget = 10 ** digits;
        const { threshold, ...steps } = designCusum({ usual, changed: odds / (1 + odds) }, budget);
        expect(averageRunLength({ ...steps, threshold }, usual)).toBeGreaterThanOrEqual(budget);
        expect(
          threshold === 1 || averageRunLength({ ...steps, threshold: threshold - 1 }, usual) < budget,
        ).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});

test('From 3 % of bad ones to 8 % is found within 150 things on average where a false alarm comes once in 9,467', () => {
  const shares = { usual: 0.03, changed: 0.08 };
  expect(averageRunLength(designCusum(shares, 9467), shares.changed)).toBeLessThan(151);
});

test('Fleets with a false alarm a week still find a change within a day of 480 probes', () => {
  const shares = { usual: 0.03, changed: 0.08 };
  const design = designCusum(shares, 8.4e6);
  expect(averageRunLength(design, shares.usual)).toBeGreaterThan(8.4e6);
  expect(averageRunLength(design, shares.changed)).toBeLessThan(480);
});
