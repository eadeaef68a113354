/** Whoever writes records durably, one call a record: answered when it is on the disk. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Pool } from 'pg';
import { GROUP_COMMIT_DEFAULTS, GroupCommit } from '#services/ledger/store/group-commit.ts';
import type { AppendOutcome, LedgerStore, SubmittedRecord } from '#services/ledger/store/ledger-store.ts';
import { openSqliteStore } from '#services/ledger/store/sqlite/open-sqlite-store.ts';

export interface Contender extends AsyncDisposable {
  readonly name: string;
  readonly write: (record: SubmittedRecord) => Promise<unknown>;
}

const POSTGRES_CONNECTIONS = 16;
const RECORD_BYTES = 650;

export async function startLedger(directory: string): Promise<Contender> {
  const store = await openSqliteStore({
    path: join(directory, 'ledger.db'),
    onFailure: (error) => {
      throw error;
    },
  });
  return throughGroups('capataz ledger, SQLite', store.append, () => store[Symbol.asyncDispose]());
}

/** One row a record, nothing else: no hashes, no trees, no sums, no indexes but the id's. */
export function startPlainSqlite(directory: string, isGrouped: boolean): Contender {
  const database = new DatabaseSync(join(directory, `plain-${isGrouped ? 'grouped' : 'single'}.db`));
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  database.exec('CREATE TABLE records (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT');
  const insert = database.prepare('INSERT INTO records VALUES (?, ?)');
  const close = async (): Promise<void> => database.close();
  const append = async (batch: readonly SubmittedRecord[]): Promise<readonly AppendOutcome[]> => {
    database.exec('BEGIN IMMEDIATE');
    for (const { record } of batch) insert.run(record.id, JSON.stringify(record));
    database.exec('COMMIT');
    return [];
  };
  return isGrouped
    ? throughGroups('plain SQLite, in groups', append, close)
    : {
        name: 'plain SQLite, one by one',
        write: async (record) => append([record]),
        [Symbol.asyncDispose]: close,
      };
}

export async function startPlainPostgres(connectionString: string, isGrouped: boolean): Promise<Contender> {
  const pool = new Pool({ connectionString, max: POSTGRES_CONNECTIONS });
  const table = isGrouped ? 'grouped_records' : 'single_records';
  await pool.query(`CREATE TABLE ${table} (id TEXT PRIMARY KEY, body TEXT NOT NULL)`);
  const close = (): Promise<void> => pool.end();
  const append = async (batch: readonly SubmittedRecord[]): Promise<readonly AppendOutcome[]> => {
    await pool.query({
      name: table,
      text: `INSERT INTO ${table} SELECT * FROM unnest($1::text[], $2::text[])`,
      values: [batch.map(({ record }) => record.id), batch.map(({ record }) => JSON.stringify(record))],
    });
    return [];
  };
  return isGrouped
    ? throughGroups('plain PostgreSQL, in groups', append, close)
    : {
        name: `plain PostgreSQL, one by one on ${POSTGRES_CONNECTIONS} connections`,
        write: (record) => append([record]),
        [Symbol.asyncDispose]: close,
      };
}

/** The group commit that the ledger has, for all alike. */
export function throughGroups(
  name: string,
  append: LedgerStore['append'],
  close: () => PromiseLike<void>,
): Contender {
  const commit = new GroupCommit({
    append,
    nowMicroseconds: () => Date.now() * 1000,
    ...GROUP_COMMIT_DEFAULTS,
  });
  return {
    name,
    write: (record) => commit.submit([record], RECORD_BYTES),
    [Symbol.asyncDispose]: async () => {
      await commit[Symbol.asyncDispose]();
      await close();
    },
  };
}
