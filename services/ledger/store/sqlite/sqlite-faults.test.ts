import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreClosedError, StoreFullError } from '../ledger-store.ts';
import type { LedgerStore, SubmittedRecord } from '../ledger-store.ts';
import { attempt, RECEIVED_AT, rotation, runBegun, submitted } from '../testing/sample-records.ts';
import { CheckpointLoop } from './checkpoint-loop.ts';
import { DatabaseWriter } from './database-writer.ts';
import { openSqliteStore } from './open-sqlite-store.ts';
import { ThreadCalls } from './thread-calls.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'capataz-ledger-faults-'));
  path = join(folder, 'ledger.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

const MEBIBYTE = 1_048_576;

function open(maximumBytes?: number): Promise<LedgerStore> {
  return openSqliteStore({
    path,
    ...(maximumBytes === undefined ? {} : { maximumBytes }),
    onFailure: (error) => {
      throw error;
    },
  });
}

function withText(number: number): SubmittedRecord {
  const text = {
    field: 'input',
    keyId: 'k',
    bytes: new Uint8Array(100_000).fill(number),
    expiresAtMicroseconds: 1,
  };
  return submitted(runBegun(`r-${number}`), { texts: [text] });
}

/** Appends until there is no room. Answers with how many were written. */
async function fill(store: LedgerStore): Promise<number> {
  for (let number = 0; ; number += 1) {
    try {
      await store.append([withText(number)], RECEIVED_AT);
    } catch (error) {
      if (error instanceof StoreFullError) return number;
      throw error;
    }
  }
}

describe('a ledger in SQLite that is full', () => {
  it('says so, writes nothing of the batch, goes on being read, and writes again as soon as there is room', async () => {
    await using store = await open(2 * MEBIBYTE);
    const written = await fill(store);
    expect(written).toBeGreaterThan(5);
    const head = await store.treeHead('shop');
    expect(head.size).toBe(written);
    await expect(store.append([withText(written)], RECEIVED_AT)).rejects.toThrow('There is no room');
    expect(await store.treeHead('shop')).toEqual(head);
    expect(await store.runsOfId('run-1')).toMatchObject([{ records: written }]);
    expect(await store.eraseExpiredTexts(1)).toBe(written);
    expect(await store.append([withText(written)], RECEIVED_AT)).toMatchObject([
      { kind: 'written', index: written },
    ]);
  });

  it('goes on where it was when it is opened with more room', async () => {
    let written: number;
    {
      await using store = await open(MEBIBYTE);
      written = await fill(store);
    }
    await using store = await open(4 * MEBIBYTE);
    expect(await store.append([withText(written)], RECEIVED_AT)).toMatchObject([
      { kind: 'written', index: written },
    ]);
  });
});

describe('the write-ahead log of the ledger', () => {
  it('is begun anew once it has grown, while the writer never pauses', () => {
    const writer = new DatabaseWriter({ path });
    const checkpoints = new CheckpointLoop(path, { restartBytes: MEBIBYTE, intervalMilliseconds: 1_000_000 });
    let largest = 0;
    for (let batch = 0; batch < 60; batch += 1) {
      writer.append([withText(batch), submitted(rotation(`k-${batch}`))], RECEIVED_AT);
      writer.append([withText(1_000 + batch)], RECEIVED_AT);
      checkpoints.checkpoint();
      largest = Math.max(largest, statSync(`${path}-wal`).size);
    }
    expect(statSync(path).size).toBeGreaterThan(8 * MEBIBYTE);
    expect(largest).toBeLessThan(2 * MEBIBYTE);
    checkpoints.close();
    writer.close();
  });

  it('is moved into the file when the ledger ends', async () => {
    {
      await using store = await open();
      await store.append([withText(1)], RECEIVED_AT);
      expect(statSync(`${path}-wal`).size).toBeGreaterThan(100_000);
    }
    expect(existsSync(`${path}-wal`)).toBe(false);
  });
});

describe('a thread of the ledger', () => {
  it('that dies rejects what was called and what is called later, and is told of once', async () => {
    const deaths: Error[] = [];
    const calls = new ThreadCalls({
      data: { role: 'writer', path },
      callSeconds: 100,
      onDeath: (error) => deaths.push(error),
      program: new URL(
        `data:text/javascript,import { parentPort } from 'node:worker_threads';
         parentPort.on('message', () => { throw new Error('not enough memory'); });`,
      ),
    });
    const called = [calls.call('append'), calls.call('append')];
    for (const call of called) await expect(call).rejects.toThrow('not enough memory');
    await expect(calls.call('append')).rejects.toThrow(StoreClosedError);
    expect(deaths).toHaveLength(1);
    expect(calls.isAlive).toBe(false);
    await calls.close();
  });

  it('that does not answer is given up after a time', async () => {
    const deaths: Error[] = [];
    const calls = new ThreadCalls({
      data: { role: 'writer', path },
      callSeconds: 0.01,
      onDeath: (error) => deaths.push(error),
      program: new URL(`data:text/javascript,for (;;);`),
    });
    await expect(calls.call('append')).rejects.toThrow('has not answered a call (append) for 0.01 s');
    expect(deaths).toHaveLength(1);
    await calls.close();
  });

  it('answers what was called before it was closed, and nothing after', async () => {
    const store = await open();
    const written = store.append([submitted(attempt('r-1'))], RECEIVED_AT);
    const closed = store[Symbol.asyncDispose]();
    expect(await written).toMatchObject([{ kind: 'written' }]);
    await closed;
    await expect(store.append([submitted(attempt('r-2'))], RECEIVED_AT)).rejects.toThrow(StoreClosedError);
    await expect(store.lastPosition()).rejects.toThrow(StoreClosedError);
    await store[Symbol.asyncDispose]();
  });
});
