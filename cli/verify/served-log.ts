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
/** Asked for before they are wanted: a server far away would else be waited for once a piece. */
const PAGES_AHEAD = 3;
const TILES_AHEAD = 8;
/** Ten million entries whose bodies are pruned. More of them in one go are as good as the end. */
const EMPTY_PAGES_MAXIMUM = 10_000;
const NEWER_MAXIMUM = 100_000;

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

/** Full tiles of a log of `size` entries are asked for ahead, in the order in which a verification goes through them. */
export function tilesServed(
  reader: Pick<LedgerReader, 'bytes'>,
  namespace: string,
  size: number,
): TileReader {
  const ask: TileReader = async (tile) => {
    try {
      return await reader.bytes(`/v1/logs/${namespace}/${tilePath(tile)}`, {}, TILE_WIDTH * HASH_BYTES);
    } catch (error) {
      if (error instanceof LedgerReadError && error.code === 'not_found') return undefined;
      throw error;
    }
  };
  const ahead = new Map<number, ReturnType<TileReader>>();
  return (tile) => {
    if (tile.level !== 0 || tile.width !== TILE_WIDTH) return ask(tile);
    const { index } = tile;
    for (let next = index; next < index + TILES_AHEAD && (next + 1) * TILE_WIDTH <= size; next += 1) {
      if (!ahead.has(next)) ahead.set(next, awaitedLater(ask({ ...tile, index: next })));
    }
    const answer = ahead.get(index) ?? ask(tile);
    ahead.delete(index);
    return answer;
  };
}

/** Why it fails is said when it is wanted. */
function awaitedLater<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => undefined);
  return promise;
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
  const prunedMaximum = Math.min(size, EMPTY_PAGES_MAXIMUM * PAGE_ENTRIES);
  for await (const entry of entriesOfExport(linesServed(reader, namespace, size), 0)) {
    if (!hasBegun)
      for (; place < entry.index && place < prunedMaximum; place += 1)
        yield { index: place, canonical: undefined };
    hasBegun = true;
    yield entry;
  }
  if (!hasBegun) for (; place < prunedMaximum; place += 1) yield { index: place, canonical: undefined };
}

/** What comes from a place on, up to a hundred thousand of them. */
export async function* entriesFrom(
  reader: Pick<LedgerReader, 'text'>,
  namespace: string,
  first: number,
): AsyncGenerator<ServedEntry> {
  let rest = NEWER_MAXIMUM;
  for await (const entry of entriesOfExport(linesServed(reader, namespace, 0, first), first)) {
    yield entry;
    rest -= 1;
    if (rest === 0) return;
  }
}

async function* linesServed(
  reader: Pick<LedgerReader, 'text'>,
  namespace: string,
  size: number,
  first = 0,
): AsyncGenerator<string> {
  const ask = async (from: number): Promise<readonly string[]> => {
    const text = await reader.text(`/v1/logs/${namespace}/export`, { from, count: PAGE_ENTRIES });
    const lines = text.split('\n', PAGE_ENTRIES + 2);
    if (lines.length > PAGE_ENTRIES + 1)
      throw new LedgerReadError(
        'malformed',
        `The ledger answers with more than the ${PAGE_ENTRIES} entries asked for.`,
      );
    return lines.filter((line) => line !== '');
  };
  const ahead: Promise<readonly string[]>[] = [];
  let asked = first;
  let emptyPages = 0;
  for (let from = first; ; from += PAGE_ENTRIES) {
    // Beyond the size that is signed nobody knows how many there are: there one page is asked for ahead.
    while (ahead.length === 0 || (ahead.length < PAGES_AHEAD && asked < size)) {
      ahead.push(awaitedLater(ask(asked)));
      asked += PAGE_ENTRIES;
    }
    const lines = (await ahead.shift()) ?? [];
    emptyPages = lines.length === 0 ? emptyPages + 1 : 0;
    const isEnd = lines.length === 0 && from + PAGE_ENTRIES >= size;
    if (isEnd || emptyPages > EMPTY_PAGES_MAXIMUM) return;
    yield* lines;
  }
}
