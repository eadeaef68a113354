import type { DatabaseSync } from 'node:sqlite';

/** IMMEDIATE: nobody else writes between what is read and what is written. Durable when it returns. */
export function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE');
  return finish(database, work);
}

/** All that `work` reads is of one moment. */
export function inSnapshot<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('BEGIN');
  return finish(database, work);
}

function finish<Result>(database: DatabaseSync, work: () => Result): Result {
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } finally {
    // SQLite itself has rolled back after some errors, such as a full disk.
    if (database.isTransaction) database.exec('ROLLBACK');
  }
}
