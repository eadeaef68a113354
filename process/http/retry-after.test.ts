import { expect, it } from 'vitest';
import { retryAfterHeaders } from './retry-after.ts';

it('never tells a wait that is shorter than the one that was told', () => {
  expect(retryAfterHeaders(7, () => 0)).toEqual({ 'retry-after': '7', 'retry-after-ms': '7000' });
});

it('spreads the waits of those who are refused in the same moment', () => {
  const waits = Array.from({ length: 100 }, (_, index) =>
    Number(retryAfterHeaders(1, () => index / 100)['retry-after-ms']),
  );
  expect(new Set(waits).size).toBe(100);
  expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(400);
});

it('tells no wait of more than a day and its spread, whatever a provider says', () => {
  expect(Number(retryAfterHeaders(Number.POSITIVE_INFINITY, () => 0)['retry-after'])).toBe(86_400);
});
