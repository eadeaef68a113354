import { describe, expect, it } from 'vitest';
import { wilsonInterval } from '#domain/judging/wilson-interval.ts';
import { detectableDrop, mcNemarP } from './mcnemar.ts';
import { bootstrapRatio, p95, sumOf } from './paired-bootstrap.ts';
import figures from './scipy-figures.json' with { type: 'json' };

describe('figures of scipy and statsmodels', () => {
  it.each(figures.mcNemar)(
    'agree on the exact one-sided test: $worse worse, $better better',
    ({ worse, better, p }) => {
      expect(mcNemarP(worse, better)).toBeCloseTo(p, 10);
    },
  );

  it.each(figures.wilson)('agree on the interval of $good in $total', ({ good, total, low, high }) => {
    const interval = wilsonInterval({ good, bad: total - good }, 1.959963984540054);
    expect(interval.low).toBeCloseTo(low, 10);
    expect(interval.high).toBeCloseTo(high, 10);
  });

  it.each(figures.detectableDrop)(
    'agree on the smallest drop of $cases cases, $better better',
    ({ cases, better, drop }) => {
      expect(detectableDrop(cases, better)).toBe(drop);
    },
  );
});

describe('the paired bootstrap', () => {
  const pairs = Array.from({ length: 100 }, (_, at) => ({
    candidate: 150 + (at % 7),
    stable: 100 + (at % 5),
  }));

  it('gives the same bounds for the same seed, and others for another', () => {
    const one = bootstrapRatio(pairs, sumOf, 'seed');
    expect(bootstrapRatio(pairs, sumOf, 'seed')).toEqual(one);
    expect(bootstrapRatio(pairs, sumOf, 'other')).not.toEqual(one);
    expect(one?.low).toBeGreaterThan(1.4);
    expect(one?.high).toBeLessThan(1.6);
    expect(one?.low).toBeLessThan(one?.ratio ?? 0);
  });

  it('knows no ratio to nothing', () => {
    expect(bootstrapRatio([], sumOf, 's')).toBeNull();
    expect(bootstrapRatio([{ candidate: 1, stable: 0 }], sumOf, 's')).toBeNull();
  });

  it('tells the 95th of a hundred', () => {
    expect(p95(Array.from({ length: 100 }, (_, at) => 100 - at))).toBe(95);
  });
});
