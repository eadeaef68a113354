/** A connection to the ledger's database file, as each thread opens one of its own. */
import { DatabaseSync } from 'node:sqlite';
import { inspectSchema } from './schema.ts';

/** Below it a checkpoint that meets a writer can corrupt the file (the WAL-reset bug of 3.7.0 to 3.51.2). */
const SAFE_SQLITE_VERSION = [3, 51, 3] as const;

/** Only checkpoints and other processes are ever waited for: the ledger's writer is alone. */
export const BUSY_MILLISECONDS = 10_000;

export function assertSafeSqlite(version: string): void {
  const parts = version.split('.').map(Number);
  for (const [place, wanted] of SAFE_SQLITE_VERSION.entries()) {
    const part = parts[place] ?? 0;
    if (part > wanted) return;
    if (part < wanted) {
      throw new Error(
        `SQLite ${version} can corrupt a ledger: run Node 24.15 or newer, which has SQLite ${SAFE_SQLITE_VERSION.join('.')} or newer.`,
      );
    }
  }
}

export function openWritableConnection(path: string): DatabaseSync {
  return openConnection(path, false, (database) => {
    inspectSchema(database, path);
    const { journal_mode: mode } = database.prepare('PRAGMA journal_mode = WAL').get() as {
      journal_mode: string;
    };
    if (mode !== 'wal') {
      throw new Error(
        `SQLite keeps no write-ahead log for ${path} (journal mode ${mode}): use a file on a local disk.`,
      );
    }
    // FULL: a commit is on the disk when it returns. Checkpoints are made by a thread of their own (checkpoint-loop.ts).
    database.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = ON');
    database.exec('PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536');
  });
}

export function openReadingConnection(path: string): DatabaseSync {
  return openConnection(path, true, (database) => {
    database.exec('PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768');
  });
}

function openConnection(
  path: string,
  readOnly: boolean,
  prepare: (database: DatabaseSync) => void,
): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly, timeout: BUSY_MILLISECONDS });
  try {
    const { version } = database.prepare('SELECT sqlite_version() AS version').get() as { version: string };
    assertSafeSqlite(version);
    prepare(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
