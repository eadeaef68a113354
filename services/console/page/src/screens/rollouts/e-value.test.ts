import { expect, it } from 'vitest';
import { evidenceShare, rateScale } from './e-value.ts';

it('Evidence multiplies: an e-value of the square root of its threshold is half of the way.', () => {
  expect(evidenceShare(Math.sqrt(20), 20)).toBeCloseTo(0.5);
  expect(evidenceShare(20, 20)).toBe(1);
  expect(evidenceShare(1e9, 20)).toBe(1);
});

it('An e-value of one or less is no evidence, and a threshold that is none is never reached.', () => {
  expect(evidenceShare(1, 20)).toBe(0);
  expect(evidenceShare(0.03, 20)).toBe(0);
  expect(evidenceShare(Number.NaN, 20)).toBe(0);
  expect(evidenceShare(30, 1)).toBe(0);
});

it('Rates near one are drawn on the part of the line in which they differ, in full where nothing is known.', () => {
  expect(rateScale([0.97, 0.98])).toBeCloseTo(0.95);
  expect(rateScale([0.01, null])).toBe(0);
  expect(rateScale([null, null])).toBe(0);
});
