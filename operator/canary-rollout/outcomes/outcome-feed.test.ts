import { beforeEach, describe, expect, it } from 'vitest';
import type { OutcomePage, RolloutOutcomes } from '#adapters/ledger-reader/rollout-outcomes.ts';
import type { CanaryRollout } from '#crds/canary-rollout.ts';
import type { AnalysisStatus } from '#crds/rollout-progress.ts';
import type { ExposureUnit } from '#crds/rollout-release.ts';
import type { AgentHistory } from '#domain/judging/agent-history.ts';
import type { JudgedOutcome } from '#domain/judging/run-outcome.ts';
import { OutcomeFeed } from './outcome-feed.ts';

const STABLE = { name: 'v1', digest: '1'.repeat(64) };
const CANDIDATE = { name: 'v2', digest: '2'.repeat(64) };
const SINCE = '2026-11-26T10:00:00.000Z';
const PAGE = 7;

/** A ledger of outcomes at odd positions; what lies between is of others. */
class Ledger implements RolloutOutcomes {
  readonly outcomes: JudgedOutcome[] = [];
  last = 0;
  isAway = false;
  asked: Date | undefined;
  startPosition = 0;
  historiesOf: readonly AgentHistory[] = [];

  add(
    changes:
      | Partial<Extract<JudgedOutcome, { kind: 'run' }>>
      | { kind: 'safety'; event: string; atMicroseconds?: number; runBeganAtMicroseconds?: number }
      | { kind: 'feedback'; metric: string; isGood: boolean; runBeganAtMicroseconds?: number },
  ): void {
    this.last += 2;
    const arm = 'arm' in changes ? changes.arm : undefined;
    this.outcomes.push({
      position: this.last - 1,
      atMicroseconds: Date.parse(SINCE) * 1000 + this.last,
      runId: `run-${this.last}`,
      agentUid: 'uid-1',
      arm: 'candidate',
      digest: arm === 'stable' ? STABLE.digest : CANDIDATE.digest,
      kind: 'run',
      hasSucceeded: true,
      durationMicroseconds: 1,
      ...changes,
    } as JudgedOutcome);
  }

  async positionBefore(_: unknown, time: Date): Promise<number> {
    if (this.isAway) throw new Error('nobody answers.');
    this.asked = time;
    return this.startPosition;
  }

  async histories(): Promise<readonly AgentHistory[]> {
    return this.historiesOf;
  }

  async outcomesAfter(_: unknown, after: number): Promise<OutcomePage> {
    if (this.isAway) throw new Error('nobody answers.');
    const outcomes = this.outcomes.filter(({ position }) => position > after).slice(0, PAGE);
    const isEnd = outcomes.length < PAGE;
    return {
      outcomes,
      skipped: 0,
      position: isEnd ? this.last : (outcomes.at(-1)?.position ?? after),
      isEnd,
    };
  }
}

let ledger: Ledger;
let milliseconds: number;
let stopped: string[];
beforeEach(() => {
  ledger = new Ledger();
  milliseconds = Date.parse(SINCE) + 60_000;
  stopped = [];
});

function newFeed(): OutcomeFeed {
  return new OutcomeFeed({
    source: ledger,
    now: () => new Date(milliseconds),
    onOutcome: () => undefined,
    onSkipped: () => undefined,
    onWorse: (reason) => void stopped.push(reason),
  });
}

function aRollout(
  analysis: AnalysisStatus | undefined,
  { unit = 'Session', basisPoints = 100 }: { unit?: ExposureUnit; basisPoints?: number } = {},
): CanaryRollout {
  return {
    apiVersion: '',
    kind: '',
    metadata: { namespace: 'shop', name: 'triage', uid: 'u', generation: 1, resourceVersion: '1' },
    spec: { prompt: 'triage', versionRef: { name: 'v2' } },
    status: {
      stable: STABLE,
      candidate: CANDIDATE,
      candidateSince: SINCE,
      exposure: { unit, basisPoints, percent: '1', salt: 'salt', agents: 1, exposedAgents: 1 },
      ...(analysis !== undefined && { analysis }),
    },
  };
}

/** A pass, and what it began to read. */
async function pass(feed: OutcomeFeed, rollout: CanaryRollout) {
  const observed = feed.observe(rollout);
  await new Promise((resolve) => setImmediate(resolve));
  return observed;
}

/** Passes until what is shown is of all there is. */
async function settle(feed: OutcomeFeed, saved: AnalysisStatus | undefined, unit: ExposureUnit) {
  let observed = feed.observe(aRollout(saved, { unit }));
  for (let passes = 0; passes < 4; passes += 1) {
    milliseconds += 3_000;
    observed = await pass(feed, aRollout(observed.analysis ?? saved, { unit }));
  }
  return observed;
}

/** Of stable and candidate, in sessions that come back. */
function fillLedger(count: number): void {
  for (let number = 0; number < count; number += 1) {
    const isCandidate = number % 3 === 0;
    ledger.add({
      arm: isCandidate ? 'candidate' : 'stable',
      hasSucceeded: number % 4 !== 0,
      isSchemaValid: number % 5 !== 0,
      costNanoUsd: 1_000 + number,
      session: String(number % 11).padStart(32, '0'),
      agentUid: `uid-${number % 6}`,
    });
  }
}

const HISTORIES: readonly AgentHistory[] = Array.from({ length: 6 }, (_, number) => ({
  agentUid: `uid-${number}`,
  metrics: { RunSucceeded: { good: 90, bad: 10 }, SchemaValid: { good: 95, bad: 5 } },
  costs: { runs: 100, nanoUsd: 100_000 },
  safetyEvents: [],
}));

describe('the outcomes of a candidate', () => {
  it.each<ExposureUnit>(['Session', 'Agent'])(
    'are counted once each by unit %s wherever the operator is killed: what stands in the status goes on to what an unbroken one has',
    async (unit) => {
      ledger.historiesOf = HISTORIES;
      const written: AnalysisStatus[] = [];
      const unbroken = newFeed();
      let saved: AnalysisStatus | undefined;
      for (let rounds = 0; rounds < 12; rounds += 1) {
        fillLedger(5);
        saved = (await settle(unbroken, saved, unit)).analysis;
        if (saved !== undefined) written.push(saved);
      }
      const last = written.at(-1);
      expect(last?.cursor).toBeGreaterThan(100);
      expect(last?.metrics[0]?.candidate.good).toBeGreaterThan(0);
      for (const killedAfter of [undefined, ...written]) {
        const resumed = (await settle(newFeed(), killedAfter, unit)).analysis;
        // How long it still takes is told by the clock.
        expect({ ...resumed, missingSeconds: undefined }).toEqual({ ...last, missingSeconds: undefined });
      }
    },
  );

  it('are counted anew where what stands in the status is no state of this judge', async () => {
    fillLedger(30);
    const { analysis } = await settle(newFeed(), undefined, 'Session');
    const broken = analysis && {
      ...analysis,
      metrics: analysis.metrics.map((metric) => ({ ...metric, worse: [] })),
    };
    const again = await settle(newFeed(), broken, 'Session');
    expect({ ...again.analysis, missingSeconds: undefined }).toEqual({
      ...analysis,
      missingSeconds: undefined,
    });
  });

  it('begin at the position of the ledger when the candidate did, whichever operator asks first', async () => {
    ledger.startPosition = 4;
    for (let number = 0; number < 4; number += 1) ledger.add({});
    const { analysis } = await settle(newFeed(), undefined, 'Session');
    expect(ledger.asked).toEqual(new Date(Date.parse(SINCE) - 5_000));
    expect(analysis).toMatchObject({ startPosition: 4, since: SINCE });
    expect(analysis?.metrics[0]?.candidate).toEqual({ good: 2, bad: 0 });
  });

  it('wait while the ledger is away, which is said, and are all counted afterwards', async () => {
    const feed = newFeed();
    const before = await settle(feed, undefined, 'Session');
    ledger.isAway = true;
    fillLedger(9);
    const away = await settle(feed, before.analysis, 'Session');
    expect(away.problem).toBe('Outcomes cannot be read from the ledger: nobody answers.');
    expect(away.analysis).toEqual(before.analysis);
    ledger.isAway = false;
    milliseconds += 60_000;
    const after = await settle(feed, before.analysis, 'Session');
    expect(after.problem).toBeUndefined();
    expect(after.analysis?.cursor).toBe(18);
  });

  it('are told at most every two seconds, and a candidate that is worse at once, with the runs that show it', async () => {
    const feed = newFeed();
    const first = (await settle(feed, undefined, 'Session')).analysis;
    const show = async () => {
      milliseconds += 1_000;
      await pass(feed, aRollout(first));
      return feed.observe(aRollout(first));
    };
    ledger.add({});
    const second = await show();
    ledger.add({});
    const tooSoon = await show();
    expect(tooSoon.analysis).toBe(second.analysis);
    for (let number = 0; number < 7; number += 1) ledger.add({ hasSucceeded: false, isSchemaValid: false });
    const worse = await show();
    expect(worse.verdict).toMatchObject({ kind: 'Worse', reason: 'SchemaFailures' });
    expect(worse.verdict).toHaveProperty(
      'message',
      expect.stringContaining(
        'Runs of the candidate that failed (capataz trace RUN): run-10, run-12, run-14, run-16, run-18.',
      ),
    );
    expect(worse.analysis).toMatchObject({ stop: { reason: 'SchemaFailures' } });
    expect(stopped).toEqual(['SchemaFailures']);
  });

  it('stop a candidate that does what stable never did, and not one that does the same', async () => {
    ledger.add({ kind: 'safety', event: 'unknown_tool_called' });
    expect((await settle(newFeed(), undefined, 'Session')).verdict).toMatchObject({ reason: 'SafetyEvents' });
    const [history] = HISTORIES;
    ledger.historiesOf = history ? [{ ...history, safetyEvents: ['unknown_tool_called'] }] : [];
    expect((await settle(newFeed(), undefined, 'Session')).verdict).toEqual({ kind: 'Undecided' });
  });

  it('of an earlier try of the same version do not count when it is tried again', async () => {
    const since = Date.parse(SINCE) * 1000;
    const second = 1_000_000;
    for (let number = 0; number < 3; number += 1) {
      const ended = { hasSucceeded: false, isSchemaValid: false, durationMicroseconds: 3 * second };
      ledger.add({ ...ended, atMicroseconds: since - second });
      // Begun before, ended after.
      ledger.add({ ...ended, atMicroseconds: since + second });
      ledger.add({ kind: 'safety', event: 'unknown_tool_called', atMicroseconds: since - second });
    }
    // What is told now of a run of that time: a person who comes to it late, a tool that it calls still.
    const ofThen = { runBeganAtMicroseconds: since - second };
    ledger.add({ kind: 'safety', event: 'unknown_tool_called', ...ofThen });
    ledger.add({ atMicroseconds: since + 4 * second, durationMicroseconds: 3 * second });
    const { analysis, verdict } = await settle(newFeed(), undefined, 'Session');
    expect(verdict).toEqual({ kind: 'Undecided' });
    expect(analysis).toMatchObject({ consecutiveSchemaFailures: 0, safetyEvents: 0 });
    expect(analysis?.metrics[0]?.candidate).toEqual({ good: 1, bad: 0 });
  });

  it('are feedback of the runs of this try alone, however late somebody gives it', async () => {
    const since = Date.parse(SINCE) * 1000;
    const told = { kind: 'feedback', metric: 'helpful', isGood: false } as const;
    ledger.add({ ...told, runBeganAtMicroseconds: since - 1 });
    ledger.add({ ...told, runBeganAtMicroseconds: since });
    const rollout = aRollout(undefined);
    const judged = {
      ...rollout,
      spec: { ...rollout.spec, analysis: { metrics: [{ metric: 'Feedback' as const }] } },
    };
    const feed = newFeed();
    await pass(feed, judged);
    expect(feed.observe(judged).analysis?.metrics[0]?.candidate).toEqual({ good: 0, bad: 1 });
  });

  it('are not read while nobody takes the candidate', async () => {
    ledger.isAway = true;
    expect(newFeed().observe(aRollout(undefined, { basisPoints: 0 }))).toMatchObject({
      salt: undefined,
      problem: undefined,
    });
  });
});
