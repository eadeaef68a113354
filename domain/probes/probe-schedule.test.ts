import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { cronExpression, probeSchedule, roundAt } from './probe-schedule.ts';

const EVERY = [5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1_440];
const MINUTE = 60_000;
/** Midnight. */
const DAY = Date.UTC(2026, 10, 26);

/** What cron makes of the fields that are written here: a number, `*`, or `FIRST-LAST/STEP`. */
function matches(field: string, value: number): boolean {
  if (field === '*') return true;
  const range = /^(\d+)-(\d+)\/(\d+)$/.exec(field);
  if (range === null) return Number(field) === value;
  const [first, last, step] = range.slice(1).map(Number) as [number, number, number];
  return value >= first && value <= last && (value - first) % step === 0;
}

it('A day has as many rounds as it has periods, equally far apart over midnight, each with a number of its own', () => {
  fc.assert(
    fc.property(fc.constantFrom(...EVERY), fc.string({ maxLength: 40 }), (everyMinutes, name) => {
      const schedule = probeSchedule({ namespace: 'shop', name }, everyMinutes);
      const [minute = '', hour = ''] = cronExpression(schedule).split(' ');
      const starts = Array.from({ length: 2 * 1_440 }, (_, at) => at).filter(
        (at) => matches(minute, at % 60) && matches(hour, Math.floor(at / 60) % 24),
      );
      expect(starts).toHaveLength((2 * 1_440) / everyMinutes);
      for (const [at, start] of starts.entries()) {
        expect(start - (starts[0] ?? 0)).toBe(at * everyMinutes);
        const round = roundAt(DAY + start * MINUTE, schedule);
        expect(roundAt(DAY + (start + everyMinutes) * MINUTE - 1, schedule)).toBe(round);
        expect(roundAt(DAY + start * MINUTE - 1, schedule)).toBe(round - 1);
      }
    }),
  );
});

it('A fleet of agents is spread over the minutes of the period', () => {
  const minutes = Array.from(
    { length: 1_200 },
    (_, at) => probeSchedule({ namespace: 'shop', name: `agent-${at}` }, 60).offsetMinutes,
  );
  const most = Math.max(
    ...Map.groupBy(minutes, (minute) => minute)
      .values()
      .map((all) => all.length),
  );
  expect(new Set(minutes).size).toBe(60);
  expect(most).toBeLessThan(45);
});

it('An agent keeps its minute for as long as it has its name', () => {
  const of = (name: string) => cronExpression(probeSchedule({ namespace: 'shop', name }, 60));
  expect(of('sorter')).toBe(of('sorter'));
  expect(of('sorter')).not.toBe(of('writer'));
});
