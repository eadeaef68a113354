import type {
  Arm,
  RolloutAnswer,
  RolloutButton,
  RolloutMetric,
  RolloutRow,
  RunEntry,
} from '#services/console/api/answers.ts';
import { HOSTILE_TEXTS } from './hostile-texts.ts';

const MINUTE = 60_000_000;

export function generateRollouts(now: number): RolloutRow[] {
  const row = (
    fields: Partial<RolloutRow> & Pick<RolloutRow, 'namespace' | 'name' | 'phase' | 'sentence'>,
  ): RolloutRow => ({
    stable: `${fields.name}-v12`,
    candidate: null,
    exposurePercent: null,
    step: null,
    sinceMicroseconds: now - 95 * MINUTE,
    ...fields,
  });
  return [
    row({
      namespace: 'support',
      name: 'email-prompt',
      phase: 'AwaitingApproval',
      sentence: 'The candidate is not worse at 25 %; somebody must approve it.',
      candidate: 'email-prompt-v13',
      exposurePercent: 25,
      step: { index: 3, count: 6, kind: 'approve' },
    }),
    row({
      namespace: 'claims',
      name: 'ticket-prompt',
      phase: 'Progressing',
      sentence: 'At 5 %: about 140 outcomes are still needed, some 22 minutes.',
      candidate: 'ticket-prompt-v8',
      exposurePercent: 5,
      step: { index: 1, count: 5, kind: 'analyse' },
    }),
    row({
      namespace: 'finance',
      name: 'invoice-prompt',
      phase: 'RolledBack',
      sentence: 'invoice-prompt-v4 was given up: its answers fit their schema less often, e = 61 against 20.',
    }),
    row({
      namespace: 'legal',
      name: 'contract-prompt',
      phase: 'Paused',
      sentence: 'Paused by ana.ruiz@example.com: a complaint.',
      candidate: 'contract-prompt-v3',
      exposurePercent: 10,
      step: { index: 2, count: 5, kind: 'analyse' },
    }),
    row({
      namespace: 'people',
      name: 'resume-prompt',
      phase: 'Idle',
      sentence: 'resume-prompt-v12 is stable: agents serve it.',
    }),
    row({
      namespace: 'sales',
      name: 'lead-prompt',
      phase: 'OutsideWindow',
      sentence: 'Exposure grows in the next window: Monday 08:00 UTC.',
      candidate: 'lead-prompt-v2',
      exposurePercent: 1,
      step: { index: 0, count: 4, kind: 'setExposure' },
    }),
  ];
}

export function generateRollout(row: RolloutRow, now: number, isAllowed: boolean): RolloutAnswer {
  return {
    row,
    resourceVersion: '184467',
    spec: {
      prompt: row.name,
      exposure: { unit: 'Agent' },
      steps: [
        { setExposure: { percent: '1' } },
        { analyse: { minimumSamples: 50 } },
        { setExposure: { percent: '25' } },
        { approve: {} },
        { setExposure: { percent: '100' } },
        { pause: { seconds: 3600 } },
      ],
    },
    status: {
      stable: { name: row.stable ?? '', digest: 'a'.repeat(64) },
      ...(row.candidate === null ? {} : { candidate: { name: row.candidate, digest: 'b7'.repeat(32) } }),
      phase: row.phase,
      exposure: {
        unit: 'Agent',
        basisPoints: (row.exposurePercent ?? 0) * 100,
        percent: String(row.exposurePercent ?? 0),
        agents: 48,
        exposedAgents: 12,
      },
      gate: {
        verdict: 'Passed',
        message: '118 of 120 cases passed; stable passed 117.',
        passedBasisPoints: 9833,
        stablePassedBasisPoints: 9750,
        goldenSet: { name: 'email-cases', digest: 'c'.repeat(64), cases: 120 },
      },
    },
    metrics: row.candidate === null ? [] : METRICS,
    commands: BUTTONS.map(({ verb, sentence, right }) => ({
      verb,
      sentence,
      right,
      isAllowed,
      isPossible: row.candidate !== null || ['rollback', 'retry'].includes(verb),
    })),
    history: history(row, now),
  };
}

const arm = (outcomes: number, good: number, half: number): Arm => {
  const rate = outcomes === 0 ? null : good / outcomes;
  return {
    outcomes,
    good,
    rate,
    low: rate === null ? null : Math.max(0, rate - half),
    high: rate === null ? null : Math.min(1, rate + half * 0.8),
  };
};

const METRICS: readonly RolloutMetric[] = [
  {
    metric: 'RunSucceeded',
    isWanted: true,
    verdict: 'NotWorse',
    candidate: arm(820, 812, 0.009),
    stable: arm(2430, 2391, 0.006),
    worse: 0.031,
    worseThreshold: 20,
    notWorse: 41.7,
    notWorseThreshold: 20,
    missingSamples: 0,
  },
  {
    metric: 'SchemaValid',
    isWanted: true,
    verdict: 'Undecided',
    candidate: arm(820, 796, 0.013),
    stable: arm(2430, 2389, 0.007),
    worse: 2.8,
    worseThreshold: 20,
    notWorse: 1.4,
    notWorseThreshold: 20,
    missingSamples: 310,
  },
  {
    metric: 'Feedback',
    isWanted: false,
    verdict: 'Undecided',
    candidate: arm(0, 0, 0),
    stable: arm(41, 38, 0.1),
    worse: 1,
    worseThreshold: 20,
    notWorse: 1,
    notWorseThreshold: 20,
    missingSamples: null,
  },
];

const button = (verb: string, sentence: string): RolloutButton => ({
  verb,
  sentence,
  isPossible: true,
  isAllowed: true,
  right: `update canaryrollouts/${verb.replace('_full', '')}`,
});
const BUTTONS: readonly RolloutButton[] = [
  button('approve', 'The candidate passes this step and goes on to 100 %.'),
  button('promote', 'The candidate goes on to its next step now, whatever this one still waits for.'),
  button('promote_full', 'All agents take the candidate at once.'),
  button('pause', 'The candidate stays where it is; it is judged meanwhile.'),
  button('resume', 'It is not paused.'),
  button('abort', 'Nobody takes the candidate any more, and it is not tried again.'),
  button('rollback', 'The version that was stable before becomes stable again.'),
  button('retry', 'A version that was given up is tried once more.'),
];

function history(row: RolloutRow, now: number): readonly RunEntry[] {
  const entry = (position: number, record: Readonly<Record<string, unknown>>): RunEntry => ({
    position,
    texts: [],
    receivedMicroseconds: now - (9000 - position) * MINUTE,
    trust: 'witnessed',
    record,
  });
  const envelope = (minutes: number) => ({
    id: `record-${minutes}`,
    namespace: row.namespace,
    atMicroseconds: now - minutes * MINUTE,
  });
  return [
    entry(8990, {
      ...envelope(22),
      type: 'rollout_decision',
      rollout: row.name,
      decision: 'waiting',
      reason: 'awaiting_approval',
      sentence: 'Not worse at 25 %: it waits for approval.',
    }),
    entry(8950, {
      ...envelope(60),
      type: 'command',
      by: 'ana.ruiz@example.com',
      kind: 'CanaryRollout',
      subject: row.name,
      verb: 'resume',
      reason: HOSTILE_TEXTS[3],
    }),
    entry(8900, {
      ...envelope(95),
      type: 'rollout_decision',
      rollout: row.name,
      decision: 'exposed',
      reason: 'step_passed',
      sentence: 'Exposure grows from 1 % to 25 %.',
    }),
    entry(8870, {
      ...envelope(131),
      type: 'rollout_decision',
      rollout: row.name,
      decision: 'begun',
      reason: 'version_wanted',
      sentence: 'The gate passed: 118 of 120 cases.',
    }),
  ];
}
