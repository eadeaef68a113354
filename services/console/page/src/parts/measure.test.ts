import { expect, it } from 'vitest';
import type { JudgedMeasure } from '#domain/observation/judged-measure.ts';
import { bandPlaces } from './measure.ts';
import { sparklinePath } from './sparkline-path.ts';

const measure = (fields: Partial<JudgedMeasure>): JudgedMeasure => ({
  verdict: 'normal',
  amount: 50,
  projected: 100,
  usual: { low: 80, median: 100, high: 120, basis: 'hour_of_week' },
  ratio: 1,
  sentence: '',
  sinceMicroseconds: null,
  ...fields,
});

it('A value within its band stands within it: the hour as it will be, not as far as it is.', () => {
  const places = bandPlaces(measure({}));
  expect(places).toMatchObject({ isBeyond: false });
  expect(places?.marker).toBe(places?.median);
});

it('A value far beyond its band is drawn at the end, and the band can still be seen.', () => {
  const places = bandPlaces(measure({ projected: 1_000_000 }));
  expect(places).toMatchObject({ marker: 100, isBeyond: true, high: 20 });
});

it('Without a band there is no picture, and without a value no mark in it.', () => {
  expect(bandPlaces(measure({ usual: null }))).toBeUndefined();
  expect(bandPlaces(measure({ usual: { low: 0, median: 0, high: 0, basis: '' } }))).toBeUndefined();
  expect(bandPlaces(measure({ amount: null, projected: null }))?.marker).toBeUndefined();
});

it('In a sparkline what is not known is a hole, never a zero.', () => {
  const size = { width: 30, height: 12 };
  expect(sparklinePath([10, null, 5, 10], size)).toBe('M0 1h1.5M20 6L30 1');
  expect(sparklinePath([null, null], size)).toBe('');
  expect(sparklinePath([0, 0], size)).toBe('M0 11L30 11');
});
