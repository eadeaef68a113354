import { describe, expect, it } from 'vitest';
import { describeProgress } from './show-progress.ts';

const PROGRESS = { done: 1, total: 2, cached: 0, errors: 0, elapsedMilliseconds: 1_000 };

describe('the progress of an evaluation', () => {
  it.each([
    [0, true, '1 of 2 runs, $0.0000 so far'],
    [25_000_000, true, '1 of 2 runs, $0.0250 so far'],
    [25_000_000, false, '1 of 2 runs, at least $0.0250 so far'],
    [0, false, '1 of 2 runs, cost not known'],
  ])('tells what is known of the cost: %s, %s', (chargedNanoUsd, isCostKnown, told) => {
    expect(describeProgress({ ...PROGRESS, chargedNanoUsd, isCostKnown })).toBe(told);
  });
});
