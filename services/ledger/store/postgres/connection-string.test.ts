import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromColumn, toColumn } from './column-text.ts';
import { parseConnectionString, readConnectionFile } from './connection-string.ts';
import { countSequences } from '../source-changes.ts';

describe('the connection string of the ledger', () => {
  it('must say how a server on another machine is talked to, and never takes any certificate for good', () => {
    for (const query of ['', '?application_name=x']) {
      expect(() => parseConnectionString(`postgres://u:p@db.example/ledger${query}`)).toThrow(
        /whether db\.example is talked to by TLS/,
      );
    }
    expect(parseConnectionString('postgres://u:p@db.example/ledger?sslmode=disable').ssl).toBe(false);
    expect(parseConnectionString('postgres://u:p@db.example/ledger?sslmode=verify-full').ssl).toBeTruthy();
    expect(parseConnectionString('postgres://u:p@127.0.0.1/ledger')).toMatchObject({
      ssl: false,
      port: 5432,
    });
    expect(() => parseConnectionString('postgres://u:p@db.example/ledger?sslmode=no-verify')).toThrow(
      /any certificate/,
    );
  });

  it('that is wrong is refused without a word of it', () => {
    for (const wrong of [
      '',
      'hunter2',
      'postgres://u:hunter2@[::1',
      'mysql://u:hunter2@h/d',
      'postgres://hunter2',
    ]) {
      expect(() => parseConnectionString(wrong)).toThrow(/write it as postgres:/);
      expect(() => parseConnectionString(wrong)).not.toThrow(/hunter2/);
    }
  });

  it('comes from a file of bounded size', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'capataz-connection-'));
    const path = join(directory, 'connection');
    try {
      await expect(readConnectionFile(path)).rejects.toThrow(/could not be read \(ENOENT\)/);
      await writeFile(path, 'postgres://u:p@127.0.0.1/ledger\n');
      expect(await readConnectionFile(path)).toBe('postgres://u:p@127.0.0.1/ledger');
      await writeFile(path, 'x'.repeat(100_000));
      await expect(readConnectionFile(path)).rejects.toThrow(/larger than/);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

describe('a text column', () => {
  it('holds every string, and gives it back', () => {
    for (const text of ['', 'plain', 'a\0b', '\\', '\\0', '\0\\0\\\\', 'añejo 🦊\n']) {
      expect(toColumn(text)).not.toContain('\0');
      expect(fromColumn(toColumn(text))).toBe(text);
    }
    expect(toColumn('a\0b').startsWith(toColumn('a\0'))).toBe(true);
  });
});

describe('the holes in what a source told', () => {
  it('open before a record that came early, and close or split when what was missing arrives', () => {
    const gap = { firstMissing: 3, lastMissing: 6, seenAtMicroseconds: 7 };
    const seen = (sequences: readonly number[]) =>
      sequences.map((sequence) => ({ kind: 'seen' as const, sequence }));
    expect(countSequences(2, [], seen([1, 2, 3]), 9)).toEqual({ highest: 3, dropped: [], added: [] });
    expect(countSequences(2, [], seen([7]), 7)).toEqual({ highest: 7, dropped: [], added: [gap] });
    expect(countSequences(7, [gap], seen([4]), 9)).toEqual({
      highest: 7,
      dropped: [3],
      added: [
        { firstMissing: 3, lastMissing: 3, seenAtMicroseconds: 7 },
        { firstMissing: 5, lastMissing: 6, seenAtMicroseconds: 7 },
      ],
    });
    expect(countSequences(7, [gap], seen([6, 3, 5, 4]), 9)).toEqual({ highest: 7, dropped: [3], added: [] });
    expect(countSequences(0, [], seen([2, 1, 4, 3]), 9)).toEqual({ highest: 4, dropped: [], added: [] });
  });
});
