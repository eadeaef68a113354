/** Which files of a user's folders may be ours. A place that cannot be looked into is a problem of its own, not the end. */
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const MAXIMUM_FILES = 10_000;
const MAXIMUM_DEPTH = 16;
const IS_OURS = /\.(prompt|ya?ml|json)$/;

export interface FileProblem {
  readonly path: string;
  readonly line: number;
  readonly problem: string;
}

export interface Collected {
  readonly files: readonly string[];
  readonly problems: readonly FileProblem[];
}

/** Folders are searched for prompts and manifests; what is named itself must be one. */
export async function collectFiles(paths: readonly string[]): Promise<Collected> {
  const files: string[] = [];
  const problems: FileProblem[] = [];
  // Links may lead back: each folder is looked into once.
  const seen = new Set<string>();
  const refuse = (path: string, error: unknown): void => {
    problems.push({ path, line: 1, problem: error instanceof Error ? error.message : String(error) });
  };
  const look = async (path: string, depth: number): Promise<void> => {
    if (files.length >= MAXIMUM_FILES) return;
    const found = await stat(path).catch(async (error: unknown) => {
      // Editors make and remove files while we look; a link to nothing stays.
      if (depth === 0 || (IS_OURS.test(path) && (await isThere(path)))) refuse(path, error);
    });
    if (found === undefined) return;
    if (!found.isDirectory()) {
      if (depth === 0 || IS_OURS.test(path)) files.push(path);
      if (files.length === MAXIMUM_FILES) {
        problems.push({
          path,
          line: 1,
          problem: `there are more than ${MAXIMUM_FILES} files: those behind it are not read`,
        });
      }
      return;
    }
    const folder = `${found.dev} ${found.ino}`;
    if (depth > MAXIMUM_DEPTH || seen.has(folder)) return;
    seen.add(folder);
    const names = await readdir(path).catch((error: unknown) => refuse(path, error));
    for (const name of (names ?? []).toSorted()) {
      if (!name.startsWith('.') && name !== 'node_modules') await look(join(path, name), depth + 1);
    }
  };
  for (const path of paths) await look(path, 0);
  return { files, problems };
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}
