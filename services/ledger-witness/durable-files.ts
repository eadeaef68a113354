/** Files that are there whole or not at all, also after a crash, and never written over. */
import { randomUUID } from 'node:crypto';
import { link, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Resolves when the file is on the disk. False: there is one of that name already, and it is left as it is. */
export async function createDurably(path: string, content: string, mode = 0o644): Promise<boolean> {
  const directory = dirname(path);
  const draft = join(directory, `.draft-${randomUUID()}`);
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
