/** The judgement of the witness on one checkpoint (C2SP tlog-witness), and what it keeps of it. */
import {
  maySpeakFor,
  openCheckpoint,
  readUntrustedCheckpoint,
  withSignatures,
} from '#domain/transparency/checkpoint.ts';
import type { Checkpoint } from '#domain/transparency/checkpoint.ts';
import type { SignerKey, VerifierKey } from '#domain/transparency/note-keys.ts';
import { isConsistent } from '#domain/transparency/proof-verification.ts';
import { cosignText, MalformedNoteError, UntrustedNoteError } from '#domain/transparency/signed-note.ts';
import type { NoteSignature } from '#domain/transparency/signed-note.ts';
import { areEqualHashes, EMPTY_TREE_ROOT } from '#domain/transparency/tree-hashes.ts';
import { parseAddCheckpoint } from '#domain/transparency/witness-protocol.ts';
import type { AddCheckpointRequest } from '#domain/transparency/witness-protocol.ts';
import type { WitnessedCheckpoint, WitnessedCheckpoints } from './witnessed-checkpoints.ts';

export type Verdict =
  | { readonly outcome: 'cosigned'; readonly checkpoint: Checkpoint; readonly signature: NoteSignature }
  | { readonly outcome: 'other_size'; readonly size: number; readonly message: string }
  /** The log contradicts what it has shown before: proof of a fault, or of worse. */
  | { readonly outcome: 'forked'; readonly size: number; readonly message: string }
  | { readonly outcome: 'inconsistent'; readonly message: string }
  | { readonly outcome: 'malformed' | 'unknown_origin' | 'not_signed'; readonly message: string };

export interface Witness {
  readonly key: SignerKey;
  readonly logKeys: readonly VerifierKey[];
  readonly checkpoints: WitnessedCheckpoints;
  readonly nowSeconds: () => number;
}

/** Rejects with what the disk says, with DamagedRecordError and TooManyOriginsError; nothing is signed then. */
export async function addCheckpoint(witness: Witness, body: string): Promise<Verdict> {
  const opened = open(witness.logKeys, body);
  if ('outcome' in opened) return opened;
  const { request, checkpoint } = opened;
  const latest = await witness.checkpoints.latest(checkpoint.origin);
  const refusal = judge(request, checkpoint, latest);
  if (refusal !== undefined) return refusal;
  const signature = cosignText(checkpoint.text, witness.key, witness.nowSeconds());
  // Seen before: anybody may send it again, and that must not push what was seen earlier out of what is kept.
  if (latest?.size === checkpoint.size) return { outcome: 'cosigned', checkpoint, signature };
  const note = withSignatures(checkpoint.loggedNote, [signature]);
  if (await witness.checkpoints.addAfter(latest, checkpoint.origin, note)) {
    return { outcome: 'cosigned', checkpoint, signature };
  }
  // Another request was faster: the size that it was signed at is what is to be proven from now.
  return otherSize(request.oldSize, (await witness.checkpoints.latest(checkpoint.origin))?.size ?? 0);
}

interface SignedCheckpoint extends Checkpoint {
  readonly text: string;
  readonly loggedNote: string;
}

function open(
  logKeys: readonly VerifierKey[],
  body: string,
): Verdict | { readonly request: AddCheckpointRequest; readonly checkpoint: SignedCheckpoint } {
  try {
    const request = parseAddCheckpoint(body);
    const { origin, size } = readUntrustedCheckpoint(request.checkpoint);
    const logs = logKeys.filter((key) => maySpeakFor(key, origin));
    if (logs.length === 0)
      return { outcome: 'unknown_origin', message: `No log of the origin ${origin} is witnessed here.` };
    if (request.oldSize > size) {
      return {
        outcome: 'malformed',
        message: `The old size ${request.oldSize} is above the ${size} of the checkpoint.`,
      };
    }
    const { text, root } = openCheckpoint(request.checkpoint, { logs, witnesses: [] });
    return { request, checkpoint: { origin, size, root, text, loggedNote: request.checkpoint } };
  } catch (error) {
    if (error instanceof MalformedNoteError) return { outcome: 'malformed', message: error.message };
    if (error instanceof UntrustedNoteError) return { outcome: 'not_signed', message: error.message };
    throw error;
  }
}

function judge(
  { oldSize, proof }: AddCheckpointRequest,
  { origin, size, root }: Checkpoint,
  latest: WitnessedCheckpoint | undefined,
): Verdict | undefined {
  const seen = { size: latest?.size ?? 0, root: latest?.root ?? EMPTY_TREE_ROOT };
  if (oldSize !== seen.size) return otherSize(oldSize, seen.size);
  if (size === oldSize && !areEqualHashes(root, seen.root)) {
    return {
      outcome: 'forked',
      size,
      message: `${origin} has shown another root at ${size} entries before.`,
    };
  }
  const claim = { fromSize: seen.size, fromRoot: seen.root, toSize: size, toRoot: root, proof };
  return isConsistent(claim)
    ? undefined
    : {
        outcome: 'inconsistent',
        message: `The proof does not show that the ${size} entries of ${origin} begin with the ${seen.size} it has shown before.`,
      };
}

function otherSize(oldSize: number, size: number): Verdict {
  return {
    outcome: 'other_size',
    size,
    message: `The latest that was signed has ${size} entries, and not ${oldSize}.`,
  };
}
