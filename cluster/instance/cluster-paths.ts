import { join, resolve } from 'node:path';

export const CHECKOUT_DIRECTORY = resolve(import.meta.dirname, '../..');

/** Everything that is slow to make lives outside the checkout, so a fresh clone finds it again. */
export function cacheDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  const base = environment['XDG_CACHE_HOME'] ?? join(environment['HOME'] ?? '/root', '.cache');
  return join(base, 'capataz');
}
