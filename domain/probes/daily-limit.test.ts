import { expect, it } from 'vitest';
import { dailyLimitNanoUsd } from './daily-limit.ts';

it('Probes may cost what the Agent says, else half a percent of what it spends on a day, and a few cents at least', () => {
  const usd = (dollars: number): number => dollars * 1e9;
  expect(dailyLimitNanoUsd('1.25', { weekBeforeNanoUsd: usd(70_000) })).toBe(usd(1.25));
  expect(dailyLimitNanoUsd('0', { weekBeforeNanoUsd: usd(70_000) })).toBe(0);
  expect(dailyLimitNanoUsd(undefined, { weekBeforeNanoUsd: usd(7_000) })).toBe(usd(5));
  expect(dailyLimitNanoUsd(undefined, { weekBeforeNanoUsd: 0 })).toBe(usd(0.05));
});
