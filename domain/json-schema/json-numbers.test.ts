import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMultipleOf, isMultipleOfQuickly } from './json-numbers.ts';

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

  it('is told the same quickly, where it is', () => {
    const number = fc
      .tuple(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), fc.integer({ min: -9, max: 9 }))
      .map(([units, exponent]) => Number(`${units}e${exponent}`));
    const divisor = fc.constantFrom(0.01, 0.1, 0.5, 0.05, 0.25, 1, 3, 7.5, 0.000001, 1e-7, 1e15);
    fc.assert(
      fc.property(
        fc.oneof(number, fc.double({ noNaN: true, noDefaultInfinity: true })),
        divisor,
        (value, by) => {
          const quick = isMultipleOfQuickly(value, by);
          expect([value, by, quick]).toEqual([
            value,
            by,
            quick === undefined ? undefined : isMultipleOf(value, by),
          ]);
        },
      ),
      { numRuns: 2_000 },
    );
    expect([19.99, 0.3, 1e9].map((value) => isMultipleOfQuickly(value, 0.01))).toEqual([true, true, true]);
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
