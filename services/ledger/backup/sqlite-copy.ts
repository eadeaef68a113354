/**
 * A copy of the ledger's SQLite file, whole and of one moment, taken while the ledger writes; and the way back. Texts in it
 * are as encrypted as in the ledger: the key file is kept elsewhere.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { access, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DatabaseSync } from 'node:sqlite';

export class NoBackupError extends Error {
  override readonly name = 'NoBackupError';
}

/** Needs as much room beside the file as the file itself has. */
export async function writeBackup(path: string, output: NodeJS.WritableStream): Promise<void> {
  const copy = `${path}.backup`;
  try {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      // One read transaction: SQLite's backup interface would begin anew with each commit of the ledger.
      database.prepare('VACUUM INTO ?').run(copy);
    } finally {
      database.close();
    }
    await pipeline(createReadStream(copy), output, { end: false });
  } finally {
    await removeDatabase(copy);
  }
}

/** Rejects, and leaves nothing behind, when there is a ledger already or when what comes is not one, whole. */
export async function readBackup(input: NodeJS.ReadableStream, path: string): Promise<void> {
  if (await exists(path)) {
    throw new NoBackupError(`There is a ledger at ${path}: it is not overwritten. Move it away first.`);
  }
  const draft = `${path}.restoring`;
  try {
    await pipeline(input, createWriteStream(draft, { mode: 0o600 }));
    refuseBroken(draft);
    await synchronise(draft);
    await rename(draft, path);
    await synchronise(dirname(path));
  } finally {
    await removeDatabase(draft);
  }
}

function refuseBroken(path: string): void {
  let problem: unknown;
  try {
    const database = new DatabaseSync(path);
    try {
      // A log beside the file would hold what is missing in it.
      database.exec('PRAGMA journal_mode = DELETE');
      problem = database.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'];
      const tables = database
        .prepare("SELECT count(*) AS count FROM sqlite_schema WHERE name = 'entries'")
        .get();
      if (tables?.['count'] !== 1) problem = 'it has no entries';
    } finally {
      database.close();
    }
  } catch (error) {
    problem = error instanceof Error ? error.message : error;
  }
  if (problem !== 'ok')
    throw new NoBackupError(`What came is no whole backup of a ledger: ${String(problem)}.`);
}

async function synchronise(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}

async function removeDatabase(path: string): Promise<void> {
  for (const suffix of ['', '-journal', '-wal', '-shm']) await rm(`${path}${suffix}`, { force: true });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
