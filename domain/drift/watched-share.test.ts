import { expect, test } from 'vitest';
import { seededRandom } from '../judging/testing/outcomes.ts';
import { designsFor } from './alarm-budget.ts';
import { LEARNED_FROM_RUNS, UNSEEN, type WatchedShare, watchRun } from './watched-share.ts';

const RUNS_OF_A_DAY = 200;
const DAYS_OF_A_WEEK = 7;

function watchAll(
  runs: readonly boolean[],
  design = designsFor({ looksPerWeek: 10_000, falseAlarmsPerWeek: 1 }),
): WatchedShare {
  let watched: WatchedShare = UNSEEN;
  for (const [index, isBad] of runs.entries()) {
    watched = watchRun(watched, { isBad, atMicroseconds: index }, design);
  }
  return watched;
}

const good = (count: number): readonly boolean[] => Array.from({ length: count }, () => false);
const bad = (count: number): readonly boolean[] => Array.from({ length: count }, () => true);

test('Nothing is said of an agent before it has been learned what is usual for it', () => {
  expect(watchAll(bad(LEARNED_FROM_RUNS - 1))).toEqual({
    phase: 'learning',
    seen: { good: 0, bad: LEARNED_FROM_RUNS - 1 },
  });
});

test('Runs that go on as usual leave a score of zero, and what is usual stands still', () => {
  const learned = watchAll(good(LEARNED_FROM_RUNS));
  expect(watchAll(good(LEARNED_FROM_RUNS + 5000))).toEqual(learned);
  expect(learned).toMatchObject({ phase: 'watching', score: 0, isDrifting: false });
});

test('What is usual is the upper end of what the first runs leave open, never nothing', () => {
  expect(watchAll(good(LEARNED_FROM_RUNS))).toMatchObject({ usual: expect.closeTo(0.0014, 4) });
  expect(watchAll(bad(LEARNED_FROM_RUNS))).toMatchObject({ usual: 0.9 });
});

test('A few bad runs in a row are drift, told since the first of them and with their number', () => {
  const drifting = watchAll([...good(LEARNED_FROM_RUNS + 100), ...bad(6)]);
  expect(drifting).toMatchObject({
    isDrifting: true,
    since: { atMicroseconds: LEARNED_FROM_RUNS + 100, seen: { good: 0, bad: 6 } },
  });
});

test('Drift is over when enough runs have gone well again, and not before', () => {
  const trouble = [...good(LEARNED_FROM_RUNS), ...bad(50)];
  expect(watchAll([...trouble, ...good(3)])).toMatchObject({ isDrifting: true });
  expect(watchAll([...trouble, ...good(2000)])).toMatchObject({ isDrifting: false, score: 0 });
});

test('The same runs give the same state, wherever the watch was broken off and gone on with', () => {
  const random = seededRandom(3);
  const design = designsFor({ looksPerWeek: 10_000, falseAlarmsPerWeek: 1 });
  const runs = Array.from({ length: 1500 }, () => random() < 0.05);
  let stored: WatchedShare = UNSEEN;
  for (const [index, isBad] of runs.entries()) {
    const restored = JSON.parse(JSON.stringify(stored)) as WatchedShare;
    stored = watchRun(restored, { isBad, atMicroseconds: index }, design);
  }
  expect(stored).toEqual(watchAll(runs, design));
});

test('A fleet keeps to its budget of false alarms for eight weeks, and finds 8 % where 3 % was usual within four days', () => {
  const random = seededRandom(21);
  const agents = 100;
  const weeks = 8;
  const falseAlarmsPerWeek = 1;
  const runsOfAWeek = RUNS_OF_A_DAY * DAYS_OF_A_WEEK;
  const design = designsFor({ looksPerWeek: agents * runsOfAWeek, falseAlarmsPerWeek });
  let falseAlarms = 0;
  const delays: number[] = [];
  for (let agent = 0; agent < agents; agent += 1) {
    let watched: WatchedShare = UNSEEN;
    const run = (share: number): boolean => {
      const before = watched.phase === 'watching' && watched.isDrifting;
      watched = watchRun(watched, { isBad: random() < share, atMicroseconds: 0 }, design);
      return watched.phase === 'watching' && watched.isDrifting && !before;
    };
    for (let index = 0; index < weeks * runsOfAWeek; index += 1) falseAlarms += run(0.03) ? 1 : 0;
    let delay = 1;
    while (!run(0.08) && delay < runsOfAWeek) delay += 1;
    delays.push(delay);
  }
  expect(falseAlarms).toBeLessThanOrEqual(2 * falseAlarmsPerWeek * weeks);
  expect(delays.toSorted((one, other) => one - other)[agents / 2]).toBeLessThan(4 * RUNS_OF_A_DAY);
});
