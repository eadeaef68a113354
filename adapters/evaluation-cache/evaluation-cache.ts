/**
 * Answers and votes of evaluations in a folder, a file each, named by their key. A file is whole or not there: an
 * evaluation that is killed while it writes finds the rest when it is begun again.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import type { EvaluationCache } from '#domain/evaluation/run-evaluation.ts';

const ENTRY_MAXIMUM_CHARACTERS = 4 * 1024 * 1024;

export function createEvaluationCache(folder: string): EvaluationCache {
  const pathOf = (key: string): string => join(folder, key.slice(0, 2), `${key}.json`);
  return {
    get: async (key) => {
      try {
        const text = await readFile(pathOf(key), 'utf8');
        const parsed = text.length > ENTRY_MAXIMUM_CHARACTERS ? undefined : parseBoundedJson(text);
        return parsed?.ok === true ? parsed.value : undefined;
      } catch {
        // Not there, or nothing that we wrote: it is asked for anew, and kept over it if that can be.
        return undefined;
      }
    },
    set: async (key, value) => {
      const path = pathOf(key);
      await mkdir(dirname(path), { recursive: true });
      const unfinished = `${path}.${randomUUID()}`;
      try {
        await writeFile(unfinished, JSON.stringify(value), { mode: 0o600 });
        await rename(unfinished, path);
      } finally {
        await rm(unfinished, { force: true });
      }
    },
  };
}

/** Keeps nothing. */
export const NO_CACHE: EvaluationCache = { get: async () => undefined, set: async () => undefined };
