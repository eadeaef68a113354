import { describe, expect, it } from 'vitest';
import type { LedgerRecord } from '#domain/ledger/ledger-record.ts';
import type { EntryFilter, LedgerStore } from '../ledger-store.ts';
import {
  attempt,
  common,
  DIGEST,
  feedback,
  RECEIVED_AT,
  runBegun,
  runEnded,
  submitted,
} from './sample-records.ts';
import { withStore } from './store-place.ts';
import type { NewPlace } from './store-place.ts';

const PROMPT = { name: 'triage', version: 'v1', digest: DIGEST, arm: 'stable' } as const;
const CANDIDATE = { name: 'triage', version: 'v2', digest: 'e'.repeat(64), arm: 'candidate' } as const;
const ROLLOUT = { namespace: 'shop', name: 'triage' };
const SESSION = '5'.repeat(32);

async function append(store: LedgerStore, ...records: readonly LedgerRecord[]): Promise<void> {
  await store.append(
    records.map((record) => submitted(record)),
    RECEIVED_AT,
  );
}

/** One after another, as they come in batches of their own. */
async function appendEach(store: LedgerStore, ...records: readonly LedgerRecord[]): Promise<void> {
  for (const record of records) await append(store, record);
}

function agent(number: number) {
  return { name: `clerk-${number}`, uid: `uid-${number}` };
}

async function found(store: LedgerStore, filter: EntryFilter, count = 100) {
  const ids: string[] = [];
  let position = 0;
  for (;;) {
    const page = await store.entriesAfter(position, filter, count);
    for (const { canonical } of page.entries) {
      ids.push((JSON.parse(canonical) as { record: LedgerRecord }).record.id);
    }
    if (page.isEnd) return ids;
    position = page.position;
  }
}

const securityEvent = (id: string, event: string, runId: string): LedgerRecord => ({
  ...common(id),
  type: 'security_event',
  run: { id: runId },
  agent: agent(1),
  event,
  severity: 'low',
  action: 'blocked',
  owasp: [],
  sentence: 'It did.',
});

export function describeJudging(newPlace: NewPlace): void {
  describe('what judges of canaries read', () => {
    it('are the outcomes of a rollout in the order of the ledger, each with its run, however late it comes', async () => {
      await withStore(newPlace, async (store) => {
        const [one, two] = [
          { run: { id: 'run-1', session: SESSION }, agent: agent(1), prompt: PROMPT },
          { run: { id: 'run-2' }, agent: agent(2), prompt: CANDIDATE },
        ];
        await appendEach(
          store,
          // The router is there before the agent, and knows neither rollout nor uid.
          attempt('r-1', { run: { id: 'run-1' }, agent: { name: 'clerk-1' }, prompt: { digest: DIGEST } }),
          runBegun('r-2', one),
          runBegun('r-3', two),
          runEnded('r-4', two),
          runEnded('r-5', one),
          runEnded('r-6', { run: { id: 'run-3' }, agent: agent(3), prompt: { ...PROMPT, name: 'other' } }),
          runEnded('r-7', { run: { id: 'run-4' }, agent: agent(3), prompt: { digest: DIGEST } }),
          feedback('r-8'),
          feedback('r-9', { run: { id: 'run-4' } }),
          securityEvent('r-10', 'unknown_tool_called', 'run-1'),
          securityEvent('r-11', 'caller_refused', 'run-1'),
          runEnded('r-12', { ...one, namespace: 'mail' }),
        );
        for (const count of [1, 100]) {
          expect(await found(store, { rollout: ROLLOUT }, count)).toEqual(['r-4', 'r-5', 'r-8', 'r-10']);
        }
        expect(await found(store, { rollout: ROLLOUT, types: ['feedback'] })).toEqual(['r-8']);
        expect(await found(store, { rollout: ROLLOUT, runId: 'run-2' })).toEqual(['r-4']);
        expect(await found(store, { rollout: ROLLOUT, agent: 'clerk-2' })).toEqual(['r-4']);
        expect(await found(store, { rollout: ROLLOUT, namespaces: ['mail'] })).toEqual([]);
        expect(await found(store, { rollout: { namespace: 'mail', name: 'triage' } })).toEqual(['r-12']);
        expect(await found(store, { rollout: { namespace: 'nowhere', name: 'triage' } })).toEqual([]);
        const { entries } = await store.entriesAfter(0, { rollout: ROLLOUT }, 3);
        const ofOne = {
          agentUid: 'uid-1',
          arm: 'stable',
          digest: DIGEST,
          session: SESSION,
          // The router was there before, and the agent knows better.
          beganAtMicroseconds: RECEIVED_AT + 2,
        };
        expect(entries.map(({ run }) => run)).toEqual([
          {
            agentUid: 'uid-2',
            arm: 'candidate',
            digest: CANDIDATE.digest,
            beganAtMicroseconds: RECEIVED_AT + 3,
          },
          ofOne,
          ofOne,
        ]);
      });
    });

    it('hold nothing that was only claimed, told twice, ended from outside, or told of the run of another', async () => {
      await withStore(newPlace, async (store) => {
        const run = (number: number, uid = number) => ({
          run: { id: `run-${number}` },
          agent: agent(uid),
          prompt: PROMPT,
        });
        await store.append(
          [submitted(runEnded('r-1', run(1)), { trust: 'reported' }), submitted(runEnded('r-2', run(2)))],
          RECEIVED_AT,
        );
        await appendEach(
          store,
          feedback('r-3', { run: { id: 'run-1' } }),
          runEnded('r-4', { ...run(2), status: 'failed' }),
          runEnded('r-5', { ...run(3), status: 'stopped', reason: 'cancelled' }),
          feedback('r-6', { run: { id: 'run-2' }, verdict: 'neutral' }),
          feedback('r-7', { run: { id: 'run-2' }, agent: agent(9) }),
        );
        expect(await found(store, { rollout: ROLLOUT })).toEqual(['r-2']);
      });
    });

    it('are the counts of each agent on one version up to a position, the first of a session for all of it', async () => {
      await withStore(newPlace, async (store) => {
        const ended = (id: string, changes: Parameters<typeof runEnded>[1]): LedgerRecord =>
          runEnded(id, { run: { id: `run-${id}` }, agent: agent(1), prompt: PROMPT, ...changes });
        await appendEach(
          store,
          ended('r-1', { firstAnswerFits: 'yes', toolCalls: 2, failedToolCalls: 1, isRefusal: 'no' }),
          ended('r-2', { status: 'failed', firstAnswerFits: 'no', costNanoUsd: 9_000, isRefusal: 'yes' }),
          ended('r-3', { agent: agent(2), run: { id: 'run-3', session: SESSION }, durationMicroseconds: 1 }),
          ended('r-4', { agent: agent(2), run: { id: 'run-4', session: SESSION }, status: 'failed' }),
          feedback('r-5', { run: { id: 'run-3' } }),
          feedback('r-6', { run: { id: 'run-3' }, metric: 'correct', verdict: 'bad' }),
          securityEvent('r-7', 'unknown_tool_called', 'run-r-1'),
          ended('r-8', { prompt: CANDIDATE, status: 'failed' }),
        );
        const upTo = await store.lastPosition();
        await appendEach(store, ended('r-9', { agent: agent(3) }), ended('r-10', {}));
        const query = {
          namespace: 'shop',
          rollout: 'triage',
          promptDigest: DIGEST,
          upTo,
          feedbackMetric: 'helpful',
          costNanoUsd: 5_000,
          durationMicroseconds: 1_000,
        };
        const first = {
          agentUid: 'uid-1',
          metrics: {
            RunSucceeded: { good: 1, bad: 1 },
            SchemaValid: { good: 1, bad: 1 },
            ToolsSucceeded: { good: 0, bad: 1 },
            NotRefused: { good: 1, bad: 1 },
            WithinCost: { good: 1, bad: 1 },
            WithinLatency: { good: 0, bad: 2 },
          },
          costs: { runs: 2, nanoUsd: 10_000 },
          safetyEvents: ['unknown_tool_called'],
        };
        const second = {
          agentUid: 'uid-2',
          metrics: {
            RunSucceeded: { good: 1, bad: 0 },
            WithinCost: { good: 1, bad: 0 },
            WithinLatency: { good: 1, bad: 0 },
            Feedback: { good: 1, bad: 0 },
          },
          costs: { runs: 2, nanoUsd: 2_000 },
          safetyEvents: [],
        };
        const third = { agentUid: 'uid-3', metrics: {}, costs: { runs: 0, nanoUsd: 0 }, safetyEvents: [] };
        expect(await store.histories({ ...query, limit: 10 })).toEqual({ agents: [first, second, third] });
        expect(await store.histories({ ...query, limit: 1 })).toEqual({
          agents: [first],
          nextAfter: 'uid-1',
        });
        expect(await store.histories({ ...query, limit: 2, after: 'uid-1' })).toMatchObject({
          agents: [second, third],
          nextAfter: 'uid-3',
        });
        expect(await store.histories({ ...query, limit: 2, after: 'uid-3' })).toEqual({ agents: [] });
        expect(await store.histories({ ...query, namespace: 'nowhere', limit: 2 })).toEqual({ agents: [] });
      });
    });

    it('count the last 500 of an agent', async () => {
      await withStore(newPlace, async (store) => {
        const runs = Array.from({ length: 510 }, (_, number) =>
          runEnded(`r-${number}`, {
            run: { id: `run-${number}` },
            agent: agent(1),
            prompt: PROMPT,
            status: number < 20 ? 'failed' : 'succeeded',
          }),
        );
        await append(store, ...runs);
        const query = {
          namespace: 'shop',
          rollout: 'triage',
          promptDigest: DIGEST,
          feedbackMetric: 'helpful',
        };
        const { agents } = await store.histories({ ...query, upTo: 1_000, limit: 10 });
        expect(agents[0]?.metrics.RunSucceeded).toEqual({ good: 490, bad: 10 });
      });
    });

    it('begin at a time: after the last entry that was received before it', async () => {
      await withStore(newPlace, async (store) => {
        expect(await store.positionBefore(RECEIVED_AT)).toBe(0);
        for (const number of [1, 2, 3]) {
          await store.append([submitted(feedback(`r-${number}`))], RECEIVED_AT + number);
        }
        expect(await store.positionBefore(RECEIVED_AT)).toBe(0);
        expect(await store.positionBefore(RECEIVED_AT + 2)).toBe(1);
        expect(await store.positionBefore(RECEIVED_AT + 9)).toBe(3);
      });
    });
  });
}
