/**
 * One turn for the log of one namespace: sign what the tree is now, and have it witnessed. Before anything is signed the
 * tree is held against the last checkpoint, and the witness holds it against what it has seen: it may have grown, and
 * nothing else.
 *
 *   unchanged    nothing has been written since
 *   advanced     signed, and witnessed where there is a witness
 *   unwitnessed  signed; the witness did not answer, or not with a signature
 *   lost         the store is behind or apart from what was signed or witnessed at `size`
 */
import type { SignerKey } from '#domain/transparency/note-keys.ts';
import {
  type Checkpoint,
  type TrustedKeys,
  openCheckpoint,
  readUntrustedCheckpoint,
  signCheckpoint,
  withSignatures,
} from '#domain/transparency/checkpoint.ts';
import { MalformedNoteError, UntrustedNoteError } from '#domain/transparency/signed-note.ts';
import { isConsistent } from '#domain/transparency/proof-verification.ts';
import { MissingTileError, type TileReader, proveConsistency } from '#domain/transparency/tree-proofs.ts';
import type { LedgerStore, TreeHead } from '../store/ledger-store.ts';
import {
  originOf,
  storeCheckpoint,
  storeWitnessed,
  storedCheckpoint,
  storedWitnessed,
} from './checkpoint-documents.ts';
import type { WitnessClient } from './witness-client.ts';

export type Advance =
  | { readonly kind: 'unchanged'; readonly size: number }
  | { readonly kind: 'advanced'; readonly size: number }
  | {
      readonly kind: 'unwitnessed';
      readonly size: number;
      readonly message: string;
      /** It did not answer at all. */
      readonly isAway: boolean;
    }
  | {
      readonly kind: 'lost';
      readonly size: number;
      readonly sentence: string;
      /** What stands there is signed, but not by this ledger's key. */
      readonly isOfAnotherKey?: true;
    };

export interface AdvanceParts {
  readonly store: Pick<LedgerStore, 'treeHead' | 'tile' | 'getDocument' | 'setDocument'>;
  readonly key: SignerKey;
  readonly witness: WitnessClient | undefined;
}

interface AdvanceOptions {
  /** Ask the witness also when nothing has changed: at the start of the process. */
  readonly isFirst: boolean;
  readonly signal: AbortSignal;
}

export async function advanceLog(
  parts: AdvanceParts,
  namespace: string,
  options: AdvanceOptions,
): Promise<Advance> {
  try {
    return await advance(parts, namespace, options);
  } catch (error) {
    if (!(error instanceof MissingTileError)) throw error;
    const { size } = await parts.store.treeHead(namespace);
    return lost(size, `The tree of ${namespace} is incomplete: ${error.message}`);
  }
}

async function advance(
  { store, key, witness }: AdvanceParts,
  namespace: string,
  options: AdvanceOptions,
): Promise<Advance> {
  const origin = await originOf(store, key.name, namespace);
  const read: TileReader = ({ level, index, width }) => store.tile(namespace, level, index, width);
  // Before the tree: where another replica signs meanwhile, the tree would be behind what is signed.
  const before = await storedCheckpoint(store, namespace);
  const head = await store.treeHead(namespace);
  const previous = openPrevious(before, trustedKeys(key, witness), origin);
  const loss = previous === undefined ? undefined : await lossSince(previous, head, read);
  if (loss !== undefined) return loss;
  const signed = previous?.kind === 'signed' && previous.size === head.size ? previous : undefined;
  if (!options.isFirst && signed !== undefined && (witness === undefined || signed.isWitnessed)) {
    return { kind: 'unchanged', size: head.size };
  }
  let note = signed?.note;
  if (note === undefined) {
    note = signCheckpoint({ origin, ...head }, key);
    await storeCheckpoint(store, namespace, note);
  }
  if (witness === undefined) return { kind: 'advanced', size: head.size };
  return await haveWitnessed(
    { store, key, witness },
    { namespace, origin, head, note, read },
    options.signal,
  );
}

function trustedKeys(key: SignerKey, witness: WitnessClient | undefined): TrustedKeys {
  return { logs: [key], witnesses: witness?.keys ?? [] };
}

type Previous =
  | ({ readonly kind: 'signed'; readonly note: string; readonly isWitnessed: boolean } & Checkpoint)
  /** It stands there, and nobody whose key is known has signed it. */
  | { readonly kind: 'untrusted'; readonly size: number; readonly sentence: string };

/** Undefined: there is none, or that of a log which was given another name since and says nothing about this one. */
function openPrevious(note: string | undefined, keys: TrustedKeys, origin: string): Previous | undefined {
  if (note === undefined) return undefined;
  try {
    const { cosignatures, ...checkpoint } = openCheckpoint(note, keys);
    if (checkpoint.origin !== origin) return undefined;
    return { kind: 'signed', note, isWitnessed: cosignatures.length > 0, ...checkpoint };
  } catch (error) {
    if (!(error instanceof UntrustedNoteError) && !(error instanceof MalformedNoteError)) throw error;
    const size = error instanceof UntrustedNoteError ? readUntrustedCheckpoint(note).size : 0;
    return {
      kind: 'untrusted',
      size,
      sentence: `The last checkpoint of ${origin} is not signed by the key of this ledger: the signing key was replaced, or the store was changed.`,
    };
  }
}

async function haveWitnessed(
  { store, key, witness }: AdvanceParts & { readonly witness: WitnessClient },
  log: {
    readonly namespace: string;
    readonly origin: string;
    readonly head: TreeHead;
    readonly note: string;
    readonly read: TileReader;
  },
  signal: AbortSignal,
): Promise<Advance> {
  const { namespace, origin, head, note, read } = log;
  const { size } = head;
  const before = await storedWitnessed(store, namespace);
  const last =
    before === undefined ? undefined : openCheckpoint(before, { logs: [key], witnesses: witness.keys });
  let oldSize = last?.origin === origin && last.size <= size ? last.size : 0;
  for (let isSecond = false; ; isSecond = true) {
    const proof = await proveConsistency(oldSize, size, read);
    const answer = await witness.add({ oldSize, proof, checkpoint: note }, signal);
    switch (answer.kind) {
      case 'cosigned': {
        const cosigned = withSignatures(signCheckpoint({ origin, ...head }, key), answer.signatures);
        await storeWitnessed(store, namespace, cosigned);
        await storeCheckpoint(store, namespace, cosigned);
        return { kind: 'advanced', size };
      }
      case 'inconsistent':
        return {
          kind: 'lost',
          size: oldSize,
          sentence: `The tree of ${namespace} does not begin with the ${oldSize} entries that the witness has seen: the store was changed, or another one was put in its place.`,
        };
      case 'other_size': {
        if (answer.size > size) return await behindWitness(store, namespace, size, answer.size);
        // Asked from the size that it told, and it tells the same: at this size it has seen another root.
        if (isSecond && answer.size === oldSize) {
          return {
            kind: 'lost',
            size: oldSize,
            sentence: `The tree of ${namespace} has another root at ${oldSize} entries than the witness has seen: the store was changed.`,
          };
        }
        if (isSecond) return byAnother(size);
        oldSize = answer.size;
        continue;
      }
      case 'refused':
      case 'away':
        return { kind: 'unwitnessed', size, message: answer.message, isAway: answer.kind === 'away' };
    }
  }
}

async function behindWitness(
  store: Pick<LedgerStore, 'treeHead'>,
  namespace: string,
  size: number,
  witnessedSize: number,
): Promise<Advance> {
  // The tree may have grown since it was looked at, and another replica have had it witnessed.
  if ((await store.treeHead(namespace)).size >= witnessedSize) return byAnother(size);
  return {
    kind: 'lost',
    size: witnessedSize,
    sentence: `The tree of ${namespace} has ${size} entries, and the witness has seen ${witnessedSize}: the store was rolled back.`,
  };
}

/** The next turn holds what is there then against what the witness has seen then. */
function byAnother(size: number): Advance {
  return { kind: 'unwitnessed', size, message: 'another replica has it witnessed', isAway: false };
}

/** Undefined: the tree has only grown. */
async function lossSince(previous: Previous, head: TreeHead, read: TileReader): Promise<Advance | undefined> {
  if (previous.kind === 'untrusted')
    return { ...lost(previous.size, previous.sentence), isOfAnotherKey: true };
  const { origin, size, root } = previous;
  if (head.size < size) {
    return lost(
      size,
      `The tree ${origin} has ${head.size} entries, and ${size} were signed: entries are gone.`,
    );
  }
  const proof = await proveConsistency(size, head.size, read);
  const claim = { fromSize: size, fromRoot: root, toSize: head.size, toRoot: head.root, proof };
  return isConsistent(claim)
    ? undefined
    : lost(
        size,
        `The tree ${origin} does not begin with the ${size} entries that were signed: the store was changed.`,
      );
}

function lost(size: number, sentence: string): Advance & { readonly kind: 'lost' } {
  return { kind: 'lost', size, sentence };
}
