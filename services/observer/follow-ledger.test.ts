/** How the observer reads a ledger, which is a real one with its real store. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClusterView } from '#adapters/kubernetes/cluster-view.ts';
import type { PlaceInLedger } from '#adapters/ledger-reader/follow-entries.ts';
import { type OpenLedgerReader, openLedgerReader } from '#adapters/ledger-reader/open-ledger-reader.ts';
import type { LedgerEntry } from '#domain/ledger/ledger-entry.ts';
import type { LedgerRecord } from '#domain/ledger/ledger-record.ts';
import type { WatchOfFleet } from '#domain/watching/fleet-judgement.ts';
import {
  type LedgerUnderTest,
  READER,
  ROUTER,
  startLedgerUnderTest,
} from '#services/ledger/testing/ledger-under-test.ts';
import { aModelAttempt, aSecurityEvent } from '#services/ledger/testing/sample-records.ts';
import { createLogger } from '#telemetry/logger.ts';
import { ChangesOfObjects } from './changes-of-objects.ts';
import { followLedger } from './follow-ledger.ts';
import { Observation } from './observation.ts';

const EMPTY_VIEW = {
  of: () => ({ list: () => [], get: () => undefined, by: () => [] }),
} as unknown as ClusterView;

/** Remembers what it saw, in the order in which it came. */
class Witness implements WatchOfFleet {
  readonly seen: string[] = [];
  see({ record }: LedgerEntry): void {
    this.seen.push(record.id);
  }
  judge(): ReturnType<WatchOfFleet['judge']> {
    return { rows: [], namespaces: [], attention: [] };
  }
  historyOf(): null {
    return null;
  }
  toSnapshot(): string {
    return '';
  }
}

interface Following {
  readonly observation: Observation;
  readonly witness: () => Witness;
  readonly failures: () => number;
  readonly skipped: () => number;
  readonly stop: () => Promise<void>;
}

let directory: string;
let ledger: LedgerUnderTest;
let connection: OpenLedgerReader;
const open: Following[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'capataz-observer-'));
  ledger = await startLedgerUnderTest({ path: join(directory, 'ledger.sqlite') });
  await connect(READER);
});

afterEach(async () => {
  for (const each of open.splice(0)) await each.stop();
  await connection.close();
  await ledger[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

async function connect(token: string): Promise<void> {
  const tokenPath = join(directory, 'token');
  await writeFile(tokenPath, token);
  ledger.rights.set('ana', new Set(['get runs *', 'get securityevents *']));
  connection = openLedgerReader({ url: ledger.url, tokenPath, now: () => performance.now() });
}

function follow(from?: PlaceInLedger): Following {
  let witness = new Witness();
  let failures = 0;
  let skipped = 0;
  const stopping = new AbortController();
  const observation = new Observation(
    { view: EMPTY_VIEW, now: () => new Date() },
    { watch: witness, changes: new ChangesOfObjects(), place: from ?? { position: 0 } },
  );
  const following = followLedger({
    reader: connection.reader,
    observation,
    isContinued: from !== undefined,
    newWatch: () => {
      witness = new Witness();
      return witness;
    },
    historyDays: 35,
    watchNamespace: undefined,
    anyNamespace: 'capataz-system',
    onEntries: (_, notUnderstood) => (skipped += notUnderstood),
    onFailure: () => (failures += 1),
    logger: createLogger('observer', 'silent'),
    random: () => 0,
    now: () => new Date(),
    nowMilliseconds: () => performance.now(),
    signal: stopping.signal,
  });
  const started = {
    observation,
    witness: () => witness,
    failures: () => failures,
    skipped: () => skipped,
    stop: async () => {
      stopping.abort();
      await following;
    },
  };
  open.push(started);
  return started;
}

async function tell(...records: readonly LedgerRecord[]): Promise<readonly string[]> {
  const { body } = await ledger.request('POST', '/v1/records', { token: ROUTER, body: { records } });
  expect(body).toMatchObject({ written: records.length, refused: [] });
  return records.map(({ id }) => id);
}

const attempts = (count: number): LedgerRecord[] => Array.from({ length: count }, () => aModelAttempt());
const untilSeen = async (following: Following, count: number): Promise<void> =>
  await vi.waitFor(() => expect(following.witness().seen).toHaveLength(count), { timeout: 15_000 });

describe('following the ledger', () => {
  it('sees every entry once and in order, those of before and those that come, also by many pages', async () => {
    const before: string[] = [];
    for (let batch = 0; batch < 6; batch += 1) before.push(...(await tell(...attempts(400))));
    const following = follow();
    await untilSeen(following, before.length);
    const later = await tell(...attempts(3), aSecurityEvent());
    await untilSeen(following, before.length + later.length);
    expect(following.witness().seen).toEqual([...before, ...later]);
    expect(following.observation.judge().problem).toBeNull();
  }, 30_000);

  it('goes on from where it stood: nothing is seen twice, and what came meanwhile is not missed', async () => {
    await tell(...attempts(5));
    const first = follow();
    await untilSeen(first, 5);
    await first.stop();
    const meanwhile = await tell(...attempts(2));
    const second = follow(first.observation.place);
    await untilSeen(second, 2);
    expect(second.witness().seen).toEqual(meanwhile);
  });

  it('begins anew when the ledger is another one, as after a backup was restored', async () => {
    const there = await tell(...attempts(4));
    const following = follow({ position: 4, last: { position: 4, recordId: 'of-another-ledger' } });
    await untilSeen(following, 4);
    expect(following.witness().seen).toEqual(there);
  });

  it('begins anew when the ledger ends before what was read of it', async () => {
    const there = await tell(...attempts(2));
    const following = follow({ position: 900, last: { position: 900, recordId: 'lost' } });
    await untilSeen(following, 2);
    expect(following.witness().seen).toEqual(there);
  });

  it('says in one sentence why it cannot read, and goes on when it can', async () => {
    const following = follow();
    await vi.waitFor(() => expect(following.observation.isReplayed).toBe(true), { timeout: 5_000 });
    ledger.isApiServerAway = true;
    await vi.waitFor(
      () =>
        expect(following.observation.judge().problem).toMatch(
          /^The ledger cannot be read: .*API server did not answer.*\.$/,
        ),
      { timeout: 10_000 },
    );
    expect(following.failures()).toBeGreaterThan(0);
    ledger.isApiServerAway = false;
    const told = await tell(...attempts(1));
    await untilSeen(following, 1);
    expect(following.witness().seen).toEqual(told);
    expect(following.observation.judge().problem).toBeNull();
  }, 30_000);

  it('says that nothing is current before the first reading, and which right is missing', async () => {
    ledger.rights.set('ana', new Set());
    const following = follow();
    await vi.waitFor(
      () => expect(following.observation.judge().problem).toMatch(/You may not do this: .*get agents\/runs/),
      { timeout: 5_000 },
    );
    expect(following.observation.judge().lagSeconds).toBeNaN();
  });
});
