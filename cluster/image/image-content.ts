import { createHash } from 'node:crypto';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The folders that the Dockerfile copies. A missing one is made empty, as COPY needs it to be there. */
export const IMAGE_FOLDERS = [
  'crds',
  'domain',
  'adapters',
  'telemetry',
  'process',
  'operator',
  'services',
  'cli',
  'prompts',
] as const;

const IMAGE_FILES = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'Dockerfile',
  '.dockerignore',
] as const;

/** The same files that .dockerignore leaves in, so that an edited test builds no new image. */
export function isImageFile(path: string): boolean {
  return !path.endsWith('.test.ts') && !path.split('/').includes('fixtures');
}

export async function listImageFiles(checkout: string): Promise<readonly string[]> {
  const found: string[] = [...IMAGE_FILES];
  const patterns = IMAGE_FOLDERS.map((folder) => `${folder}/**`);
  for await (const entry of glob(patterns, { cwd: checkout, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name).slice(checkout.length + 1);
    if (isImageFile(path)) found.push(path);
  }
  return found.toSorted();
}

/** Twelve characters that change exactly when something in the image changes. */
export async function hashImageContent(
  checkout: string,
  files: readonly string[],
  ingredients: readonly string[],
): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(ingredients));
  for (const file of files) {
    const content = await readFile(join(checkout, file));
    hash.update(`\0${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 12);
}
