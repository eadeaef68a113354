import { AnalysisStatus } from '#crds/rollout-progress.ts';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { historyOf } from './agent-history.ts';
import { CanaryJudge } from './canary-judge.ts';
import { judgedAnew } from './judged-anew.ts';
import { judgingPast } from './judging-past.ts';
import { judgingRules } from './metric-rules.ts';
import type { JudgedOutcome } from './run-outcome.ts';
import {
  CANDIDATE_DIGEST,
  NO_PAST,
  OutcomeWriter,
  STABLE_DIGEST,
  countAll,
  judgeOf,
  pastOf,
  planOf,
} from './testing/outcomes.ts';
import type { Counts } from './wilson-interval.ts';

const SINCE = { startPosition: 1000, since: '2026-01-05T12:00:00.000Z' };
const PERCENT = 100;

/** In turn `stablePerCandidate` of stable and one of the candidate; every nth is bad. */
function turns(
  writer: OutcomeWriter,
  {
    candidates,
    stablePerCandidate,
    stableBadEvery,
    candidateBadEvery,
  }: {
    readonly candidates: number;
    readonly stablePerCandidate: number;
    readonly stableBadEvery: number;
    readonly candidateBadEvery: number;
  },
): JudgedOutcome[] {
  const outcomes: JudgedOutcome[] = [];
  for (let turn = 1; turn <= candidates; turn += 1) {
    for (let index = 1; index <= stablePerCandidate; index += 1) {
      const ordinal = (turn - 1) * stablePerCandidate + index;
      outcomes.push(writer.run('stable', ordinal % stableBadEvery !== 0));
    }
    outcomes.push(writer.run('candidate', turn % candidateBadEvery !== 0));
  }
  return outcomes;
}

const EQUAL = { candidates: 400, stablePerCandidate: 25, stableBadEvery: 25, candidateBadEvery: 25 };

describe('A judge of sessions', () => {
  test('finds a candidate worse that fails where stable does not, and says so with numbers and the run that made it certain', () => {
    const writer = new OutcomeWriter();
    const judge = countAll(
      judgeOf(planOf()),
      turns(writer, { ...EQUAL, candidates: 30, candidateBadEvery: 2 }),
    );
    const verdict = judge.verdict(10);
    expect(verdict).toMatchObject({ kind: 'Worse', reason: 'Worse' });
    expect(judge.status(SINCE, 10, 60).stop?.message).toMatch(
      /^RunSucceeded: \d+ of \d+ outcomes of the candidate were good and \d+ of \d+ of stable; that it is worse by more than 1 points is proven with an error of at most 1 % \(evidence [\d.]+ to 1\)\.$/,
    );
    expect(judge.status(SINCE, 10, 60).stop?.runId).toMatch(/^run-\d+$/);
  });

  test('says that a candidate is not worse when it is proven, and not before the wanted number of outcomes', () => {
    const judge = countAll(judgeOf(planOf()), turns(new OutcomeWriter(), EQUAL));
    expect(judge.verdict(250)).toEqual({ kind: 'NotWorse' });
    expect(judge.verdict(401)).toEqual({ kind: 'Undecided' });
    expect(judge.status(SINCE, 450, 400)).toMatchObject({ missingSamples: 50, missingSeconds: 50 });
  });

  test('decides nothing by the number of outcomes alone', () => {
    const few = turns(new OutcomeWriter(), { ...EQUAL, candidates: 8 });
    expect(countAll(judgeOf(planOf()), few).verdict(1)).toEqual({ kind: 'Undecided' });
  });

  test('says nothing without outcomes, and how many are missing', () => {
    const judge = judgeOf(planOf());
    expect(judge.verdict(1)).toEqual({ kind: 'Undecided' });
    expect(judge.status(SINCE, 250, 60)).toMatchObject({ missingSamples: 250 });
    expect(judge.status(SINCE, 250, 60).missingSeconds).toBeUndefined();
  });

  test('counts a session once in each arm, whatever comes of it later', () => {
    const writer = new OutcomeWriter();
    const judge = countAll(judgeOf(planOf()), [
      writer.run('candidate', true, { session: 's' }),
      writer.run('candidate', false, { session: 's' }),
      writer.run('stable', true, { session: 's' }),
      writer.run('candidate', false, { session: 't' }),
    ]);
    expect(judge.metrics()[0]).toMatchObject({ candidate: { good: 1, bad: 1 }, stable: { good: 1, bad: 0 } });
  });

  test('counts a run once that is told twice', () => {
    const writer = new OutcomeWriter();
    const run = writer.run('candidate', false);
    const judge = countAll(judgeOf(planOf()), [
      run,
      run,
      writer.run('candidate', false, { runId: run.runId }),
    ]);
    expect(judge.metrics()[0]?.candidate).toEqual({ good: 0, bad: 1 });
  });

  test('blames nobody when both fall at once, and says that the environment did', () => {
    const writer = new OutcomeWriter();
    const plan = planOf();
    const past = pastOf([{ uid: 'agent-0', good: 1920, bad: 80 }]);
    const judge = judgeOf({ ...plan, past });
    countAll(judge, turns(writer, { ...EQUAL, candidates: 50 }));
    const broken = { candidates: 300, stablePerCandidate: 3, stableBadEvery: 2, candidateBadEvery: 2 };
    countAll(judge, turns(writer, broken));
    expect(judge.verdict(250)).toEqual({ kind: 'EnvironmentDrift', metric: 'RunSucceeded' });
    expect(judge.metrics()[0]?.worseMicroNats).toBeLessThan(0);
  });

  test('that goes on in a changed environment takes it as it is, and finds what is worse even there', () => {
    const writer = new OutcomeWriter();
    const plan = { ...planOf(), past: pastOf([{ uid: 'agent-0', good: 1920, bad: 80 }]) };
    const broken = { candidates: 300, stablePerCandidate: 3, stableBadEvery: 2, candidateBadEvery: 2 };
    const paused = countAll(judgeOf(plan), turns(writer, broken));
    expect(paused.verdict(250).kind).toBe('EnvironmentDrift');
    const { since } = SINCE;
    const anew = judgedAnew(paused.status(SINCE, 250, 60), plan.rules, since);
    expect(AnalysisStatus.parse(anew)).toEqual(anew);
    const resumed = (): CanaryJudge => new CanaryJudge(plan, anew, anew.startPosition);
    const equal = countAll(resumed(), turns(writer, { ...broken, candidates: 500 }));
    expect(equal.verdict(10_000)).toEqual({ kind: 'Undecided' });
    expect(equal.metrics()[0]?.candidate).toEqual({ good: 250, bad: 250 });
    const worse = turns(writer, { ...broken, candidates: 500, candidateBadEvery: 1 });
    expect(countAll(resumed(), worse).verdict(250).kind).toBe('Worse');
  });

  test('still judges when nobody stays on stable any more, by what stable did last', () => {
    const writer = new OutcomeWriter();
    const judge = countAll(judgeOf(planOf()), turns(writer, { ...EQUAL, candidates: 40 }));
    for (let index = 0; index < 80; index += 1) judge.count(writer.run('candidate', index % 2 === 0));
    expect(judge.verdict(250)).toMatchObject({ kind: 'Worse' });
  });
});

describe('A judge of agents', () => {
  const analysis = { metrics: [{ metric: 'RunSucceeded' as const }] };
  const weak = { uid: 'weak', good: 400, bad: 100 };
  const strong = { uid: 'strong', good: 495, bad: 5 };

  test('holds an agent against what it did itself, not against the others', () => {
    const plan = planOf('Agent', analysis);
    const judge = judgeOf({ ...plan, past: pastOf([weak, strong]) });
    const writer = new OutcomeWriter();
    for (let turn = 0; turn < 500; turn += 1) {
      for (let index = 0; index < 9; index += 1) {
        judge.count(writer.run('stable', (turn * 9 + index) % PERCENT !== 0, { agentUid: 'strong' }));
      }
      judge.count(writer.run('candidate', turn % 5 !== 0, { agentUid: 'weak' }));
    }
    expect(judge.verdict(250)).toEqual({ kind: 'Undecided' });
    expect(judge.metrics()[0]?.worseMicroNats).toBeLessThan(0);
  });

  test('finds a strong agent that falls to the rate of the others', () => {
    const plan = planOf('Agent', analysis);
    const judge = judgeOf({ ...plan, past: pastOf([weak, strong]) });
    const writer = new OutcomeWriter();
    for (let turn = 0; turn < 100; turn += 1) {
      for (let index = 0; index < 9; index += 1) {
        judge.count(writer.run('stable', (turn * 9 + index) % 5 !== 0, { agentUid: 'weak' }));
      }
      judge.count(writer.run('candidate', turn % 5 !== 0, { agentUid: 'strong' }));
    }
    expect(judge.verdict(250)).toMatchObject({ kind: 'Worse' });
  });

  test('blames no candidate for an agent without a history, unless it fails nearly always', () => {
    const after = (isGood: (turn: number) => boolean, history: Counts) => {
      const young = { uid: 'young', ...history };
      const judge = judgeOf({ ...planOf('Agent', analysis), past: pastOf([strong, young]) });
      const writer = new OutcomeWriter();
      for (let turn = 0; turn < 300; turn += 1) {
        judge.count(writer.run('stable', true, { agentUid: 'strong' }));
        judge.count(writer.run('candidate', isGood(turn), { agentUid: 'young' }));
      }
      return judge.metrics()[0];
    };
    const never = (): boolean => false;
    const half = (turn: number): boolean => turn % 2 === 0;
    expect(after(never, { good: 0, bad: 0 })).toMatchObject({
      candidate: { bad: 300 },
      verdict: 'Undecided',
    });
    expect(after(half, { good: 3, bad: 0 })).toMatchObject({ verdict: 'Undecided' });
    expect(after(never, { good: 3, bad: 0 })).toMatchObject({ verdict: 'Worse' });
  });

  test('passes a candidate that fails nowhere, though no agent has a history: nobody waits for ever', () => {
    const judge = judgeOf({ ...planOf('Agent', analysis), past: pastOf([]) });
    const writer = new OutcomeWriter();
    for (let turn = 0; turn < 300; turn += 1) {
      judge.count(writer.run('stable', true, { agentUid: 'one' }));
      judge.count(writer.run('candidate', true, { agentUid: 'other' }));
    }
    expect(judge.verdict(250)).toMatchObject({ kind: 'NotWorse' });
  });

  test('judges the only agent that there is by its own history alone', () => {
    const plan = planOf('Agent', analysis);
    const judge = judgeOf({ ...plan, past: pastOf([strong]) });
    const writer = new OutcomeWriter();
    for (let turn = 0; turn < 3; turn += 1)
      judge.count(writer.run('candidate', false, { agentUid: 'strong' }));
    expect(judge.verdict(1)).toMatchObject({ kind: 'Worse' });
  });

  test('does not take it for a change of the world when other agents stay on stable than before', () => {
    const plan = planOf('Agent', analysis);
    const judge = judgeOf({ ...plan, past: pastOf([weak, strong]) });
    const writer = new OutcomeWriter();
    // Of the two only the weak one stays: its 80 % are no fall from the 90 % of both.
    for (let index = 0; index < 400; index += 1) {
      judge.count(writer.run('stable', index % 5 !== 0, { agentUid: 'weak' }));
      if (index % 4 === 0)
        judge.count(writer.run('candidate', index % PERCENT !== 0, { agentUid: 'strong' }));
    }
    const [metric] = judge.metrics();
    const { recent, recentExpected } = metric ?? { recent: { good: 0, bad: 0 }, recentExpected: 0 };
    expect(recentExpected / (recent.good + recent.bad)).toBeCloseTo(0.8, 2);
    expect(recent.good / recentExpected).toBeCloseTo(1, 1);
  });

  test('has a history in which a session is one outcome, as it is where it counts', () => {
    const writer = new OutcomeWriter(0);
    const outcomes = [
      writer.run('stable', true, { session: 's', costNanoUsd: 5 }),
      writer.run('stable', false, { session: 's', costNanoUsd: 7 }),
      writer.run('stable', false),
    ];
    const past = judgingPast([historyOf('agent-0', outcomes, { feedbackMetric: 'helpful' })]);
    expect(past.histories.get('agent-0')?.RunSucceeded).toEqual({ good: 1, bad: 1 });
    expect(past.before.RunSucceeded).toEqual({ good: 1, bad: 1 });
    expect(past.costs?.get('agent-0')).toEqual({ runs: 2, nanoUsd: 12 });
  });
});

test('A candidate that always fails beside agents that never did is stopped within six outcomes, also with histories of 40', () => {
  const past = pastOf(['a', 'b', 'c', 'd'].map((uid) => ({ uid, good: 40, bad: 0 })));
  const metrics = [{ metric: 'RunSucceeded' as const }, { metric: 'SchemaValid' as const }];
  const writer = new OutcomeWriter();
  const round = (): JudgedOutcome[] => [
    writer.run('candidate', false, { agentUid: 'a' }),
    ...['b', 'c', 'd'].map((uid) => writer.run('stable', true, { agentUid: uid })),
  ];
  const judge = countAll(
    judgeOf(planOf('Agent', { metrics }, past)),
    Array.from({ length: 6 }, round).flat(),
  );
  expect(judge.verdict(30)).toMatchObject({ kind: 'Worse' });
});

describe('A guard', () => {
  test('stops after so many answers in a row that do not fit, also when the next one fits before anybody looks', () => {
    const writer = new OutcomeWriter();
    const bad = (): JudgedOutcome => writer.run('candidate', true, { isSchemaValid: false });
    const good = (): JudgedOutcome => writer.run('candidate', true, { isSchemaValid: true });
    const judge = countAll(judgeOf(planOf()), [bad(), bad(), good(), bad(), bad()]);
    expect(judge.verdict(1)).toEqual({ kind: 'Undecided' });
    countAll(judge, [bad(), good()]);
    expect(judge.verdict(1)).toEqual({
      kind: 'Worse',
      reason: 'SchemaFailures',
      message: '3 answers of the candidate in a row did not fit the output schema.',
    });
  });

  test('counts every run of a session, unlike the metrics', () => {
    const writer = new OutcomeWriter();
    const judge = judgeOf(planOf());
    for (let index = 0; index < 3; index += 1) {
      judge.count(writer.run('candidate', true, { session: 's', isSchemaValid: false }));
    }
    expect(judge.verdict(1)).toMatchObject({ reason: 'SchemaFailures' });
  });

  test('stops at a security event of the candidate, not at one of stable', () => {
    const writer = new OutcomeWriter();
    const judge = countAll(judgeOf(planOf()), [writer.safety('stable')]);
    expect(judge.verdict(1)).toEqual({ kind: 'Undecided' });
    expect(countAll(judge, [writer.safety('candidate')]).verdict(1)).toMatchObject({
      reason: 'SafetyEvents',
    });
  });

  test('stops when runs cost more than five times as much as on stable, and not for a single long one', () => {
    const writer = new OutcomeWriter();
    const judge = judgeOf(planOf());
    for (let index = 0; index < 20; index += 1)
      judge.count(writer.run('stable', true, { costNanoUsd: 1000 }));
    judge.count(writer.run('candidate', true, { costNanoUsd: 40_000 }));
    for (let index = 0; index < 8; index += 1)
      judge.count(writer.run('candidate', true, { costNanoUsd: 5200 }));
    expect(judge.verdict(1)).toEqual({ kind: 'Undecided' });
    judge.count(writer.run('candidate', true, { costNanoUsd: 5200 }));
    expect(judge.verdict(1)).toMatchObject({
      reason: 'Cost',
      message: expect.stringContaining('8.7 times as much as on stable') as string,
    });
  });

  test('holds the cost of an agent against its own, since agents differ', () => {
    const plan = planOf('Agent');
    const costs = new Map([['dear', { runs: 50, nanoUsd: 500_000 }]]);
    const judge = judgeOf({ ...plan, past: { ...NO_PAST, costs } });
    const writer = new OutcomeWriter();
    for (let index = 0; index < 30; index += 1) {
      judge.count(writer.run('stable', true, { costNanoUsd: 10, agentUid: 'cheap' }));
      judge.count(writer.run('candidate', true, { costNanoUsd: 10_000, agentUid: 'dear' }));
      judge.count(writer.run('candidate', true, { costNanoUsd: 90_000, agentUid: 'new' }));
    }
    expect(judge.verdict(1)).toEqual({ kind: 'Undecided' });
    expect(judge.status(SINCE, 1, 1).cost).toMatchObject({ candidateRuns: 30, expectedNanoUsd: 300_000 });
  });

  test('that is 0 never stops', () => {
    const guards = { consecutiveSchemaFailures: 0, costFactor: 0, safetyEvents: 0 };
    const judge = judgeOf(planOf('Session', { metrics: [{ metric: 'RunSucceeded' }], guards }));
    const writer = new OutcomeWriter();
    for (let index = 0; index < 20; index += 1) {
      judge.count(writer.run('stable', true, { costNanoUsd: 1 }));
      judge.count(writer.run('candidate', true, { costNanoUsd: 100, isSchemaValid: false }));
      judge.count(writer.safety('candidate'));
    }
    expect(judge.verdict(1)).toEqual({ kind: 'Undecided' });
  });
});

describe('A metric', () => {
  test('that no run speaks of is undecided, never a pass', () => {
    const metrics = [{ metric: 'RunSucceeded' as const }, { metric: 'SchemaValid' as const }];
    const judge = countAll(judgeOf(planOf('Session', { metrics })), turns(new OutcomeWriter(), EQUAL));
    expect(judge.metrics().map(({ verdict }) => verdict)).toEqual(['NotWorse', 'Undecided']);
    expect(judge.verdict(250)).toEqual({ kind: 'Undecided' });
  });

  test('of a schema, when it is judged by default, is wanted only where any answer has a schema', () => {
    const outcomes = turns(new OutcomeWriter(), EQUAL);
    expect(countAll(judgeOf(planOf('Session', {})), outcomes).verdict(250)).toEqual({ kind: 'NotWorse' });
    const [first, ...others] = outcomes;
    const spoken = { ...first, isSchemaValid: true } as JudgedOutcome;
    expect(countAll(judgeOf(planOf('Session', {})), [spoken, ...others]).verdict(250)).toEqual({
      kind: 'Undecided',
    });
  });

  test('of feedback alone is still wanted: no data is never a pass', () => {
    const plan = planOf('Session', { metrics: [{ metric: 'Feedback' }] });
    expect(countAll(judgeOf(plan), turns(new OutcomeWriter(), EQUAL)).verdict(1)).toEqual({
      kind: 'Undecided',
    });
    expect(
      judgingRules({ metrics: [{ metric: 'Feedback', isRequired: false }] }).metrics[0]?.isRequired,
    ).toBe(true);
  });

  test('of feedback hears the named word alone, and once of each run', () => {
    const plan = planOf('Session', { metrics: [{ metric: 'Feedback', feedbackMetric: 'solved' }] });
    const writer = new OutcomeWriter();
    const judge = countAll(judgeOf(plan), [
      writer.feedback('candidate', true, { metric: 'solved', runId: 'r' }),
      writer.feedback('candidate', false, { metric: 'solved', runId: 'r' }),
      writer.feedback('candidate', false),
      writer.run('candidate', false),
    ]);
    expect(judge.metrics()[0]?.candidate).toEqual({ good: 1, bad: 0 });
  });

  test('of feedback can stop a candidate whose runs are all well', () => {
    const metrics = [{ metric: 'RunSucceeded' as const }, { metric: 'Feedback' as const }];
    const judge = judgeOf(planOf('Session', { metrics }));
    const writer = new OutcomeWriter();
    for (let turn = 0; turn < 60; turn += 1) {
      for (let index = 0; index < 20; index += 1) judge.count(writer.feedback('stable', index !== 0));
      judge.count(writer.run('candidate', true));
      judge.count(writer.feedback('candidate', turn % 2 === 0));
    }
    expect(judge.verdict(10)).toMatchObject({
      kind: 'Worse',
      message: expect.stringMatching(/^Feedback: /) as string,
    });
  });

  test('of cost and latency is good within its bound', () => {
    const metrics = [
      { metric: 'WithinCost' as const, usdPerRun: '0.000001' },
      { metric: 'WithinLatency' as const, seconds: 2 },
    ];
    const writer = new OutcomeWriter();
    const judge = countAll(judgeOf(planOf('Session', { metrics })), [
      writer.run('candidate', true, { costNanoUsd: 1000, durationMicroseconds: 2_000_000 }),
      writer.run('candidate', true, { costNanoUsd: 1001, durationMicroseconds: 2_000_001 }),
      // Its price is not known: that is neither good nor bad.
      writer.run('candidate', true),
    ]);
    expect(judge.metrics().map(({ candidate }) => candidate)).toEqual([
      { good: 1, bad: 1 },
      { good: 2, bad: 1 },
    ]);
  });

  test('shares the allowed error with the others, and an error of 100 % proves nothing without outcomes', () => {
    const metrics = [{ metric: 'RunSucceeded' as const }, { metric: 'NotRefused' as const }];
    expect(judgingRules({ metrics, falseRollbackPercent: '1' }).worseAlpha).toBeCloseTo(0.005, 12);
    const careless = planOf('Session', {
      metrics: [{ metric: 'RunSucceeded' }],
      falseRollbackPercent: '100',
    });
    const judge = countAll(judgeOf(careless), [new OutcomeWriter().run('stable', true)]);
    expect(judge.verdict(1)).toEqual({ kind: 'Undecided' });
  });
});

describe('Mistakes of others (Omnia)', () => {
  test('1: a candidate that ran the stable prompt is no outcome of the candidate', () => {
    const run = new OutcomeWriter().run('candidate', false, { digest: STABLE_DIGEST });
    expect(countAll(judgeOf(planOf()), [run]).metrics()[0]?.candidate).toEqual({ good: 0, bad: 0 });
  });

  test('2: nor is one of another arm with the digest of the candidate, and neither is lost in the cursor', () => {
    const run = new OutcomeWriter().run('stable', false, { digest: CANDIDATE_DIGEST });
    const judge = countAll(judgeOf(planOf()), [run]);
    expect(judge.metrics()[0]).toMatchObject({ candidate: { good: 0, bad: 0 }, stable: { good: 0, bad: 0 } });
    expect(judge.cursor).toBe(run.position);
  });

  test('3: a stale outcome of an earlier rollout counts for nothing: neither its digest, nor what stands before the start', () => {
    const early = new OutcomeWriter(10);
    const late = new OutcomeWriter();
    const judge = countAll(judgeOf(planOf()), [
      early.run('candidate', false),
      late.run('candidate', false, { digest: 'c'.repeat(64) }),
    ]);
    expect(judge.metrics()[0]?.candidate).toEqual({ good: 0, bad: 0 });
  });

  test('3: a session that was seen with an earlier digest is new with this one', () => {
    const writer = new OutcomeWriter();
    const stale = writer.run('candidate', false, { session: 's', digest: 'c'.repeat(64) });
    const judge = judgeOf(planOf());
    judge.advanceTo(stale.position);
    judge.remember(stale);
    judge.count(writer.run('candidate', true, { session: 's' }));
    expect(judge.metrics()[0]?.candidate).toEqual({ good: 1, bad: 0 });
  });

  test('8: metrics and costs are counted of the same runs', () => {
    const writer = new OutcomeWriter();
    const judge = judgeOf(planOf());
    for (let index = 0; index < 12; index += 1) {
      judge.count(writer.run('stable', true, { costNanoUsd: 100 }));
      judge.count(writer.run('candidate', true, { costNanoUsd: 100 }));
      judge.count(writer.run('candidate', true, { costNanoUsd: 1e9, digest: 'c'.repeat(64) }));
    }
    const { cost, metrics } = judge.status(SINCE, 1, 1);
    expect(cost).toMatchObject({
      stableRuns: 12,
      stableNanoUsd: 1200,
      candidateRuns: 3,
      candidateNanoUsd: 300,
    });
    expect(metrics[0]).toMatchObject({ stable: { good: 12, bad: 0 }, candidate: { good: 12, bad: 0 } });
  });
});

describe('A fold that is broken off', () => {
  const metrics = [
    { metric: 'RunSucceeded' as const },
    { metric: 'SchemaValid' as const },
    { metric: 'Feedback' as const },
  ];
  const anyOutcome = fc.record({
    kind: fc.constantFrom(
      'run' as const,
      'run' as const,
      'run' as const,
      'feedback' as const,
      'safety' as const,
    ),
    isCandidate: fc.boolean(),
    isGood: fc.boolean(),
    fits: fc.constantFrom(true, false, undefined),
    costNanoUsd: fc.option(fc.integer({ min: 0, max: 1e6 }), { nil: undefined }),
    session: fc.constantFrom(undefined, 's0', 's1', 's2', 's3'),
    agentUid: fc.constantFrom('agent-0', 'agent-1', 'agent-2'),
    isStale: fc.constantFrom(false, false, false, true),
  });

  test('and taken up from the status gives the same as one that was not, wherever, however often and whatever is told twice', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('Agent' as const, 'Session' as const),
        fc.array(anyOutcome, { minLength: 1, maxLength: 120 }),
        fc.array(fc.nat(120), { maxLength: 4 }),
        (unit, told, breaks) => {
          const guards = { consecutiveSchemaFailures: 0, safetyEvents: 0 };
          const plan = planOf(unit, { metrics, guards });
          const past = pastOf([
            { uid: 'agent-0', good: 90, bad: 10 },
            { uid: 'agent-1', good: 40, bad: 1 },
          ]);
          const whole = { ...plan, past };
          const writer = new OutcomeWriter();
          const outcomes = told.map((one): JudgedOutcome => {
            const arm = one.isCandidate ? 'candidate' : 'stable';
            const { agentUid, session } = one;
            const rest = {
              agentUid,
              ...(session !== undefined && { session }),
              ...(one.isStale && { digest: 'c'.repeat(64) }),
            };
            if (one.kind === 'safety') return { ...writer.safety(arm), ...rest };
            if (one.kind === 'feedback') return writer.feedback(arm, one.isGood, rest);
            return writer.run(arm, one.isGood, {
              ...rest,
              ...(one.fits !== undefined && { isSchemaValid: one.fits }),
              ...(one.costNanoUsd !== undefined && { costNanoUsd: one.costNanoUsd }),
            });
          });
          const unbroken = countAll(judgeOf(whole), outcomes).status(SINCE, 250, 60);

          let saved: AnalysisStatus | undefined;
          for (const end of [...breaks.toSorted((left, right) => left - right), outcomes.length]) {
            const judge = new CanaryJudge(whole, saved, 1000);
            for (const outcome of outcomes) judge.remember(outcome);
            // All from the start again: what was counted is not counted twice.
            countAll(judge, outcomes.slice(0, end));
            saved = AnalysisStatus.parse(JSON.parse(JSON.stringify(judge.status(SINCE, 250, 60))));
          }
          expect(saved).toEqual(unbroken);
        },
      ),
      { numRuns: 150, seed: 8 },
    );
  });
});
