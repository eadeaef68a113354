import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Agent } from 'undici';
import { createLedgerReader } from '#adapters/ledger-reader/ledger-reader.ts';
import { type RolloutOutcomes, createRolloutOutcomes } from '#adapters/ledger-reader/rollout-outcomes.ts';
import { type LedgerUnderTest, READER, TRIAGE, startLedgerUnderTest } from './testing/ledger-under-test.ts';
import { aRunEnded, aSecurityEvent } from './testing/sample-records.ts';

const STABLE = { name: 'triage', version: 'v1', digest: '1'.repeat(64), arm: 'stable' } as const;
const CANDIDATE = { name: 'triage', version: 'v2', digest: '2'.repeat(64), arm: 'candidate' } as const;
const ROLLOUT = { namespace: 'shop', name: 'triage' };
const AGENT = { name: 'triage', uid: 'uid-1' };
const SESSION = '5'.repeat(32);

let ledger: LedgerUnderTest;
let dispatcher: Agent;
let reader: RolloutOutcomes;
beforeEach(async () => {
  ledger = await startLedgerUnderTest();
  dispatcher = new Agent();
  reader = createRolloutOutcomes(
    createLedgerReader({
      baseUrl: ledger.url,
      dispatcher,
      headers: async () => ({ authorization: `Bearer ${READER}` }),
    }),
  );
  ledger.rights.set('ana', new Set(['get runs shop', 'get securityevents shop', 'create feedback shop']));
});
afterEach(async () => {
  await dispatcher.destroy();
  await ledger[Symbol.asyncDispose]();
});

async function tell(...records: readonly unknown[]): Promise<void> {
  const { body } = await ledger.request('POST', '/v1/records', { token: TRIAGE, body: { records } });
  expect(body).toEqual({ written: records.length, duplicates: 0, refused: [] });
}

describe('the outcomes of a rollout, over the wire', () => {
  it('are runs, feedback and the own conduct of the agent, in the order of the ledger', async () => {
    await tell(
      aRunEnded({
        run: { id: 'run-1', session: SESSION },
        agent: AGENT,
        prompt: CANDIDATE,
        firstAnswerFits: 'no',
        isRefusal: 'no',
        toolCalls: 2,
        failedToolCalls: 0,
        costNanoUsd: 7,
      }),
      aRunEnded({
        run: { id: 'run-2' },
        agent: AGENT,
        prompt: STABLE,
        status: 'failed',
        reason: 'overloaded',
      }),
      aSecurityEvent({
        source: aRunEnded().source,
        run: { id: 'run-2' },
        agent: AGENT,
        event: 'unknown_tool_called',
      }),
    );
    const told = { run: 'run-1', metric: 'helpful', verdict: 'bad' };
    expect((await ledger.request('POST', '/v1/feedback', { token: READER, body: told })).status).toBe(201);
    const { outcomes, skipped, isEnd, position } = await reader.outcomesAfter(ROLLOUT, 0);
    expect({ skipped, isEnd }).toEqual({ skipped: 0, isEnd: true });
    const candidate = { agentUid: 'uid-1', arm: 'candidate', digest: CANDIDATE.digest, session: SESSION };
    expect(outcomes).toMatchObject([
      {
        ...candidate,
        kind: 'run',
        runId: 'run-1',
        hasSucceeded: true,
        isSchemaValid: false,
        isRefusal: false,
        haveToolsSucceeded: true,
        costNanoUsd: 7,
      },
      { kind: 'run', runId: 'run-2', arm: 'stable', hasSucceeded: false },
      { kind: 'safety', runId: 'run-2', arm: 'stable', event: 'unknown_tool_called' },
      {
        ...candidate,
        kind: 'feedback',
        runId: 'run-1',
        metric: 'helpful',
        isGood: false,
        runBeganAtMicroseconds: expect.any(Number),
      },
    ]);
    expect(await reader.outcomesAfter(ROLLOUT, position)).toEqual({
      outcomes: [],
      skipped: 0,
      position,
      isEnd: true,
    });
  });

  it('are histories by agent, and a position by time', async () => {
    await tell(
      aRunEnded({ run: { id: 'run-1' }, agent: AGENT, prompt: STABLE }),
      aRunEnded({ run: { id: 'run-2' }, agent: AGENT, prompt: STABLE, status: 'failed', reason: 'steps' }),
    );
    expect(await reader.positionBefore(ROLLOUT, new Date(0))).toBe(0);
    const now = await reader.positionBefore(ROLLOUT, new Date(Date.now() + 60_000));
    expect(now).toBe(2);
    const [history] = await reader.histories(ROLLOUT, STABLE.digest, now, { feedbackMetric: 'helpful' });
    expect(history).toMatchObject({ agentUid: 'uid-1', metrics: { RunSucceeded: { good: 1, bad: 1 } } });
  });

  it('can be followed as a stream, and are of one namespace', async () => {
    const answer = await ledger.request('GET', '/v1/records?rollout=triage', { token: READER });
    expect(answer).toMatchObject({ status: 400, body: { error: { param: 'namespace' } } });
    const stream = await ledger.request('GET', '/v1/stream?rollout=triage', { token: READER });
    expect(stream.status).toBe(400);
  });

  it('are not waited for in silence where the ledger was restored and ends before the cursor', async () => {
    await tell(aRunEnded({ agent: AGENT, prompt: STABLE }));
    await expect(reader.outcomesAfter(ROLLOUT, 9)).rejects.toThrow('restored from a backup');
  });

  it('are refused with a sentence to whoever may not read runs', async () => {
    ledger.rights.set('ana', new Set());
    await expect(reader.outcomesAfter(ROLLOUT, 0)).rejects.toThrow('You lack the right "get agents/runs"');
    await expect(reader.positionBefore(ROLLOUT, new Date())).rejects.toThrow('You lack the right');
    await expect(reader.histories(ROLLOUT, STABLE.digest, 1, { feedbackMetric: 'helpful' })).rejects.toThrow(
      'You lack the right',
    );
  });
});

describe('whoever reads outcomes of a ledger that may be anybody', () => {
  const answering = (answer: unknown): RolloutOutcomes =>
    createRolloutOutcomes({ json: async (_path, _query, schema) => schema.parse(answer) });

  it('skips and counts entries that are broken, claimed, of another place or out of order, and takes the others', async () => {
    await tell(
      aRunEnded({ run: { id: 'run-1' }, agent: AGENT, prompt: STABLE }),
      aRunEnded({ run: { id: 'run-2' }, agent: AGENT, prompt: STABLE }),
    );
    const path = '/v1/records?namespace=shop&rollout=triage';
    const { entries } = (await ledger.request('GET', path, { token: READER })).body;
    const [first, second] = entries;
    const hostile = [
      null,
      7,
      { ...first, position: -1 },
      { ...first, position: 1e300 },
      { ...first, run: { ...first.run, arm: 'both' } },
      { ...first, entry: { ...first.entry, trust: 'reported' } },
      { ...first, entry: { ...first.entry, record: { ...first.entry.record, namespace: 'bank' } } },
      { ...first, entry: { ...first.entry, record: { ...first.entry.record, type: 'of tomorrow' } } },
      second,
      first,
      second,
      { ...second, position: 99 },
    ];
    const page = await answering({ entries: hostile, position: 2, isEnd: true }).outcomesAfter(ROLLOUT, 0);
    expect(page.outcomes).toMatchObject([{ runId: 'run-2', position: 2 }]);
    expect(page.skipped).toBe(hostile.length - 1);
  });

  it('says that a ledger was restored, instead of waiting there until it has grown past the cursor', async () => {
    const restored = answering({ entries: [], position: 3, isEnd: true });
    await expect(restored.outcomesAfter(ROLLOUT, 9)).rejects.toThrow('restored from a backup');
  });

  it('asks for no more pages of histories than go on', async () => {
    const agent = { agentUid: 'a', metrics: {}, costs: { runs: 0, nanoUsd: 0 }, safetyEvents: [] };
    const endless = answering({ agents: [agent], nextAfter: 'a' });
    const histories = await endless.histories(ROLLOUT, STABLE.digest, 1, { feedbackMetric: 'helpful' });
    expect(histories.length).toBeLessThanOrEqual(2);
  });
});
