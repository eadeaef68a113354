import { describe, expect, it } from 'vitest';
import type { RunEntry } from '#services/console/api/answers.ts';
import { barsOf, storySteps } from './run-steps.ts';

const entry = (position: number, record: Readonly<Record<string, unknown>>): RunEntry => ({
  position,
  texts: [],
  receivedMicroseconds: position,
  trust: 'witnessed',
  record: { id: `record-${position}`, namespace: 'shop', atMicroseconds: position * 1000, ...record },
});
const step = (number: number) => ({ run: { id: 'run', step: number } });
const whole = { run: { id: 'run' } };

const ENTRIES: readonly RunEntry[] = [
  entry(1, { ...whole, type: 'run_begun' }),
  entry(2, { ...step(1), type: 'cycle', phase: 'action', requestId: 'a' }),
  entry(3, { ...step(1), type: 'tool_intent', tool: 'lookup' }),
  entry(4, { ...step(1), type: 'tool_result', tool: 'lookup', outcome: 'failed', durationMicroseconds: 500 }),
  // The router tells its own records, later, and may not know of the step.
  entry(5, { ...whole, type: 'model_attempt', requestId: 'a', costNanoUsd: 7, durationMicroseconds: 4200 }),
  entry(6, { ...whole, type: 'gap', cause: 'lost_records' }),
  entry(7, { ...step(2), type: 'model_attempt', requestId: 'b', durationMicroseconds: 100 }),
  entry(8, { ...whole, type: 'run_ended', status: 'succeeded' }),
];

describe('the story of a run', () => {
  it('tells each step in the order in which it happened, whoever told it first', () => {
    const told = storySteps(ENTRIES).map(({ number, entries }) => [
      number,
      entries.map(({ record }) => record.type),
    ]);
    expect(told).toEqual([
      [undefined, ['run_begun']],
      [1, ['model_attempt', 'cycle', 'tool_intent', 'tool_result']],
      [undefined, ['gap']],
      [2, ['model_attempt']],
      [undefined, ['run_ended']],
    ]);
  });

  it('knows what a step cost only when the price of all its attempts is known', () => {
    const costs = storySteps(ENTRIES).map(({ costNanoUsd }) => costNanoUsd);
    expect(costs).toEqual([undefined, 7, undefined, null, undefined]);
  });

  it('marks the steps in which something went wrong, and no others', () => {
    expect(storySteps(ENTRIES).map(({ isWrong }) => isWrong)).toEqual([false, true, true, false, false]);
  });

  it('draws what took time from when it began, which is before it was told', () => {
    const bars = barsOf(ENTRIES).map(({ position, beganAtMicroseconds }) => [position, beganAtMicroseconds]);
    expect(bars).toEqual([
      [5, 800],
      [4, 3500],
      [7, 6900],
    ]);
  });
});
