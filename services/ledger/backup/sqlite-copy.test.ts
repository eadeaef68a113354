import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../store/sqlite/open-sqlite-store.ts';
import { RECEIVED_AT, attempt, submitted } from '../store/testing/sample-records.ts';
import { readBackup, writeBackup } from './sqlite-copy.ts';

let folder: string;
const onFailure = (error: unknown): void => {
  throw error;
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capataz-backup-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function backUp(path: string, file: string): Promise<void> {
  const output = createWriteStream(file);
  await writeBackup(path, output);
  await new Promise<void>((resolve) => output.end(() => resolve()));
}

describe('a backup of the ledger in SQLite', () => {
  it('is taken while the ledger writes, and restored is that ledger at one moment, root and all', async () => {
    const path = join(folder, 'ledger.sqlite');
    const file = join(folder, 'backup');
    await using store = await openSqliteStore({ path, onFailure });
    const append = async (first: number, count: number): Promise<void> => {
      for (let each = first; each < first + count; each += 1) {
        await store.append([submitted(attempt(`r-${each}`))], RECEIVED_AT + each);
      }
    };
    await append(0, 100);
    const writing = append(100, 200);
    await backUp(path, file);
    await writing;
    const restored = join(folder, 'restored', '..', 'restored.sqlite');
    await readBackup(createReadStream(file), restored);
    await using copy = await openSqliteStore({ path: restored, onFailure });
    const [namespace = ''] = await copy.namespaces();
    const { size, root } = await copy.treeHead(namespace);
    expect(size).toBeGreaterThanOrEqual(100);
    expect(size).toBeLessThanOrEqual(300);
    expect(await copy.lastPosition()).toBe(size);
    // It goes on where it was: told the rest again, it is the ledger that was not lost.
    for (let each = size; each < 300; each += 1) {
      await copy.append([submitted(attempt(`r-${each}`))], RECEIVED_AT + each);
    }
    expect((await copy.treeHead(namespace)).root).toEqual((await store.treeHead(namespace)).root);
    expect(root).toHaveLength(32);
    expect((await readdir(folder)).filter((name) => /backup\.|\.backup|restoring/.test(name))).toEqual([]);
  });

  it('is refused when it is cut, changed into something else, or when there is a ledger already', async () => {
    const path = join(folder, 'ledger.sqlite');
    const file = join(folder, 'backup');
    await using store = await openSqliteStore({ path, onFailure });
    for (let each = 0; each < 200; each += 1)
      await store.append([submitted(attempt(`r-${each}`))], RECEIVED_AT);
    await backUp(path, file);
    await expect(readBackup(createReadStream(file), path)).rejects.toThrow('There is a ledger at');
    const whole = await readFile(file);
    const target = join(folder, 'other.sqlite');
    for (const wrong of [
      whole.subarray(0, whole.length / 2),
      whole.subarray(0, whole.length - 4096),
      Buffer.from('not a database at all'),
      Buffer.alloc(0),
    ]) {
      await writeFile(file, wrong);
      await expect(readBackup(createReadStream(file), target)).rejects.toThrow('no whole backup of a ledger');
      expect((await readdir(folder)).filter((name) => name.startsWith('other'))).toEqual([]);
    }
  });
});
