import { expect, test } from 'vitest';
import { FleetWatch } from './fleet-watch.ts';
import {
  BEGINNING,
  HOUR,
  knowledge,
  knownAgent,
  modelAttempt,
  probeOutcome,
  probeRound,
  runEnded,
} from './testing/entries.ts';

const SETTINGS = { timeZone: 'UTC', falseAlarmsPerWeek: 1 };
const MINUTE = HOUR / 60;

function watched(...entries: readonly Parameters<FleetWatch['see']>[0][]): FleetWatch {
  const watch = new FleetWatch(SETTINGS);
  for (const entry of entries) watch.see(entry);
  return watch;
}

const probedOf = (watch: FleetWatch, at: number) =>
  watch.judge(at, knowledge(at, { agents: [knownAgent({ probesEverySeconds: 3600 })] })).rows[0]?.probed;

test('Runs that no user asked for move nothing that is said of production, but what the agent costs', () => {
  const probe = { purpose: 'probe' as const };
  const at = BEGINNING + 5 * MINUTE;
  const production = [modelAttempt({ at }, { costNanoUsd: 5 }), runEnded({ at })];
  const apart = [
    modelAttempt({ at }, { run: { id: 'p', ...probe }, costNanoUsd: 0, finishReason: 'length' }),
    runEnded(
      { at },
      { run: { id: 'p', ...probe }, status: 'failed', firstAnswerFits: 'no', isRefusal: 'yes' },
    ),
  ];
  const [without, withThem] = [watched(...production), watched(...production, ...apart)].map((watch) => {
    const snapshot = JSON.parse(watch.toSnapshot()) as {
      agents: { quality: unknown; latency: unknown; counters: unknown }[];
    };
    const [agent] = Object.values(snapshot.agents);
    return [agent?.quality, agent?.latency, agent?.counters];
  });
  expect(without?.[0]).toBeDefined();
  expect(withThem).toEqual(without);
});

test('A round that could ask nothing makes the agent Unknown, with the reason that it told', () => {
  const at = BEGINNING + HOUR;
  const sentence = 'The golden set of ConfigMap hard-mails cannot be used: the log of pod p says why.';
  const none = { planned: 0, passed: 0, outcome: 'failed', reason: 'golden_set_invalid', sentence } as const;
  expect(probedOf(watched(probeRound({ at }, none)), at + MINUTE)).toMatchObject({
    status: 'Unknown',
    reason: 'NothingAsked',
    sentence: expect.stringContaining(sentence),
  });
  // A later verdict is newer than that.
  const later = watched(probeRound({ at }, none), probeOutcome({ at: at + HOUR }, true));
  expect(probedOf(later, at + HOUR + MINUTE)).toMatchObject({ reason: 'Learning' });
});

test('Rounds that stop coming are missed, whatever the last one told', () => {
  const at = BEGINNING + HOUR;
  const cut = {
    passed: 0,
    outcome: 'cut',
    reason: 'budget_exhausted',
    sentence: '0 of 20 cases were asked.',
  } as const;
  const watch = watched(probeOutcome({ at }, true), probeRound({ at: at + HOUR }, cut));
  expect(probedOf(watch, at + 2 * HOUR)).toMatchObject({ reason: 'NothingAsked' });
  expect(probedOf(watch, at + 9 * HOUR)).toMatchObject({ status: 'Unknown', reason: 'ProbesMissed' });
});
