import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StoreClosedError, StoreFencedError } from '#services/ledger/store/ledger-store.ts';
import { openPostgresStore } from '#services/ledger/store/postgres/open-postgres-store.ts';
import { attempt, RECEIVED_AT, rotation, submitted } from '#services/ledger/store/testing/sample-records.ts';
import { startCuttingProxy } from './cutting-proxy.ts';
import { asSuperuser, newPostgresPlace } from './postgres-place.ts';
import { startPostgresServer } from './postgres-server.ts';
import type { PostgresServer } from './postgres-server.ts';
import { expectWholeLedger } from './whole-ledger.ts';

const SHORT = { connectSeconds: 1, statementSeconds: 2, lockSeconds: 1, retrySeconds: 1 };

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgresServer();
});
afterAll(async () => server[Symbol.asyncDispose]());

interface WritingProcess {
  readonly child: ChildProcess;
  readonly acknowledged: string[];
  readonly ended: Promise<number | null>;
}

function startWriting(
  connectionString: string,
  prefix: string,
  records: number,
  batch: number,
): WritingProcess {
  const program = join(import.meta.dirname, 'writing-process.ts');
  const child = spawn(process.execPath, [program, connectionString, prefix, String(records), String(batch)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const acknowledged: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => acknowledged.push(line));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, acknowledged, ended };
}

function idsOf(prefix: string, records: number): readonly string[] {
  return Array.from({ length: records }, (_, number) => `${prefix}-${number}`);
}

describe('the ledger in PostgreSQL, when things go wrong,', () => {
  it('is one ledger for several processes that write at the same time', async () => {
    await using place = await newPostgresPlace(server);
    const writers = ['a', 'b', 'c'].map((prefix) => startWriting(place.connectionString, prefix, 300, 7));
    // Told by two at once: whoever comes second is answered that it is there.
    writers.push(startWriting(place.connectionString, 'a', 300, 11));
    expect(await Promise.all(writers.map(({ ended }) => ended))).toEqual([0, 0, 0, 0]);
    await using store = await place.open();
    await expectWholeLedger(
      store,
      ['a', 'b', 'c'].flatMap((prefix) => idsOf(prefix, 300)),
    );
  });

  it('has what it acknowledged, once, after the server was killed again and again in the middle of writes', async () => {
    await using place = await newPostgresPlace(server);
    const writers = ['a', 'b'].map((prefix) => startWriting(place.connectionString, prefix, 400, 5));
    const isWriting = (): boolean => writers.every(({ child }) => child.exitCode === null);
    for (let kills = 0; kills < 4 && isWriting(); kills += 1) {
      const before = writers.map(({ acknowledged }) => acknowledged.length);
      while (
        isWriting() &&
        writers.some(({ acknowledged }, place_) => acknowledged.length < (before[place_] ?? 0) + 20)
      ) {
        await sleep(5);
      }
      await server.signal('SIGKILL');
      await server.start();
    }
    expect(await Promise.all(writers.map(({ ended }) => ended))).toEqual([0, 0]);
    await using store = await place.open();
    await expectWholeLedger(
      store,
      ['a', 'b'].flatMap((prefix) => idsOf(prefix, 400)),
    );
  });

  it('has all that a writer acknowledged before it was killed, and nothing by halves', async () => {
    await using place = await newPostgresPlace(server);
    const writer = startWriting(place.connectionString, 'a', 100_000, 6);
    while (writer.acknowledged.length < 60) await sleep(5);
    writer.child.kill('SIGKILL');
    await writer.ended;
    await using store = await place.open();
    const { entries } = await store.entriesAfter(0, {}, 20_000);
    expect(entries.length % 6).toBe(0);
    expect(entries.length).toBeGreaterThanOrEqual(writer.acknowledged.length);
    await expectWholeLedger(store, idsOf('a', entries.length));
  });

  it('neither loses nor doubles a batch whose COMMIT was never answered', async () => {
    await using place = await newPostgresPlace(server);
    const direct = new URL(place.connectionString);
    await using proxy = await startCuttingProxy(Number(direct.port));
    direct.port = String(proxy.port);
    await using store = await openPostgresStore({ readConnectionString: async () => direct.href });
    for (let round = 0; round < 3; round += 1) {
      proxy.cutNextCommits = round;
      const batch = [0, 1, 2].map((place_) => {
        const number = 3 * round + place_;
        const source = { process: 'router', instance: 'a', boot: 'a', sequence: number + 1 } as const;
        return submitted(attempt(`a-${number}`, { source }));
      });
      const outcomes = await store.append(batch, RECEIVED_AT);
      // What is answered the second time is that they are there already: where, is the same.
      expect(outcomes.map((outcome) => outcome.kind !== 'refused' && outcome.position)).toEqual(
        [1, 2, 3].map((position) => 3 * round + position),
      );
    }
    expect(proxy.cuts()).toBe(3);
    await expectWholeLedger(store, idsOf('a', 9));
  });

  it('ends each call while the server is frozen, and goes on when it is thawed', async () => {
    await using place = await newPostgresPlace(server, SHORT);
    await using store = await place.open();
    await store.append([submitted(rotation('r-1'))], RECEIVED_AT);
    await server.signal('SIGSTOP');
    try {
      const calls = [
        store.append([submitted(rotation('r-2'))], RECEIVED_AT),
        store.lastPosition(),
        store.runs({ namespaces: undefined, limit: 1 }),
        store.setDocument('key', 'value'),
        place.open(),
      ];
      const outcomes = await Promise.allSettled(calls);
      expect(outcomes.map(({ status }) => status)).toEqual(calls.map(() => 'rejected'));
    } finally {
      await server.signal('SIGCONT');
    }
    await store.append([submitted(rotation('r-2')), submitted(rotation('r-3'))], RECEIVED_AT);
    expect(await store.lastPosition()).toBe(3);
  });

  it('is closed in bounded time while the server is frozen', async () => {
    await using place = await newPostgresPlace(server, SHORT);
    const store = await place.open();
    await store.append([submitted(rotation('r-1'))], RECEIVED_AT);
    await server.signal('SIGSTOP');
    try {
      await store[Symbol.asyncDispose]();
    } finally {
      await server.signal('SIGCONT');
    }
    await expect(store.lastPosition()).rejects.toThrow(StoreClosedError);
    await expect(store.append([submitted(rotation('r-2'))], RECEIVED_AT)).rejects.toThrow(StoreClosedError);
  });

  it('reads while a writer holds the head, and a writer gives up waiting for it', async () => {
    await using place = await newPostgresPlace(server, SHORT);
    await using store = await place.open();
    await store.append([submitted(attempt('a-1'))], RECEIVED_AT);
    const holder = new Client({ connectionString: place.connectionString });
    await holder.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('SELECT * FROM ledger.head FOR UPDATE');
      expect(await store.lastPosition()).toBe(1);
      expect((await store.runs({ namespaces: undefined, limit: 9 })).runs).toHaveLength(1);
      expect(await store.costs({ namespaces: undefined, by: [], limit: 9 })).toHaveLength(1);
      await expect(store.append([submitted(attempt('a-2'))], RECEIVED_AT)).rejects.toThrow(/lock timeout/);
      await holder.query('ROLLBACK');
    } finally {
      await holder.end();
    }
    await store.append([submitted(attempt('a-2'))], RECEIVED_AT);
    expect(await store.lastPosition()).toBe(2);
  });

  it('goes on after each of its connections was ended by an administrator', async () => {
    await using place = await newPostgresPlace(server);
    await using store = await place.open();
    for (let number = 0; number < 5; number += 1) {
      await store.append([submitted(rotation(`r-${number}`))], RECEIVED_AT);
      await asSuperuser(
        server,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'capataz-ledger%'`,
      );
    }
    await store.append([submitted(rotation('r-5'))], RECEIVED_AT);
    const { entries } = await store.entriesAfter(0, {}, 100);
    expect(entries.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('refuses the schema of a newer Capataz, leaves it as it is, and writes no more when it was upgraded meanwhile', async () => {
    await using place = await newPostgresPlace(server);
    await using store = await place.open();
    await store.append([submitted(rotation('r-1'))], RECEIVED_AT);
    const client = new Client({ connectionString: place.connectionString });
    await client.connect();
    try {
      await client.query('UPDATE ledger.head SET schema_version = 99');
      await expect(place.open()).rejects.toThrow(/schema version 99.*run the newer Capataz/);
      await expect(store.append([submitted(rotation('r-2'))], RECEIVED_AT)).rejects.toThrow(StoreFencedError);
      expect((await client.query('SELECT schema_version FROM ledger.head')).rows).toEqual([
        { schema_version: 99 },
      ]);
    } finally {
      await client.end();
    }
    expect(await store.lastPosition()).toBe(1);
  });

  it('is made once by processes that open an empty database at the same time', async () => {
    await using place = await newPostgresPlace(server);
    const stores = await Promise.all(Array.from({ length: 4 }, () => place.open()));
    await Promise.all(
      stores.map((store, number) => store.append([submitted(rotation(`r-${number}`))], RECEIVED_AT)),
    );
    expect(await stores[0]?.lastPosition()).toBe(4);
    await Promise.all(stores.map((store) => store[Symbol.asyncDispose]()));
  });
});
