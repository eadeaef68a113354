import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRandom } from '../judging/testing/outcomes.ts';
import { type HourlyAmount, UNUSUAL_DEVIATIONS, baselineOf } from './hour-of-week.ts';
import { NO_EXCESS, nextExcess } from './lasting-excess.ts';
import { simulatedHours } from './testing/simulated-hours.ts';

const WEEK = 168;
const FLOOR = 0.01;

test('What is usual is the median of the same hour in other weeks, on logarithms', () => {
  const history = [10, 20, 40, 80].flatMap((amount, week) => [
    { hour: week * WEEK, amount },
    { hour: week * WEEK + 5, amount: 7 },
  ]);
  const usual = baselineOf(history, FLOOR).usualIn(4 * WEEK);
  expect(usual?.basis).toBe('hour_of_week');
  expect(usual?.median).toBeCloseTo(Math.sqrt(20 * 40), 6);
});

test('The band is one of ratios: as many times below the median as above it', () => {
  const hours = simulatedHours({ weeks: 4, deviation: 0.3, correlation: 0.3 }, seededRandom(1));
  const usual = baselineOf(hours, FLOOR).usualIn(4 * WEEK + 33);
  if (usual === undefined) throw new Error('Four weeks are enough.');
  expect(usual.high / usual.median).toBeCloseTo(usual.median / usual.low, 6);
});

test('The fewer weeks there are the more coarsely hours are told apart, and of two days nothing is said', () => {
  const hours = simulatedHours({ weeks: 4, deviation: 0.3, correlation: 0.3 }, seededRandom(2));
  const basisAfter = (seen: number): string | undefined =>
    baselineOf(hours.slice(0, seen), FLOOR).usualIn(seen)?.basis;
  expect([48, 4 * 24, WEEK, 4 * WEEK].map(basisAfter)).toEqual([
    undefined,
    'part_of_day',
    'hour_of_day',
    'hour_of_week',
  ]);
});

test('Nothing is said of a history without hours, and of hours without spread not more than 5 % is believed', () => {
  expect(baselineOf([], FLOOR).usualIn(7)).toBeUndefined();
  const flat = Array.from({ length: 4 * WEEK }, (_, hour) => ({ hour, amount: 3 }));
  const usual = baselineOf(flat, FLOOR).usualIn(4 * WEEK);
  expect(usual?.median).toBeCloseTo(3, 9);
  expect(usual?.high).toBeCloseTo(3 * Math.exp(UNUSUAL_DEVIATIONS * 0.05), 9);
});

test('Amounts below the floor are all the same: nothing little is ever unusual', () => {
  const idle = Array.from({ length: 4 * WEEK }, (_, hour) => ({ hour, amount: 0 }));
  const deviations = baselineOf(idle, FLOOR).deviationsOf({ hour: 4 * WEEK, amount: FLOOR });
  expect(deviations).toBe(0);
});

test('An amount is unusual exactly where it leaves the band', () => {
  const hours = simulatedHours({ weeks: 5, deviation: 0.4, correlation: 0.2 }, seededRandom(3));
  const baseline = baselineOf(hours, FLOOR);
  fc.assert(
    fc.property(
      fc.integer({ min: 5 * WEEK, max: 6 * WEEK }),
      fc.double({ min: 0.02, max: 500, noNaN: true }),
      (hour, amount) => {
        const usual = baseline.usualIn(hour);
        const deviations = baseline.deviationsOf({ hour, amount });
        if (usual === undefined || deviations === undefined) throw new Error('Five weeks are enough.');
        fc.pre(Math.abs(Math.abs(deviations) - UNUSUAL_DEVIATIONS) > 1e-9);
        expect(Math.abs(deviations) > UNUSUAL_DEVIATIONS).toBe(amount > usual.high || amount < usual.low);
      },
    ),
  );
});

test('Of agents that do nothing unusual at most one hour in ten weeks is unusual, from the second week on', () => {
  const random = seededRandom(4);
  for (const weeks of [1, 4]) {
    let unusual = 0;
    const agents = 60;
    for (let agent = 0; agent < agents; agent += 1) {
      const hours = simulatedHours({ weeks: weeks + 1, deviation: 0.3, correlation: 0.3 }, random);
      unusual += unusualHours(hours, weeks);
    }
    expect(unusual / agents, `after ${weeks} weeks`).toBeLessThan(0.15);
  }
});

function unusualHours(hours: readonly HourlyAmount[], weeks: number): number {
  const baseline = baselineOf(hours.slice(0, weeks * WEEK), FLOOR);
  return hours
    .slice(weeks * WEEK)
    .filter((hour) => (baseline.deviationsOf(hour) ?? Number.NaN) > UNUSUAL_DEVIATIONS).length;
}

/** Rests in all hours but some, drawn or every fourth. */
function mostlyResting(
  weeks: number,
  isActive: (hour: number) => boolean,
  draw: () => number,
): HourlyAmount[] {
  return Array.from({ length: weeks * WEEK }, (_, hour) => ({
    hour,
    amount: isActive(hour) ? 0.1 + 0.9 * draw() : 0,
  }));
}

test.each([
  ['every four hours', (hour: number) => hour % 4 === 0],
  ['once a night', (hour: number) => hour % 24 === 2],
  ['now and then', (hour: number) => (hour * 2_654_435_761) % 97 < 12],
])('An agent that rests mostly and works %s alarms neither while it is learned nor later', (_, isActive) => {
  const hours = mostlyResting(6, isActive, seededRandom(5));
  let excess = NO_EXCESS;
  for (let day = 4; day < 42; day += 1) {
    const baseline = baselineOf(hours.slice(0, day * 24), FLOOR);
    for (const { hour, amount } of hours.slice(day * 24, (day + 1) * 24)) {
      const deviations = baseline.deviationsOf({ hour, amount });
      if (deviations !== undefined) excess = nextExcess(excess, hour, deviations);
      expect([hour, excess.isAbnormal]).toEqual([hour, false]);
    }
  }
});

test('Such an agent is unusual when it costs sixty times what it does when it works, or works when its like never does', () => {
  const atNight = mostlyResting(4, (hour) => hour % 24 === 2, seededRandom(6));
  const baseline = baselineOf(atNight, FLOOR);
  expect(baseline.deviationsOf({ hour: 4 * WEEK + 2, amount: 30 })).toBeGreaterThan(UNUSUAL_DEVIATIONS);
  expect(baseline.deviationsOf({ hour: 4 * WEEK + 14, amount: 0.5 })).toBeGreaterThan(UNUSUAL_DEVIATIONS);
});
