import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMultipleOf } from './json-numbers.ts';

describe('isMultipleOf', () => {
  it('takes every amount in cents as a multiple of 0.01, and none with a part of a cent', () => {
    for (let cents = -10_000; cents <= 10_000; cents += 1) {
      expect([cents, isMultipleOf(Number(`${cents}e-2`), 0.01)]).toEqual([cents, true]);
      expect([cents, isMultipleOf(Number(`${cents}5e-3`), 0.01)]).toEqual([cents, false]);
    }
  });

  it('holds for what a decimal times a whole number is written as', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 99_999 }),
        fc.integer({ min: 0, max: 99_999 }),
        fc.integer({ min: -20, max: 20 }),
        (unit, times, exponent) => {
          const product = Number(`${BigInt(unit) * BigInt(times)}e${exponent}`);
          expect(isMultipleOf(product, Number(`${unit}e${exponent}`))).toBe(true);
        },
      ),
    );
  });

  it.each([
    [1e308, 0.5, true],
    [1e308, 0.123456789, false],
    [12_391_239_123, 1e-8, true],
    [9_007_199_254_740_991, 2, false],
    [1e21, 3, false],
    [3e21, 3, true],
    [0, 7, true],
    [-4.5, 1.5, true],
    [0.0075, 0.0001, true],
    [0.00751, 0.0001, false],
    [1.7976931348623157e308, 5e-324, true],
    [5e-324, 1e308, false],
  ])('%d by %d: %s', (value, divisor, holds) => {
    expect(isMultipleOf(value, divisor)).toBe(holds);
  });
});
