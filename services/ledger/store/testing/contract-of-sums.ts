import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '#domain/canonical-json/canonical-json.ts';
import { LedgerEntry } from '#domain/ledger/ledger-entry.ts';
import type { LedgerRecord, RecordOf } from '#domain/ledger/ledger-record.ts';
import { COST_GROUPS, OUTCOME_GROUPS } from '../ledger-queries.ts';
import type { LedgerStore, SubmittedRecord } from '../ledger-store.ts';
import { recountCosts, recountOutcomes } from './naive-recount.ts';
import {
  attempt,
  feedback,
  HOUR_MICROSECONDS,
  RECEIVED_AT,
  runBegun,
  runEnded,
  submitted,
  verdict,
} from './sample-records.ts';
import { withStore } from './store-place.ts';
import type { NewPlace } from './store-place.ts';

const NO_GROUPS_ARE_MANY = 100_000;

async function everyEntry(store: LedgerStore): Promise<readonly LedgerEntry[]> {
  const { entries } = await store.entriesAfter(0, {}, 10_000);
  return entries.map(({ canonical }) => LedgerEntry.parse(JSON.parse(canonical)));
}

/** In an order of their own, for what comes first among equals is nobody's business. */
function unordered(rows: readonly object[]): readonly string[] {
  return rows.map((row) => canonicalJson(row)).toSorted();
}

const amount = fc.oneof(
  { weight: 4, arbitrary: fc.nat(1_000) },
  fc.integer({ min: 2 ** 40, max: 2 ** 52 }),
  fc.constant(Number.MAX_SAFE_INTEGER),
);
const place = fc.record({
  namespace: fc.constantFrom('shop', 'mail'),
  /** Over three days, and on their edges. */
  atMicroseconds: fc.oneof(
    fc.noBias(fc.integer({ min: RECEIVED_AT, max: RECEIVED_AT + 72 * HOUR_MICROSECONDS })),
    fc.integer({ min: 0, max: 72 }).map((hour) => 1_764_028_800_000_000 + hour * HOUR_MICROSECONDS),
  ),
  run: fc.integer({ min: 0, max: 5 }),
});

/** Given an id, a record; runs 0 to 5 of each namespace have begun before. */
const told = fc.oneof(
  fc
    .record({
      place,
      agent: fc.constantFrom('clerk', 'other'),
      model: fc.constantFrom('fast', 'slow'),
      digest: fc.constantFrom('d'.repeat(64), 'e'.repeat(64), undefined),
      outcome: fc.constantFrom('answered', 'failed', 'cut'),
      tokens: fc.option(
        fc.record({ input: amount, cachedInput: amount, cacheWrite: amount, output: amount }),
        { nil: undefined },
      ),
      cost: fc.option(amount, { nil: undefined }),
      trust: fc.constantFrom('witnessed', 'witnessed', 'reported'),
    })
    .map(
      ({ place: { run, ...where }, agent, model, digest, outcome, tokens, cost, trust }) =>
        (id: string) => {
          const { prompt: _, tokens: __, costNanoUsd: ___, ...record } = attempt(id);
          return submitted(
            {
              ...record,
              ...where,
              run: runOf(run),
              agent: { name: agent },
              model,
              outcome,
              ...(digest === undefined ? {} : { prompt: { digest } }),
              ...(tokens === undefined ? {} : { tokens }),
              ...(cost === undefined ? {} : { costNanoUsd: cost }),
            },
            { trust: trust },
          );
        },
    ),
  fc
    .record({
      place,
      status: fc.constantFrom('succeeded', 'stopped', 'failed'),
      cost: amount,
      duration: amount,
    })
    .map(({ place: { run, ...where }, status, cost, duration }) => (id: string) => {
      const { prompt: _, ...record } = runEnded(id);
      return submitted({
        ...record,
        ...where,
        run: runOf(run),
        agent: { name: agentOf(run) },
        status: status as 'succeeded',
        costNanoUsd: cost,
        durationMicroseconds: duration,
      });
    }),
  fc
    .record({
      place,
      verdict: fc.constantFrom('good', 'bad', 'neutral'),
      metric: fc.constantFrom('helpful', 'correct', 'probe_passed'),
    })
    .map(
      ({ place: { run, ...where }, verdict, metric }) =>
        (id: string) =>
          submitted(
            feedback(id, { ...where, run: { id: `run-${run}` }, verdict: verdict as 'good', metric }),
          ),
    ),
);

/** One in six is a probe. Whoever gives feedback later does not say so. */
function runOf(run: number): NonNullable<RecordOf<'model_attempt'>['run']> {
  return { id: `run-${run}`, ...(run === 5 && { purpose: 'probe' as const }) };
}

function agentOf(run: number): string {
  return run % 2 === 0 ? 'clerk' : 'other';
}

function begins(): readonly SubmittedRecord[] {
  return ['shop', 'mail'].flatMap((namespace) =>
    Array.from({ length: 6 }, (_, run) =>
      submitted(
        runBegun(`begin-${run}`, {
          namespace,
          run: runOf(run),
          agent: { name: agentOf(run) },
          prompt: {
            digest: (run % 3 === 0 ? 'd' : 'e').repeat(64),
            arm: run % 2 === 0 ? 'stable' : 'candidate',
          },
        }),
      ),
    ),
  );
}

export function describeSums(newPlace: NewPlace): void {
  describe('when sums are read', () => {
    it('are what a recount of the entries says, for every grouping and every time, beyond 2^53 too', async () => {
      const subset = <Name extends string>(names: readonly Name[]) => fc.subarray([...names]);
      // Without the bias of fast-check towards the ends of ranges: it is the middle that counts here.
      const time = fc.option(
        fc.noBias(
          fc.integer({ min: RECEIVED_AT - HOUR_MICROSECONDS, max: RECEIVED_AT + 73 * HOUR_MICROSECONDS }),
        ),
        { nil: undefined },
      );
      const query = fc.record({
        costs: subset(COST_GROUPS),
        outcomes: subset(OUTCOME_GROUPS),
        namespaces: fc.constantFrom(undefined, undefined, ['shop'], ['shop', 'mail'], []),
        from: time,
        to: time,
      });
      await fc.assert(
        fc.asyncProperty(
          fc.array(told, { minLength: 20, maxLength: 60 }),
          fc.integer({ min: 1, max: 20 }),
          fc.array(query, { minLength: 30, maxLength: 30 }),
          async (records, batchSize, queries) => {
            await withStore(newPlace, async (store) => {
              await store.append(begins(), RECEIVED_AT);
              const batch = records.map((make, number) => make(`r-${number}`));
              for (let start = 0; start < batch.length; start += batchSize) {
                await store.append(batch.slice(start, start + batchSize), RECEIVED_AT);
              }
              const entries = await everyEntry(store);
              expect(entries).toHaveLength(records.length + 12);
              for (const { costs, outcomes, namespaces, from, to } of queries) {
                const scope = {
                  ...(from === undefined ? {} : { fromMicroseconds: from }),
                  ...(to === undefined ? {} : { toMicroseconds: to }),
                };
                const recounted = { ...scope, ...(namespaces === undefined ? {} : { namespaces }) };
                const asked = { ...scope, namespaces, limit: NO_GROUPS_ARE_MANY };
                expect(unordered(await store.costs({ ...asked, by: costs }))).toEqual(
                  unordered(recountCosts(entries, costs, recounted)),
                );
                expect(unordered(await store.outcomes({ ...asked, by: outcomes }))).toEqual(
                  unordered(recountOutcomes(entries, outcomes, recounted)),
                );
              }
            });
          },
        ),
        { numRuns: 6, endOnFailure: true },
      );
    }, 120_000);

    it('count in a run what its own agent did, whatever another asks of the router under its id, before or after it began', async () => {
      const foreign = (id: string): readonly LedgerRecord[] => [
        attempt(`${id}-attempt`, { agent: { name: 'intruder' }, costNanoUsd: 7 }),
      ];
      const own = [
        runBegun('begin'),
        attempt('own', { costNanoUsd: 1 }),
        runEnded('end', { status: 'succeeded', records: 2 }),
      ];
      for (const records of [
        [...foreign('before'), ...own],
        [own[0], ...foreign('between'), ...own.slice(1)],
        [...own, ...foreign('after')],
      ]) {
        await withStore(newPlace, async (store) => {
          for (const record of records) {
            if (record !== undefined) await store.append([submitted(record)], RECEIVED_AT);
          }
          const [run] = await store.runsOfId('run-1');
          expect(run).toMatchObject({ agent: 'clerk', status: 'succeeded', attempts: 1, costNanoUsd: 1 });
          expect(run).toMatchObject({ records: records.length, isComplete: true });
          // Who caused a charge bears it.
          const costs = await store.costs({ namespaces: undefined, by: ['agent'], limit: 10 });
          expect(costs.map(({ group, costNanoUsd }) => [group.agent, costNanoUsd])).toEqual([
            ['intruder', 7],
            ['clerk', 1],
          ]);
        });
      }
    });

    it('tell what runs of another purpose came to and cost by their own metric, and leave them out of everything else', async () => {
      const run = { id: 'probe-1', purpose: 'probe' } as const;
      await withStore(newPlace, async (store) => {
        const records: readonly LedgerRecord[] = [
          runBegun('p-begin', { run }),
          attempt('p-1', { run, costNanoUsd: 40 }),
          // The second never ended: it is charged all the same.
          attempt('p-2', { run: { ...run, id: 'probe-2' }, costNanoUsd: 2 }),
          runEnded('p-end', { run, status: 'succeeded', costNanoUsd: 40 }),
          verdict('p-verdict', { run, metric: 'probe_passed', verdict: 'bad' }),
          feedback('p-feedback', { run: { id: 'probe-1' }, metric: 'helpful', verdict: 'bad' }),
          attempt('own-attempt', { costNanoUsd: 1 }),
          runEnded('own-end', { status: 'succeeded', costNanoUsd: 1 }),
        ];
        for (const record of records) await store.append([submitted(record)], RECEIVED_AT);
        const asked = { namespaces: undefined, limit: 10 };
        const [production] = await store.outcomes({ ...asked, by: ['agent'] });
        expect(production).toMatchObject({ succeeded: 1, good: 0, bad: 0, costNanoUsd: 1 });
        const rows = await store.outcomes({ ...asked, by: ['metric'] });
        expect(rows).toHaveLength(2);
        expect(rows.find(({ group }) => group.metric === 'probe_passed')).toMatchObject({
          succeeded: 1,
          bad: 1,
          costNanoUsd: 42,
        });
        expect(await store.costs({ ...asked, by: ['agent'] })).toMatchObject([{ costNanoUsd: 43 }]);
        expect(await store.runsOfId('probe-1')).toMatchObject([{ purpose: 'probe' }]);
      });
    });

    it('give the dearest first, those with a time in the order of time, and no more than asked for', async () => {
      await withStore(newPlace, async (store) => {
        const day = 24 * HOUR_MICROSECONDS;
        const records: readonly LedgerRecord[] = [
          attempt('r-1', { model: 'cheap', costNanoUsd: 1, atMicroseconds: RECEIVED_AT + day }),
          attempt('r-2', { model: 'dear', costNanoUsd: 9, atMicroseconds: RECEIVED_AT + day }),
          attempt('r-3', { model: 'middle', costNanoUsd: 5, atMicroseconds: RECEIVED_AT }),
        ];
        await store.append(
          records.map((record) => submitted(record)),
          RECEIVED_AT,
        );
        const asked = { namespaces: undefined, limit: 10 };
        const models = async (by: readonly ('model' | 'day' | 'hour')[], limit = 10) =>
          (await store.costs({ ...asked, limit, by })).map(({ group }) => group.model);
        expect(await models(['model'])).toEqual(['dear', 'middle', 'cheap']);
        expect(await models(['model'], 2)).toEqual(['dear', 'middle']);
        expect(await models(['model', 'day'])).toEqual(['middle', 'dear', 'cheap']);
        expect(await models(['hour', 'model'])).toEqual(['middle', 'dear', 'cheap']);
        expect(await models(['hour', 'model'], 1)).toEqual(['middle']);
        expect(await store.costs({ ...asked, by: ['day'] })).toMatchObject([
          { group: { day: '2025-11-24' } },
          { group: { day: '2025-11-25' } },
        ]);
        expect(await store.costs({ ...asked, by: ['hour'], model: 'dear', agent: 'clerk' })).toMatchObject([
          { group: { hour: '2025-11-25T16' }, costNanoUsd: 9 },
        ]);
        expect(await store.costs({ ...asked, by: [], agent: 'nobody' })).toEqual([]);
      });
    });

    it('stop at 2^53 - 1 instead of becoming wrong, in rows of runs too', async () => {
      await withStore(newPlace, async (store) => {
        const most = Number.MAX_SAFE_INTEGER;
        const tokens = { input: most, cachedInput: most, cacheWrite: most, output: most };
        const records = Array.from({ length: 40 }, (_, number) =>
          attempt(`r-${number}`, {
            costNanoUsd: most,
            tokens,
            model: `model-${number % 4}`,
            atMicroseconds: RECEIVED_AT + number * HOUR_MICROSECONDS,
          }),
        );
        await store.append(
          records.map((record) => submitted(record)),
          RECEIVED_AT,
        );
        const sums = { inputTokens: most, outputTokens: most, costNanoUsd: most };
        for (const by of [[], ['model'], ['hour']] as const) {
          for (const row of await store.costs({ namespaces: undefined, by, limit: 100 })) {
            expect(row).toMatchObject(sums);
          }
        }
        expect(await store.runsOfId('run-1')).toMatchObject([{ ...sums, attempts: 40 }]);
      });
    });
  });
}
