/**
 * Reads the canonical text of an entry for verification: what the checks need and no more, so that records of types that
 * are newer than the verifier are verified too. Costs a bounded time for any text.
 */
import { z } from 'zod';
import { Sha256 } from '#crds/object-meta.ts';
import { ENTRY_MAXIMUM_BYTES } from '../ledger-entry.ts';
import { Count, Identifier } from '../record-fields.ts';

const DEPTH_MAXIMUM = 16;

const Source = z.object({ process: z.string(), instance: z.string(), boot: z.string(), sequence: Count });

const EntryOutline = z.object({
  index: Count,
  chain: z.object({ sequence: Count, previous: Sha256 }).optional(),
  record: z.object({
    id: Identifier,
    type: z.string(),
    namespace: z.string(),
    run: z.object({ id: Identifier }).optional(),
    source: Source,
    /** Of run_ended and gap. */
    records: Count.optional(),
    /** Of gap. */
    missing: Source.optional(),
  }),
});
export type EntryOutline = z.infer<typeof EntryOutline>;

export type ReadEntry =
  | { readonly outline: EntryOutline; readonly problem?: undefined }
  /** `problem` ends a sentence that begins with the entry. */
  | { readonly outline: undefined; readonly problem: string };

export function readEntry(canonical: string): ReadEntry {
  if (canonical.length > ENTRY_MAXIMUM_BYTES) return broken(`is longer than ${ENTRY_MAXIMUM_BYTES} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(canonical);
  } catch {
    return broken('is not JSON');
  }
  if (!isOrdered(value, 0) || JSON.stringify(value) !== canonical)
    return broken('is not canonical JSON (RFC 8785)');
  const { data } = EntryOutline.safeParse(value);
  if (data === undefined) return broken('does not have the shape of an entry');
  return { outline: data };
}

function broken(problem: string): ReadEntry {
  return { outline: undefined, problem };
}

/**
 * Keys in the order of their UTF-16 code units, numbers that are safe integers, strings that have UTF-8, and not deep.
 * JSON.stringify then writes the one spelling that there is; keys that look like array indexes, which it would reorder,
 * are none of ours.
 */
function isOrdered(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'number') return Number.isSafeInteger(value);
  if (typeof value !== 'object' || value === null) return false;
  if (depth === DEPTH_MAXIMUM) return false;
  if (Array.isArray(value)) return value.every((item) => isOrdered(item, depth + 1));
  let before: string | undefined;
  for (const [key, member] of Object.entries(value)) {
    if ((before !== undefined && key <= before) || !isOrdered(member, depth + 1)) return false;
    before = key;
  }
  return true;
}
