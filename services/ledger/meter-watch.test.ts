import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import type { Refusal } from '#domain/failures/refusal.ts';
import { LedgerRecord, type RecordDraft } from '#domain/ledger/ledger-record.ts';
import { createLogger } from '#telemetry/logger.ts';
import { createMeterWatch } from './meter-watch.ts';
import { openSqliteStore } from './store/sqlite/open-sqlite-store.ts';
import type { LedgerStore } from './store/ledger-store.ts';
import { RECEIVED_AT, attempt } from './store/testing/sample-records.ts';

const SIGNAL = new AbortController().signal;
const SOURCE = { process: 'ledger', instance: 'ledger-0', boot: 'b', sequence: 1 } as const;

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function aStore(): Promise<LedgerStore> {
  const folder = await mkdtemp(join(tmpdir(), 'capataz-meter-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  const store = await openSqliteStore({ path: join(folder, 'ledger.db'), onFailure: () => undefined });
  cleanups.push(async () => store[Symbol.asyncDispose]());
  return store;
}

/** Attempts of one router for 5 nano-USD each, by their numbers. */
async function append(store: LedgerStore, numbers: readonly number[]): Promise<void> {
  await store.append(
    numbers.map((number) => ({
      record: attempt(`a-${number}`, {
        costNanoUsd: 5,
        meter: { attempts: number, costNanoUsd: 5 * number },
      }),
      reporter: 'system:serviceaccount:capataz-system:capataz-router',
      trust: 'witnessed',
      texts: [],
    })),
    RECEIVED_AT,
  );
}

function aWatch(store: LedgerStore, refusal?: Refusal) {
  const told: RecordDraft[] = [];
  const registry = new Registry();
  const watch = createMeterWatch({
    store,
    tell: async (draft) => {
      if (refusal !== undefined) return { ok: false, refusal };
      told.push(draft);
      return { ok: true, outcomes: [] };
    },
    registry,
    logger: createLogger('test', 'silent'),
    nowMicroseconds: () => RECEIVED_AT,
  });
  return { watch, told, figure: async () => (await registry.getMetricsAsJSON())[0]?.values[0]?.value };
}

describe('the watch over the meters of the routers', () => {
  it('tells nothing while meter and ledger agree, however many looks and restarts there are', async () => {
    const store = await aStore();
    const first = aWatch(store);
    await first.watch.look(SIGNAL);
    await append(store, [1, 2]);
    await first.watch.look(SIGNAL);
    await append(store, [3]);
    const second = aWatch(store);
    await second.watch.look(SIGNAL);
    expect([...first.told, ...second.told]).toEqual([]);
    expect(await second.figure()).toBe(0);
  });

  it('tells once of an attempt that was charged and is not there, and not again after a restart', async () => {
    const store = await aStore();
    await append(store, [1, 2, 4, 5]);
    const first = aWatch(store);
    await first.watch.look(SIGNAL);
    expect(first.told.map((draft) => LedgerRecord.parse({ ...draft, source: SOURCE }))).toMatchObject([
      { type: 'security_event', event: 'meter_differs', namespace: 'shop', id: 'meter:boot:4' },
    ]);
    expect(await first.figure()).toBe(5);
    const second = aWatch(store);
    await second.watch.look(SIGNAL);
    expect(second.told).toEqual([]);
  });

  it('looks again at a difference of which the event was refused, and tells it then', async () => {
    const store = await aStore();
    await append(store, [1, 3]);
    const refused = aWatch(store, { code: 'ledger_full', message: 'No room.', retryAfterSeconds: 1 });
    await expect(refused.watch.look(SIGNAL)).rejects.toThrow('No room.');
    const second = aWatch(store);
    await second.watch.look(SIGNAL);
    expect(second.told).toMatchObject([{ id: 'meter:boot:3' }]);
    expect(await second.figure()).toBe(5);
  });
});
