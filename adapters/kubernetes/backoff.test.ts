import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffSeconds } from './backoff.ts';

const LIMITS = { minimumSeconds: 1, maximumSeconds: 30 };

describe('the wait after failures', () => {
  it('stays between the limits, whatever the failures and the chance', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (failures, chance) => {
          const seconds = backoffSeconds(failures, LIMITS, () => chance);
          expect(seconds).toBeGreaterThanOrEqual(LIMITS.minimumSeconds);
          expect(seconds).toBeLessThanOrEqual(LIMITS.maximumSeconds);
        },
      ),
    );
  });

  it('grows with every failure until the maximum', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7].map((failures) => backoffSeconds(failures, LIMITS, () => 0.5));
    expect(waits).toEqual([1.25, 2.25, 4.5, 9, 18, 22.5, 22.5]);
  });

  it('differs by chance, so that many waiters do not come back together', () => {
    expect(backoffSeconds(4, LIMITS, () => 0)).not.toBe(backoffSeconds(4, LIMITS, () => 0.9));
  });
});
