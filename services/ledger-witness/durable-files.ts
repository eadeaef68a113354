/** Files that are there whole or not at all, also after a crash, and never written over. */
import { randomUUID } from 'node:crypto';
import { link, open, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const DRAFT = '.draft-';
/** No draft is written for so long: what is older was left by a process that was killed. */
const DRAFT_MAXIMUM_MILLISECONDS = 3_600_000;

/** Resolves when the file is on the disk. False: there is one of that name already, and it is left as it is. */
export async function createDurably(path: string, content: string, mode = 0o644): Promise<boolean> {
  const directory = dirname(path);
  const draft = join(directory, DRAFT + randomUUID());
  try {
    {
      await using file = await open(draft, 'wx', mode);
      await file.writeFile(content);
      await file.sync();
    }
    // A link fails where there is a file of that name: of two writers one wins, in whatever processes they are.
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
  await syncDirectory(directory);
  return true;
}

export async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, 'r');
  await directory.sync();
}

/** In a folder and below it: drafts that a process which was killed has left. */
export async function dropDrafts(path: string): Promise<void> {
  const names = (await readdir(path, { recursive: true })).filter((name) => basename(name).startsWith(DRAFT));
  for (const draft of names.map((name) => join(path, name))) {
    const written = await stat(draft).catch(() => undefined);
    if (written !== undefined && Date.now() - written.mtimeMs > DRAFT_MAXIMUM_MILLISECONDS) {
      await rm(draft, { force: true });
    }
  }
}
