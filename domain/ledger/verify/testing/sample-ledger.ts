/** A small honest ledger with its tiles, its signed and its witnessed checkpoints, and ways to tamper with it. */
import { signCheckpoint, withSignatures } from '#domain/transparency/checkpoint.ts';
import { signerKeyOf } from '#domain/transparency/note-keys.ts';
import type { SignerKey } from '#domain/transparency/note-keys.ts';
import { cosignText, parseNote } from '#domain/transparency/signed-note.ts';
import { TileMap } from '#domain/transparency/testing/tile-map.ts';
import { hashLeaf } from '#domain/transparency/tree-hashes.ts';
import { rootAtSize } from '#domain/transparency/tree-proofs.ts';
import { FIRST_OF_CHAIN } from '#domain/ledger/ledger-entry.ts';
import type { ServedEntry } from '../served-entries.ts';
import { verifyLedger } from '../verify-ledger.ts';
import type { VerificationReport } from '../verification-report.ts';

export const LOG_KEY = signerKeyOf('capataz.example/ledger', 'ed25519', Buffer.alloc(32, 1));
export const WITNESS_KEY = signerKeyOf('witness.example', 'cosignature', Buffer.alloc(32, 2));
export const STRANGER_KEY = signerKeyOf('capataz.example/ledger', 'ed25519', Buffer.alloc(32, 9));
export const ORIGIN = 'capataz.example/ledger/shop';
const RECORDS_OF_RUN = 5;

/** What a ledger serves: a test changes it before it is verified. */
export interface Served {
  entries: ServedEntry[];
  tree: TileMap;
  checkpoint: string;
  otherCheckpoints: string[];
}

/** Runs of five records, five at a time side by side, all told by one agent; every record has a distinct id. */
export function sampleEntries(count: number, flavour = ''): string[] {
  const heads = new Map<string, { readonly sequence: number; readonly previous: string }>();
  return Array.from({ length: count }, (_, index) => {
    const group = Math.floor(index / 25);
    const run = `run-${group}-${index % 5}`;
    const chain = heads.get(run) ?? { sequence: 0, previous: FIRST_OF_CHAIN };
    const isLast = chain.sequence === RECORDS_OF_RUN - 1;
    const source = { boot: 'b-1', instance: 'agent-0', process: 'agent-runtime', sequence: index + 1 };
    const canonical = JSON.stringify({
      chain: { previous: chain.previous, sequence: chain.sequence },
      index,
      receivedAtMicroseconds: 1_764_000_000_000_000 + index,
      record: {
        agent: { name: `seller${flavour}` },
        atMicroseconds: 1_764_000_000_000_000 + index,
        id: `record-${index}`,
        namespace: 'shop',
        ...(isLast ? { records: RECORDS_OF_RUN } : {}),
        run: { id: run },
        source,
        type: isLast ? 'run_ended' : 'cycle',
      },
      reporter: 'system:serviceaccount:shop:agent-seller',
      trust: 'witnessed',
      version: 1,
    });
    heads.set(run, {
      sequence: chain.sequence + 1,
      previous: Buffer.from(hashLeaf(canonical)).toString('hex'),
    });
    return canonical;
  });
}

export function treeOf(entries: readonly string[]): TileMap {
  return new TileMap().append(entries.map(hashLeaf));
}

export async function signedAt(tree: TileMap, size: number, key: SignerKey = LOG_KEY): Promise<string> {
  return signCheckpoint({ origin: ORIGIN, size, root: await rootAtSize(size, tree.read) }, key);
}

export async function witnessedAt(tree: TileMap, size: number): Promise<string> {
  const note = await signedAt(tree, size);
  return withSignatures(note, [cosignText(parseNote(note).text, WITNESS_KEY, 1_764_000_000)]);
}

/** Signed at its end, witnessed a little before. */
export async function honestLedger(count: number, witnessedSizes: readonly number[]): Promise<Served> {
  const entries = sampleEntries(count);
  const tree = treeOf(entries);
  return {
    entries: entries.map((canonical, index) => ({ index, canonical })),
    tree,
    checkpoint: await signedAt(tree, count),
    otherCheckpoints: await Promise.all(witnessedSizes.map((size) => witnessedAt(tree, size))),
  };
}

export async function verify(served: Served): Promise<VerificationReport> {
  return verifyLedger({
    origin: ORIGIN,
    namespace: 'shop',
    entries: streamOf(served.entries),
    readTile: served.tree.read,
    checkpoint: served.checkpoint,
    otherCheckpoints: served.otherCheckpoints,
    keys: { logs: [LOG_KEY], witnesses: [WITNESS_KEY] },
  });
}

export async function* streamOf<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  yield* items;
}
