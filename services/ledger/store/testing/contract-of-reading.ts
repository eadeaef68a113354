import { describe, expect, it } from 'vitest';
import type { LedgerRecord, RecordOf } from '#domain/ledger/ledger-record.ts';
import type { RunQuery } from '../ledger-queries.ts';
import type { EntryFilter, LedgerStore } from '../ledger-store.ts';
import { attempt, common, RECEIVED_AT, rotation, runBegun, runEnded, submitted } from './sample-records.ts';
import { withStore } from './store-place.ts';
import type { NewPlace } from './store-place.ts';

async function append(store: LedgerStore, ...records: readonly LedgerRecord[]): Promise<void> {
  await store.append(
    records.map((record) => submitted(record)),
    RECEIVED_AT,
  );
}

function idOf({ canonical }: { readonly canonical: string }): string {
  return (JSON.parse(canonical) as { record: LedgerRecord }).record.id;
}

/** All that a reader sees who goes on after each answer's position, `count` at a time. */
async function follow(store: LedgerStore, filter: EntryFilter, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  let position = 0;
  for (;;) {
    const page = await store.entriesAfter(position, filter, count);
    expect(page.entries.length).toBeLessThanOrEqual(count);
    expect(page.position).toBeGreaterThanOrEqual(position);
    ids.push(...page.entries.map(idOf));
    if (page.isEnd) return ids;
    expect(page.position).toBeGreaterThan(position);
    position = page.position;
  }
}

export function describeReading(newPlace: NewPlace): void {
  describe('when entries are read', () => {
    it('filters by namespaces, types, run and agent, and by all of them together', async () => {
      await withStore(newPlace, async (store) => {
        await append(
          store,
          rotation('r-1'),
          runBegun('r-2'),
          attempt('r-3'),
          attempt('r-4', { agent: { name: 'other' }, run: { id: 'run-2' } }),
          attempt('r-5', { namespace: 'mail' }),
          runEnded('r-6'),
        );
        const filters: readonly (readonly [EntryFilter, readonly string[]])[] = [
          [{}, ['r-1', 'r-2', 'r-3', 'r-4', 'r-5', 'r-6']],
          [{ namespaces: ['mail'] }, ['r-5']],
          [{ namespaces: ['mail', 'shop', 'nowhere'] }, ['r-1', 'r-2', 'r-3', 'r-4', 'r-5', 'r-6']],
          [{ namespaces: [] }, []],
          [{ namespaces: ['nowhere'] }, []],
          [{ types: ['model_attempt'] }, ['r-3', 'r-4', 'r-5']],
          [{ types: ['run_ended', 'key_rotation', 'run_begun'] }, ['r-1', 'r-2', 'r-6']],
          [{ types: [] }, []],
          [{ types: ['gap'] }, []],
          [{ runId: 'run-1' }, ['r-2', 'r-3', 'r-5', 'r-6']],
          [{ runId: 'run-1', namespaces: ['shop'], types: ['model_attempt'] }, ['r-3']],
          [{ agent: 'other' }, ['r-4']],
          [{ agent: 'clerk', namespaces: ['shop'] }, ['r-2', 'r-3', 'r-6']],
        ];
        for (const [filter, ids] of filters) {
          for (const count of [1, 2, 100]) expect(await follow(store, filter, count)).toEqual(ids);
        }
      });
    });

    it('shows what was written after a page that was cut, whatever it was cut of', async () => {
      const filters: readonly EntryFilter[] = [
        {},
        { types: ['model_attempt'] },
        { types: ['model_attempt', 'key_rotation'] },
        { namespaces: ['shop'] },
        { runId: 'run-1' },
      ];
      await withStore(newPlace, async (store) => {
        for (const [place, filter] of filters.entries()) {
          const ids = Array.from({ length: 50 }, (_, index) => `r-${place * 100 + index}`);
          await append(store, ...ids.map((id) => attempt(id)));
          expect((await store.entriesAfter(0, filter, 1)).isEnd).toBe(false);
          const before = await store.lastPosition();
          await append(store, attempt(`r-${place * 100 + 99}`));
          const after = await store.entriesAfter(before, {}, 10);
          expect([after.entries.length, await store.lastPosition()]).toEqual([1, before + 1]);
        }
      });
    });

    it('neither skips nor repeats an entry for who goes on after a position while others write', async () => {
      await withStore(newPlace, async (store) => {
        const writing = (async () => {
          for (let number = 0; number < 120; number += 4) {
            await append(store, ...[0, 1, 2, 3].map((place) => attempt(`r-${number + place}`)));
          }
        })();
        const seen: string[] = [];
        let position = 0;
        while (seen.length < 120) {
          const page = await store.entriesAfter(position, {}, 7);
          seen.push(...page.entries.map(idOf));
          ({ position } = page);
        }
        await writing;
        expect(seen).toEqual(Array.from({ length: 120 }, (_, number) => `r-${number}`));
      });
    });

    it('tells a reader who has come to the end where to go on, and gives nothing after a position of the future', async () => {
      await withStore(newPlace, async (store) => {
        await append(store, rotation('r-1'), rotation('r-2'));
        expect(await store.entriesAfter(0, { types: ['gap'] }, 5)).toEqual({
          entries: [],
          position: 2,
          isEnd: true,
        });
        expect(await store.entriesAfter(7, {}, 5)).toEqual({ entries: [], position: 7, isEnd: true });
      });
    });

    it('ends a page of entries by what they weigh, and loses none of them', async () => {
      await withStore(newPlace, async (store) => {
        const tools = Array.from({ length: 10 }, (_, place) => 't'.repeat(200) + place);
        const ids = Array.from({ length: 12 }, (_, number) => `r-${number}`);
        await append(store, ...ids.map((id) => runBegun(id, { tools })));
        const seen: string[] = [];
        let position = 0;
        for (let pages = 0; pages < 4; pages += 1) {
          const page = await store.entriesAfter(position, {}, 1_000, 6_000);
          seen.push(...page.entries.map(idOf));
          expect(page.entries).toHaveLength(3);
          expect(page.isEnd).toBe(pages === 3);
          ({ position } = page);
        }
        expect(seen).toEqual(ids);
        // One that is heavier than a page is a page.
        expect((await store.entriesAfter(0, {}, 1_000, 1)).entries.map(idOf)).toEqual(['r-0']);
        expect((await store.entriesAfter(0, { types: ['gap'] }, 1_000, 1)).isEnd).toBe(true);
      });
    });

    it('gives the entries of one tree from an index on', async () => {
      await withStore(newPlace, async (store) => {
        await append(store, ...[0, 1, 2, 3, 4].map((place) => rotation(`r-${place}`)));
        await append(store, rotation('r-9', { namespace: 'mail' }));
        expect((await store.entriesByIndex('shop', 1, 3)).map(idOf)).toEqual(['r-1', 'r-2', 'r-3']);
        expect((await store.entriesByIndex('shop', 4, 100)).map(idOf)).toEqual(['r-4']);
        expect(await store.entriesByIndex('shop', 5, 100)).toEqual([]);
        expect(await store.entriesByIndex('nowhere', 0, 100)).toEqual([]);
      });
    });
  });

  describe('when runs are read', () => {
    it('gives the newest first and page by page, each run once, also while new ones begin', async () => {
      await withStore(newPlace, async (store) => {
        // Two of each moment: the id decides then.
        const begins = Array.from({ length: 21 }, (_, place) =>
          runBegun(`r-${place}`, {
            namespace: place % 3 === 0 ? 'mail' : 'shop',
            run: { id: `run-${String(place).padStart(2, '0')}` },
            atMicroseconds: RECEIVED_AT + Math.floor(place / 2),
          }),
        );
        await append(store, ...begins);
        const ids: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await store.runs({
            namespaces: undefined,
            limit: 4,
            ...(cursor === undefined ? {} : { cursor }),
          });
          expect(page.runs.length).toBeLessThanOrEqual(4);
          ids.push(...page.runs.map(({ id }) => id));
          cursor = page.nextCursor;
          const number = 100 + ids.length;
          await append(
            store,
            runBegun(`r-${number}`, { run: { id: `run-${number}` }, atMicroseconds: RECEIVED_AT * 2 }),
          );
        } while (cursor !== undefined);
        expect(ids).toEqual(begins.map(({ run }) => run.id).toReversed());
      });
    });

    it('filters by namespaces, agent, status, model, prompt and time', async () => {
      await withStore(newPlace, async (store) => {
        const other = 'e'.repeat(64);
        await append(
          store,
          runBegun('r-1', { run: { id: 'run-1' }, atMicroseconds: 1_000 }),
          attempt('r-2', { run: { id: 'run-1' }, model: 'slow' }),
          runEnded('r-3', { run: { id: 'run-1' } }),
          runBegun('r-4', { run: { id: 'run-2' }, agent: { name: 'other' }, atMicroseconds: 2_000 }),
          attempt('r-5', { run: { id: 'run-2' }, agent: { name: 'other' } }),
          runBegun('r-6', {
            run: { id: 'run-3' },
            namespace: 'mail',
            prompt: { digest: other },
            atMicroseconds: 3_000,
          }),
          runEnded('r-7', {
            run: { id: 'run-3' },
            namespace: 'mail',
            status: 'failed',
            reason: 'tool_failed',
          }),
        );
        const queries: readonly (readonly [Partial<RunQuery>, readonly string[]])[] = [
          [{}, ['run-3', 'run-2', 'run-1']],
          [{ namespaces: ['shop'] }, ['run-2', 'run-1']],
          [{ namespaces: ['mail', 'shop'] }, ['run-3', 'run-2', 'run-1']],
          [{ namespaces: [] }, []],
          [{ namespaces: ['shop'], agent: 'other' }, ['run-2']],
          [{ agent: 'clerk' }, ['run-3', 'run-1']],
          [{ status: 'running' }, ['run-2']],
          [{ status: 'failed' }, ['run-3']],
          [{ model: 'slow' }, ['run-1']],
          [{ promptDigest: other }, ['run-3']],
          [{ fromMicroseconds: 2_000 }, ['run-3', 'run-2']],
          [{ toMicroseconds: 2_000 }, ['run-1']],
          [{ fromMicroseconds: 2_000, toMicroseconds: 3_000, namespaces: ['shop'] }, ['run-2']],
        ];
        for (const [query, ids] of queries) {
          const { runs } = await store.runs({ namespaces: undefined, limit: 10, ...query });
          expect(runs.map(({ id }) => id)).toEqual(ids);
        }
      });
    });

    it('refuses a cursor that is not one of its own', async () => {
      await withStore(newPlace, async (store) => {
        for (const cursor of ['x', '', 'W10', Buffer.from('[1,2,3]').toString('base64url')]) {
          await expect(store.runs({ namespaces: undefined, limit: 10, cursor })).rejects.toThrow('cursor');
        }
      });
    });

    it('says of a run what its records say, and whether the agent told as many as it counted', async () => {
      await withStore(newPlace, async (store) => {
        const event: RecordOf<'security_event'> = {
          ...common('r-7'),
          type: 'security_event',
          run: { id: 'run-1' },
          event: 'unknown_tool_called',
          severity: 'low',
          action: 'blocked',
          owasp: [],
          sentence: 'A model called a tool that is not there.',
        };
        await append(
          store,
          runBegun('r-1', { trace: { traceId: 'a'.repeat(32) } }),
          attempt('r-2', { outcome: 'failed', run: { id: 'run-1', step: 1 } }),
          attempt('r-3', { model: 'slow', run: { id: 'run-1', step: 2 } }),
        );
        const { costNanoUsd: _, ...ofUnknownCost } = attempt('r-4');
        await append(store, ofUnknownCost, runEnded('r-5', { steps: 3, records: 3 }), event);
        const [run] = await store.runsOfId('run-1');
        expect(run).toEqual({
          id: 'run-1',
          namespace: 'shop',
          agent: 'clerk',
          status: 'succeeded',
          promptVersion: 'v1',
          promptDigest: 'd'.repeat(64),
          arm: 'stable',
          traceId: 'a'.repeat(32),
          beganAtMicroseconds: RECEIVED_AT + 1,
          endedAtMicroseconds: RECEIVED_AT + 5,
          durationMicroseconds: 7_000_000,
          steps: 3,
          modelCalls: 0,
          attempts: 3,
          toolCalls: 0,
          inputTokens: 333,
          outputTokens: 60,
          costNanoUsd: 2_000,
          attemptsOfUnknownCost: 1,
          models: ['fast', 'slow'],
          good: 0,
          bad: 0,
          securityEvents: 1,
          records: 6,
          isComplete: false,
          trust: 'witnessed',
        });
        // The one that was missing arrives.
        const { source } = runBegun('r-6');
        await append(store, runBegun('r-6', { source: { ...source, sequence: 3 } }));
        expect(await store.runsOfId('run-1')).toMatchObject([{ isComplete: true, records: 7 }]);
      });
    });

    it('reads a run off the spans that an agent reports, from the inside out, and lets no claim move what was witnessed', async () => {
      const span = (
        id: string,
        operation: string,
        began: number,
        changes: Partial<RecordOf<'reported_span'>> = {},
      ): RecordOf<'reported_span'> => ({
        ...common(id, { atMicroseconds: RECEIVED_AT + 1_000, ...changes }),
        type: 'reported_span',
        run: { id: 'run-1' },
        agent: { name: 'clerk' },
        trace: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) },
        operation,
        outcome: 'ok',
        beganAtMicroseconds: RECEIVED_AT + began,
        durationMicroseconds: 1_000 - began,
        ...changes,
      });
      const tokens = { input: 5, cachedInput: 1, cacheWrite: 0, output: 2 };
      await withStore(newPlace, async (store) => {
        await append(
          store,
          span('r-1', 'chat', 40, { tokens, modelAsked: 'theirs' }),
          span('r-2', 'execute_tool', 50),
          span('r-3', 'invoke_agent', 30, { outcome: 'error', parentSpanId: 'c'.repeat(16) }),
          span('r-4', 'invoke_agent', 10, { parentSpanId: 'd'.repeat(16) }),
          span('r-5', 'invoke_agent', 20, { outcome: 'error' }),
        );
        const claimed = {
          status: 'succeeded',
          beganAtMicroseconds: RECEIVED_AT + 10,
          durationMicroseconds: 990,
          modelCalls: 1,
          toolCalls: 1,
          inputTokens: 6,
          costNanoUsd: 0,
          models: ['theirs'],
        };
        expect(await store.runsOfId('run-1')).toMatchObject([claimed]);
        await append(
          store,
          runBegun('r-6', { namespace: 'mail' }),
          runEnded('r-7', { namespace: 'mail', status: 'failed' }),
        );
        await append(store, span('r-8', 'invoke_agent', -50, { namespace: 'mail' }));
        expect((await store.runsOfId('run-1'))[0]).toMatchObject({
          namespace: 'mail',
          status: 'failed',
          beganAtMicroseconds: RECEIVED_AT + 6,
        });
      });
    });

    it('believes the first end of a run, and calls a run reported as soon as one record of it is', async () => {
      await withStore(newPlace, async (store) => {
        await append(store, runBegun('r-1'), runEnded('r-2'), runEnded('r-3', { status: 'failed' }));
        expect(await store.runsOfId('run-1')).toMatchObject([{ status: 'succeeded', trust: 'witnessed' }]);
        await store.append([submitted(attempt('r-4'), { trust: 'reported' })], RECEIVED_AT);
        expect(await store.runsOfId('run-1')).toMatchObject([{ status: 'succeeded', trust: 'reported' }]);
      });
    });
  });
}
