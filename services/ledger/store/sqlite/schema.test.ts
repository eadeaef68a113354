import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rootOf, leafOf } from '#domain/transparency/testing/recursive-tree.ts';
import { attempt, RECEIVED_AT, submitted } from '../testing/sample-records.ts';
import { assertSafeSqlite } from './connection.ts';
import { remoteFileSystem } from './local-file-system.ts';
import { openSqliteStore } from './open-sqlite-store.ts';
import { readPragma, SCHEMA_STEPS, upgradeSchema } from './schema.ts';

const VERSION_1 = join(import.meta.dirname, 'testing/version-1.sql');

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'capataz-ledger-schema-'));
  path = join(folder, 'ledger.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

function makeFile(sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

const open = () =>
  openSqliteStore({
    path,
    onFailure: (error) => {
      throw error;
    },
  });

describe('the tables of the ledger', () => {
  it('of version 1 are read, go on and stay provable with this version', async () => {
    makeFile(readFileSync(VERSION_1, 'utf8'));
    await using store = await open();
    const entries = await store.entriesByIndex('shop', 0, 10);
    expect(entries.length).toBeGreaterThan(2);
    const { size, root } = await store.treeHead('shop');
    expect(size).toBe(entries.length);
    expect(Buffer.from(root)).toEqual(Buffer.from(rootOf(entries.map(({ canonical }) => leafOf(canonical)))));
    expect(await store.runsOfId('run-1')).toMatchObject([
      { status: 'succeeded', attempts: 1, costNanoUsd: 1_000 },
    ]);
    expect(await store.costs({ namespaces: undefined, by: ['model'], limit: 5 })).toMatchObject([
      { group: { model: 'fast' }, costNanoUsd: 1_000 },
    ]);
    expect(await store.texts('shop', 'r-1')).toHaveLength(1);
    expect(await store.getDocument('checkpoint')).toBe('one');
    expect(await store.sourceGaps()).toMatchObject([{ firstMissing: 4 }, { firstMissing: 1 }]);
    expect(
      await store.append([submitted(attempt('r-2')), submitted(attempt('r-99'))], RECEIVED_AT),
    ).toMatchObject([{ kind: 'duplicate' }, { kind: 'written', index: size }]);
  });

  it('of an older version become those of today in one transaction, or stay as they were', () => {
    const steps = [
      'CREATE TABLE one (value INTEGER) STRICT; INSERT INTO one VALUES (1)',
      'ALTER TABLE one ADD COLUMN other INTEGER; UPDATE one SET other = value + 1',
    ];
    const database = new DatabaseSync(path);
    upgradeSchema(database, path, steps.slice(0, 1));
    expect(() => upgradeSchema(database, path, [...steps, 'no sql'])).toThrow('syntax error');
    expect(readPragma(database, 'user_version')).toBe(1);
    expect(database.prepare('SELECT * FROM one').all()).toEqual([{ value: 1 }]);
    upgradeSchema(database, path, steps);
    upgradeSchema(database, path, steps);
    expect(readPragma(database, 'user_version')).toBe(2);
    expect(database.prepare('SELECT * FROM one').all()).toEqual([{ value: 1, other: 2 }]);
    database.close();
  });

  it('of a newer version are refused with a sentence, and the file stays as it is', async () => {
    await (await open())[Symbol.asyncDispose]();
    makeFile(`PRAGMA user_version = ${SCHEMA_STEPS.length + 1}`);
    const before = readFileSync(path);
    await expect(open()).rejects.toThrow(
      `has the schema version ${SCHEMA_STEPS.length + 1}, and this Capataz knows versions up to ${SCHEMA_STEPS.length}`,
    );
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('are not put into the database of somebody else, nor into a file that is no database', async () => {
    makeFile('CREATE TABLE theirs (value)');
    const before = readFileSync(path);
    await expect(open()).rejects.toThrow('not one of a Capataz ledger');
    expect(readFileSync(path).equals(before)).toBe(true);
    path = join(import.meta.dirname, 'schema.test.ts');
    await expect(open()).rejects.toThrow('not a database');
  });

  it('are not opened in a folder that is not there', async () => {
    path = join(folder, 'nowhere', 'ledger.db');
    await expect(open()).rejects.toThrow('cannot be read: make it, or name another');
  });
});

describe('what the ledger stands on', () => {
  it('is a SQLite that does not corrupt what checkpoints and writers meet in', () => {
    for (const version of ['3.51.3', '3.51.10', '3.52.0', '4.0.0'])
      expect(() => assertSafeSqlite(version)).not.toThrow();
    for (const version of ['3.51.2', '3.50.9', '3.7.0', '2.99.99', '']) {
      expect(() => assertSafeSqlite(version)).toThrow('can corrupt a ledger');
    }
  });

  it('is a file system of this machine', () => {
    expect(remoteFileSystem(0x6969)).toBe('NFS');
    // As statfs tells it where its type is a signed number.
    expect(remoteFileSystem(0xff534d42 - 2 ** 32)).toBe('CIFS');
    expect(remoteFileSystem(0xef53)).toBeUndefined();
  });
});
