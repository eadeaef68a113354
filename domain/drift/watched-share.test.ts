import { expect, test } from 'vitest';
import { seededRandom } from '../judging/testing/outcomes.ts';
import { designsFor } from './alarm-budget.ts';
import {
  LEARNED_FROM_RUNS,
  MOST_LEARNED_FROM_RUNS,
  UNSEEN,
  type WatchedShare,
  learned,
  watchRun,
} from './watched-share.ts';

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

test('Runs that go on as usual leave a score of zero and refine what is usual, which then stands still', () => {
  const first = watchAll(good(LEARNED_FROM_RUNS));
  const refined = watchAll(good(MOST_LEARNED_FROM_RUNS));
  expect(first).toMatchObject({ phase: 'watching', score: 0, isDrifting: false });
  expect(refined).toMatchObject({ learnedFrom: { good: MOST_LEARNED_FROM_RUNS, bad: 0 }, score: 0 });
  expect(watchAll(good(MOST_LEARNED_FROM_RUNS + 5000))).toEqual(refined);
});

test('First runs that went better than is usual are no drift later: they were the exception, and are learned anew', () => {
  const random = seededRandom(8);
  const later = Array.from({ length: 6000 }, () => random() < 0.02);
  const design = designsFor({ looksPerWeek: 1_000_000, falseAlarmsPerWeek: 1 });
  let watched: WatchedShare = UNSEEN;
  let alarms = 0;
  for (const [index, isBad] of [...good(LEARNED_FROM_RUNS - 2), ...bad(2), ...later].entries()) {
    watched = watchRun(watched, { isBad, atMicroseconds: index }, design);
    if (watched.phase === 'watching' && watched.isDrifting) alarms += 1;
  }
  expect(alarms).toBe(0);
  expect(watched).toMatchObject({ phase: 'watching', usual: expect.closeTo(0.02, 2) });
});

test('Of 3 % that become 8 % half are found within 150 runs where a false alarm comes once in 9,467', () => {
  const random = seededRandom(5);
  const design = designsFor({ looksPerWeek: 9_467, falseAlarmsPerWeek: 1 });
  const delays = Array.from({ length: 200 }, () => {
    let watched: WatchedShare = learned({ good: 4850, bad: 150 }, LEARNED_FROM_RUNS);
    let delay = 0;
    while (watched.phase === 'learning' || !watched.isDrifting) {
      delay += 1;
      watched = watchRun(watched, { isBad: random() < 0.08, atMicroseconds: delay }, design);
    }
    return delay;
  });
  const median = delays.toSorted((one, other) => one - other)[100];
  expect(median).toBeLessThanOrEqual(150);
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
