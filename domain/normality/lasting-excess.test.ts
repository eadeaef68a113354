import { expect, test } from 'vitest';
import { seededRandom } from '../judging/testing/outcomes.ts';
import { baselineOf } from './hour-of-week.ts';
import { type Excess, NO_EXCESS, nextExcess } from './lasting-excess.ts';
import { simulatedHours } from './testing/simulated-hours.ts';

const WEEK = 168;
const FLOOR = 0.01;

function after(deviations: readonly number[]): Excess {
  let excess = NO_EXCESS;
  for (const [hour, value] of deviations.entries()) excess = nextExcess(excess, hour, value);
  return excess;
}

test('Hours as usual leave nothing, whatever their number', () => {
  expect(after(Array.from({ length: 1000 }, (_, hour) => (hour % 2 === 0 ? 1.7 : -1)))).toEqual(NO_EXCESS);
});

test('One hour beyond six deviations is abnormal at once', () => {
  expect(after([0, 6])).toMatchObject({ isAbnormal: true, sinceHour: 1 });
});

test('One hour below six deviations never is, however near', () => {
  expect(after([0, 5.99, 0]).isAbnormal).toBe(false);
});

test('Two hours in a row of four deviations are, or four of three and a half, and it is known since when', () => {
  expect(after([0, 4, 0]).isAbnormal).toBe(false);
  expect(after([0, 4, 4])).toMatchObject({ isAbnormal: true, sinceHour: 1 });
  expect(after([0, 3.5, 3.5, 3.5]).isAbnormal).toBe(false);
  expect(after([0, 3.5, 3.5, 3.5, 3.5])).toMatchObject({ isAbnormal: true, sinceHour: 1 });
});

test('It ends only when hours as usual have made up for it', () => {
  const abnormal = [6, 0, 0, 0];
  expect(after(abnormal).isAbnormal).toBe(true);
  expect(after([...abnormal, 0])).toEqual(NO_EXCESS);
});

test('Three times the usual is found within a day in 19 of 20 agents, and eight weeks as usual alarm in no agent of 60', () => {
  const random = seededRandom(11);
  const agents = 60;
  let found = 0;
  let falseAlarms = 0;
  for (let agent = 0; agent < agents; agent += 1) {
    const hours = simulatedHours({ weeks: 12, deviation: 0.3, correlation: 0.3 }, random);
    let excess = NO_EXCESS;
    for (let week = 4; week < 12; week += 1) {
      const baseline = baselineOf(hours.slice((week - 4) * WEEK, week * WEEK), FLOOR);
      for (const hour of hours.slice(week * WEEK, (week + 1) * WEEK)) {
        const next = nextExcess(excess, hour.hour, baseline.deviationsOf(hour) ?? 0);
        if (next.isAbnormal && !excess.isAbnormal) falseAlarms += 1;
        excess = next;
      }
    }
    const baseline = baselineOf(hours.slice(0, 4 * WEEK), FLOOR);
    const from = 4 * WEEK + Math.floor(random() * 144);
    let tripled = NO_EXCESS;
    for (const { hour, amount } of hours.slice(from, from + 24)) {
      const next = nextExcess(tripled, hour, baseline.deviationsOf({ hour, amount: amount * 3 }) ?? 0);
      if (next.isAbnormal && !tripled.isAbnormal) found += 1;
      tripled = next;
    }
  }
  expect(found).toBeGreaterThanOrEqual(agents * 0.95);
  expect(falseAlarms).toBe(0);
});
