/** The log of one namespace as a ledger serves it, asked for piece by piece, each bounded. */
import { z } from 'zod';
import { LedgerReadError, type LedgerReader } from '#adapters/ledger-reader/ledger-reader.ts';
import { entriesOfExport, type ServedEntry } from '#domain/ledger/verify/served-entries.ts';
import { TILE_WIDTH, tilePath } from '#domain/transparency/tiles.ts';
import { HASH_BYTES } from '#domain/transparency/tree-hashes.ts';
import type { TileReader } from '#domain/transparency/tree-proofs.ts';

/** Of entries as large as they may be: just what an answer may hold. */
const PAGE_ENTRIES = 1000;
const NOTE_MAXIMUM_BYTES = 65_536;

const LogKeys = z.object({ logs: z.array(z.string()).max(64), witnesses: z.array(z.string()).max(64) });
const WitnessAnswer = z.object({
  key: z.string().max(1024),
  checkpoints: z.array(z.string().max(NOTE_MAXIMUM_BYTES)).max(1024),
});

export async function askForKeys(reader: Pick<LedgerReader, 'json'>): Promise<z.infer<typeof LogKeys>> {
  return await reader.json('/v1/log-keys', {}, LogKeys);
}

export async function askForCheckpoint(
  reader: Pick<LedgerReader, 'text'>,
  namespace: string,
): Promise<string> {
  return await reader.text(`/v1/logs/${namespace}/checkpoint`, {}, NOTE_MAXIMUM_BYTES);
}

/** All that a witness keeps of one log. */
export async function askWitness(
  reader: Pick<LedgerReader, 'json'>,
  origin: string,
): Promise<z.infer<typeof WitnessAnswer>> {
  return await reader.json('/checkpoints', { origin }, WitnessAnswer);
}

export function tilesServed(reader: Pick<LedgerReader, 'bytes'>, namespace: string): TileReader {
  return async (tile) => {
    try {
      return await reader.bytes(`/v1/logs/${namespace}/${tilePath(tile)}`, {}, TILE_WIDTH * HASH_BYTES);
    } catch (error) {
      if (error instanceof LedgerReadError && error.code === 'not_found') return undefined;
      throw error;
    }
  };
}

/**
 * From the first to the last, `size` of them at least. Places before the first that is served are those whose bodies were
 * pruned: the report counts them.
 */
export async function* entriesServed(
  reader: Pick<LedgerReader, 'text'>,
  namespace: string,
  size: number,
): AsyncGenerator<ServedEntry> {
  let hasBegun = false;
  let place = 0;
  for await (const entry of entriesOfExport(linesServed(reader, namespace, size), 0)) {
    if (!hasBegun)
      for (; place < entry.index && place < size; place += 1) yield { index: place, canonical: undefined };
    hasBegun = true;
    yield entry;
  }
  if (!hasBegun) for (; place < size; place += 1) yield { index: place, canonical: undefined };
}

async function* linesServed(
  reader: Pick<LedgerReader, 'text'>,
  namespace: string,
  size: number,
): AsyncGenerator<string> {
  const ask = async (from: number): Promise<readonly string[]> => {
    const text = await reader.text(`/v1/logs/${namespace}/export`, { from, count: PAGE_ENTRIES });
    return text.split('\n').filter((line) => line !== '');
  };
  let from = 0;
  let next = ask(from);
  for (;;) {
    const lines = await next;
    from += PAGE_ENTRIES;
    const isEnd = lines.length === 0 && from >= size;
    if (isEnd) return;
    // The next page comes while this one is verified; why it does not is said when it is wanted.
    next = ask(from);
    next.catch(() => undefined);
    yield* lines;
  }
}
