/**
 * One process a spool folder: two would number, read and remove the same files. The lock is one of SQLite on an empty
 * file: the kernel takes it back when its holder dies, however it dies, so that nobody has to guess whether it is stale.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

export interface FolderLock {
  readonly release: () => void;
}

/**
 * Throws when another holds it. Undefined: the folder takes no lock now, a disk without room or one that is read only,
 * which is no reason not to deliver what is there.
 */
export function lockFolder(folder: string): FolderLock | undefined {
  const path = join(folder, 'owner.lock');
  let error = tryLock(path);
  if (typeof error === 'number' && (error === SQLITE_CORRUPT || error === SQLITE_NOTADB)) {
    rmSync(path, { recursive: true, force: true });
    error = tryLock(path);
  }
  if (typeof error === 'object') return error;
  if (error !== SQLITE_BUSY) return undefined;
  throw new Error(
    `The spool in ${folder} is held by another process that runs: give each process a folder of its own, or end the other.`,
  );
}

/** The lock, or SQLite's code for why not. */
function tryLock(path: string): FolderLock | number | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
    const held = database;
    return { release: () => held.close() };
  } catch (error) {
    database?.close();
    return (error as { readonly errcode?: number }).errcode;
  }
}
