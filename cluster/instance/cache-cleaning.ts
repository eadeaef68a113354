import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const STALE_AFTER_MILLISECONDS = 60 * 60 * 1000;

/** A run that was interrupted leaves its half-made folders; those of a run still going are younger. */
export async function removeStaleTemporaries(cache: string): Promise<void> {
  for (const name of await readdir(cache).catch(() => [])) {
    if (!/^\.(?:building|context|archive|models)-/.test(name)) continue;
    const path = join(cache, name);
    const age = Date.now() - (await stat(path)).mtimeMs;
    if (age > STALE_AFTER_MILLISECONDS) await rm(path, { recursive: true, force: true });
  }
}
