/** The caches of all repositories, which share a disk: together they keep within their room. Losing one costs a fetch. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { folderBytes } from './folder-bytes.ts';
import { type GitCacheOptions, type GitRemote, type GitSession, openGitSession } from './git-cache.ts';

/** What is kept, in times of what one repository may take. What is fetched right now comes on top. */
const REPOSITORIES_KEPT = 8;

/** `name` is that of the folder of one repository. */
export type OpenGitSession = (name: string, remote: GitRemote, signal: AbortSignal) => Promise<GitSession>;

export function createGitCaches({
  directory,
  ...options
}: Omit<GitCacheOptions, 'folder'> & { readonly directory: string }): OpenGitSession {
  const inUse = new Set<string>();
  return async (name, remote, signal) => {
    const folder = join(directory, name);
    inUse.add(folder);
    try {
      await prune(directory, REPOSITORIES_KEPT * options.limits.maximumBytes, inUse);
      const session = await openGitSession({ ...options, folder }, remote, signal);
      return {
        ...session,
        [Symbol.asyncDispose]: async () => {
          await session[Symbol.asyncDispose]();
          inUse.delete(folder);
        },
      };
    } catch (error) {
      inUse.delete(folder);
      throw error;
    }
  };
}

/**
 * Removes those that were used longest ago until the others fit: also such whose repository is gone, or has another url
 * now, and that nobody asks for any more.
 */
async function prune(directory: string, maximumBytes: number, inUse: ReadonlySet<string>): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  const caches = await Promise.all(
    names.map(async (name) => {
      const folder = join(directory, name);
      // A session puts its mark into the folder when it begins, and takes it away at its end.
      const usedAt = (await stat(folder).catch(() => undefined))?.mtimeMs ?? 0;
      return { folder, usedAt, bytes: await folderBytes(folder) };
    }),
  );
  let total = caches.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { folder, bytes } of caches.toSorted((one, other) => one.usedAt - other.usedAt)) {
    if (total <= maximumBytes) return;
    if (inUse.has(folder)) continue;
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    total -= bytes;
  }
}
