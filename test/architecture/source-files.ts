/** The files of the repository as they would be committed. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

/** Paths relative to the root, with `/`. */
export const REPOSITORY_FILES: readonly string[] = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard'],
  { cwd: ROOT, encoding: 'utf8' },
)
  .split('\n')
  .filter((path) => path !== '' && textOf(path) !== undefined);

/** TypeScript that runs, without tests and what only they use. */
export const PRODUCT_FILES = REPOSITORY_FILES.filter(
  (path) =>
    path.endsWith('.ts') &&
    !path.endsWith('.test.ts') &&
    !path.includes('/testing/') &&
    /^(crds|domain|adapters|telemetry|process|operator|services)\//.test(path),
);

/** The text of a file; undefined when it was deleted and not yet committed. */
export function textOf(path: string): string | undefined {
  try {
    return readFileSync(join(ROOT, path), 'utf8');
  } catch {
    return undefined;
  }
}

/** Every match of a pattern with one group, in all files, without repetition. */
export function matchesIn(paths: readonly string[], pattern: RegExp): ReadonlySet<string> {
  return new Set(
    paths.flatMap((path) => [...(textOf(path) ?? '').matchAll(pattern)].map(([, group]) => group ?? '')),
  );
}
