import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LedgerStore, SubmittedRecord } from '../ledger-store.ts';
import { RECEIVED_AT, runBegun, submitted } from '../testing/sample-records.ts';
import { CheckpointLoop } from './checkpoint-loop.ts';
import { openSqliteStore } from './open-sqlite-store.ts';

const RUNS = 160;
let folder = '';
let path = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'capataz-erasure-'));
  path = join(folder, 'ledger.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (): Promise<LedgerStore> =>
  openSqliteStore({
    path,
    onFailure: (error) => {
      throw error;
    },
  });

/** Like ciphertext: nothing of one is in another. As long as answers of tools are, some beyond the page of a table. */
function noiseOf(run: number): Buffer {
  const blocks = 2 + ((run * 37) % (run % 5 === 0 ? 400 : 40));
  return Buffer.concat(
    Array.from({ length: blocks }, (_, at) => createHash('sha256').update(`${run}/${at}`).digest()),
  );
}

function submittedRun(run: number): SubmittedRecord {
  const text = {
    field: 'input',
    keyId: 'key-1',
    bytes: noiseOf(run),
    expiresAtMicroseconds: RECEIVED_AT + run,
  };
  return submitted(runBegun(`record-${run}`, { run: { id: `run-${run}` } }), { texts: [text] });
}

async function appendRuns(store: LedgerStore, from: number, to: number): Promise<void> {
  const runs = Array.from({ length: to - from }, (_, at) => submittedRun(from + at));
  await store.append(runs, RECEIVED_AT);
}

/** Of those runs: in which files of the volume a piece of their ciphertext is to be found. */
function foundOf(runs: Iterable<number>): readonly string[] {
  const files = readdirSync(folder).map((name) => ({ name, bytes: readFileSync(join(folder, name)) }));
  const found: string[] = [];
  for (const run of runs) {
    const noise = noiseOf(run);
    for (const { name, bytes } of files) {
      for (let at = 0; at < noise.length; at += 64) {
        if (bytes.includes(noise.subarray(at, at + 16))) found.push(`run ${run} in ${name} at ${at}`);
      }
    }
  }
  return found;
}

/** All of them once, in an order without order. */
const shuffled = Array.from({ length: RUNS }, (_, at) => (at * 7_919 + 13) % RUNS);

describe('a text that was erased', () => {
  it('is in no file of the volume any more, in whatever order runs were erased beside runs that were told', async () => {
    await using store = await open();
    await appendRuns(store, 0, RUNS);
    for (const [from, to] of [
      [0, 40],
      [40, RUNS - 10],
    ] as const) {
      for (let at = from; at < to; at += 1) {
        expect(await store.eraseTextsOfRun('shop', `run-${shuffled[at]}`)).toBe(1);
        if (at % 3 === 0) await appendRuns(store, RUNS + at, RUNS + at + 1);
      }
      expect(foundOf(shuffled.slice(0, to))).toEqual([]);
    }
    expect(foundOf(shuffled.slice(-1))).not.toEqual([]);
  }, 60_000);

  it('is in none either when it expired, or was pruned with its record', async () => {
    await using store = await open();
    await appendRuns(store, 0, 40);
    await store.eraseExpiredTexts(RECEIVED_AT + 20);
    expect(foundOf(Array.from({ length: 21 }, (_, run) => run))).toEqual([]);
    await store.append([submittedRun(40)], RECEIVED_AT + 1);
    await store.prune(RECEIVED_AT + 1, 1000);
    expect(foundOf(Array.from({ length: 40 }, (_, run) => run))).toEqual([]);
    expect(foundOf([40])).not.toEqual([]);
  });

  it('takes the key of a month with it', async () => {
    await using store = await open();
    await store.setDocument('text-keys/shop', 'wrapped-key-of-the-month');
    await store.deleteDocument('text-keys/shop');
    const files = readdirSync(folder).filter((name) =>
      readFileSync(join(folder, name)).includes('wrapped-key-of-the-month'),
    );
    expect(files).toEqual([]);
  });

  it('goes from the log as soon as nobody reads what was before, and the writer does not wait for him', async () => {
    await using store = await open();
    await appendRuns(store, 0, 10);
    const backup = new DatabaseSync(path, { readOnly: true });
    backup.exec('BEGIN; SELECT count(*) FROM texts');
    const reading = backup.prepare('SELECT count(*) AS texts FROM texts');
    expect(reading.get()).toEqual({ texts: 10 });
    await store.eraseTextsOfRun('shop', 'run-3');
    await appendRuns(store, 10, 11);
    expect(reading.get()).toEqual({ texts: 10 });
    expect(foundOf([3])).not.toEqual([]);
    backup.close();
    await store.eraseTextsOfRun('shop', 'run-4');
    expect(foundOf([3, 4])).toEqual([]);
  });

  it('goes when the ledger is opened, where it was killed before the log was cut', async () => {
    {
      await using store = await open();
      await appendRuns(store, 0, 10);
    }
    // Holds the log where it is, as a killed process leaves it.
    const other = new DatabaseSync(path);
    other.exec(
      'PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = ON; DELETE FROM texts WHERE bytes IS NOT NULL',
    );
    expect(foundOf([3])).not.toEqual([]);
    const checkpoints = new CheckpointLoop(path, { intervalMilliseconds: 1_000_000, restartBytes: 1e9 });
    checkpoints.checkpoint();
    expect(foundOf([3])).toEqual([]);
    checkpoints.close();
    other.close();
  });
});
