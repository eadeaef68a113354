/** The file of what was seen: a cache that is right or is left aside. */
import { readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Snapshot, SnapshotFile } from './snapshot-file.ts';

const SETTINGS = { timeZone: 'UTC' };
const SNAPSHOT: Snapshot = {
  takenAtMicroseconds: 1_764_000_000_000_000,
  place: { position: 42, last: { position: 40, recordId: 'record-40' } },
  objects: [{ key: 'Agent shop/triage', uid: 'uid-1', digests: { tools: 'd' }, changes: [] }],
  watch: 'a line\nand another, with ñ',
};

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'capataz-snapshot-'));
  path = join(directory, 'snapshot');
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

describe('the file of what was seen', () => {
  it('is read as it was written, and stands alone in its folder', async () => {
    await new SnapshotFile(directory, SETTINGS).write(SNAPSHOT);
    await new SnapshotFile(directory, SETTINGS).write({ ...SNAPSHOT, watch: 'newer' });
    expect(await new SnapshotFile(directory, SETTINGS).read()).toEqual({
      kind: 'read',
      snapshot: { ...SNAPSHOT, watch: 'newer' },
    });
    expect(await readdir(directory)).toEqual(['snapshot']);
  });

  it('is none at the first start, also where there is no folder yet', async () => {
    const file = new SnapshotFile(join(directory, 'not', 'there'), SETTINGS);
    expect(await file.read()).toEqual({ kind: 'none' });
    await file.write(SNAPSHOT);
    expect(await file.read()).toMatchObject({ kind: 'read' });
  });

  it.each([
    ['its end is missing', async () => truncate(path, (await readFile(path)).length - 1)],
    ['it is empty', () => truncate(path, 0)],
    [
      'it was changed',
      async () => writeFile(path, (await readFile(path, 'utf8')).replace('another', 'Another')),
    ],
    [
      'it is of another version',
      async () => writeFile(path, (await readFile(path, 'utf8')).replace('"version":1', '"version":2')),
    ],
    ['it is no file of ours', () => writeFile(path, '{"a":1}\n')],
    ['it is binary', () => writeFile(path, Buffer.from([0, 255, 10, 13, 200]))],
  ])('is left aside with a sentence when %s', async (_what, spoil) => {
    await new SnapshotFile(directory, SETTINGS).write(SNAPSHOT);
    await spoil();
    expect(await new SnapshotFile(directory, SETTINGS).read()).toMatchObject({
      kind: 'unusable',
      problem: expect.stringMatching(/^The file of what was seen is not used: .*\.$/),
    });
  });

  it('is left aside when it was taken with other settings, for it would be no continuation of them', async () => {
    await new SnapshotFile(directory, SETTINGS).write(SNAPSHOT);
    expect(await new SnapshotFile(directory, { timeZone: 'Europe/Madrid' }).read()).toMatchObject({
      kind: 'unusable',
      problem: expect.stringContaining('other settings'),
    });
  });
});
