/** What promptfoo would put something else in the place of, and what would here be tested as it is written. */
import type { ValuePath } from './located-value.ts';

const OUTSIDE = /^(?:file:\/\/|package:)\S/;

/** The address of a file or a package, for example `file://words.txt`. */
export function findOutside(
  value: unknown,
  path: ValuePath,
): { readonly path: ValuePath; readonly text: string } | undefined {
  if (typeof value === 'string') return OUTSIDE.test(value) ? { path, text: value } : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, each] of Object.entries(value)) {
    const found = findOutside(each, [...path, Array.isArray(value) ? Number(key) : key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A variable that holds another one, or one of the environment; braces of any other kind are text. */
export function findUnfilled(
  vars: Readonly<Record<string, unknown>>,
): { readonly name: string; readonly of: string } | undefined {
  for (const [name, value] of Object.entries(vars)) {
    if (typeof value !== 'string') continue;
    for (const { groups } of value.matchAll(/\{\{\s*(?<of>[A-Za-z_]\w*)/g)) {
      const of = groups?.['of'] ?? '';
      if (of === 'env' || (Object.hasOwn(vars, of) && of !== name)) return { name, of };
    }
  }
  return undefined;
}
