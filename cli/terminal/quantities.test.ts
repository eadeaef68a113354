import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { age, dollars, duration, instant, since } from './quantities.ts';

describe('money', () => {
  it('is in dollars with the digits that count', () => {
    const shown = [
      0, 1, 12, 999, 1_234, 123_456, 2_140_000, 50_000_000, 999_600_000, 1_000_000_000, 1_005_000_000,
      1_234_567_890_000,
    ].map(dollars);
    expect(shown).toEqual([
      '$0',
      '$0.000000001',
      '$0.000000012',
      '$0.000000999',
      '$0.00000123',
      '$0.000123',
      '$0.00214',
      '$0.05',
      '$1.00',
      '$1.00',
      '$1.01',
      '$1,234.57',
    ]);
  });

  it('is never shown as nothing when it is something, and never off by more than half a percent', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 20n }), (nano) => {
        const shown = Number(dollars(nano).replaceAll(/[$,]/g, '')) * 1e9;
        expect(Math.abs(shown - Number(nano)) / Number(nano)).toBeLessThanOrEqual(0.00501);
      }),
    );
  });
});

describe('time', () => {
  it('is said in the unit that fits', () => {
    const shown = [
      0, 999, 1_000, 340_000, 999_600, 1_250_000, 59_940_000, 59_960_000, 185_000_000, 7_800_000_000,
      356_400_000_000,
    ].map(duration);
    expect(shown).toEqual([
      '<1 ms',
      '<1 ms',
      '1 ms',
      '340 ms',
      '1.0 s',
      '1.3 s',
      '59.9 s',
      '1m00s',
      '3m05s',
      '2h10m',
      '4d3h',
    ]);
  });

  it('is as old as kubectl says, and never from the future', () => {
    const now = Date.UTC(2026, 10, 25);
    const shown = [-5, 90, 180, 7_300, 200_000].map((seconds) => age((now - seconds * 1000) * 1000, now));
    expect(shown).toEqual(['0s', '90s', '3m', '2h', '2d']);
  });

  it('is shown as far as numbers go, and before the run as well', () => {
    expect(instant(Number.MAX_SAFE_INTEGER)).toBe('2255-06-05 23:47:34 UTC');
    expect(since(5, 1_000_005)).toBe('(1.0 s before the run)');
  });
});
