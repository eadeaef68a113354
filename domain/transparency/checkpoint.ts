/**
 * C2SP tlog-checkpoint: what a log signs about its tree. One key signs all trees of one ledger: a key that is called K may
 * speak for the origins K and K/..., and for no other.
 */
import { isKeyName } from './note-keys.ts';
import type { SignerKey, VerifierKey } from './note-keys.ts';
import { formatNote, MalformedNoteError, parseNote, signText, UntrustedNoteError } from './signed-note.ts';
import { verifySignatures } from './signed-note.ts';
import type { NoteSignature, VerifiedSignature } from './signed-note.ts';
import { decodeBase64, encodeBase64 } from './strict-base64.ts';
import { parseDecimal } from './strict-decimal.ts';
import { HASH_BYTES } from './tree-hashes.ts';

export interface Checkpoint {
  /** Which tree it is: the name of the ledger's key, `/` and the namespace. */
  readonly origin: string;
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

export interface TrustedKeys {
  readonly logs: readonly VerifierKey[];
  readonly witnesses: readonly VerifierKey[];
}

export interface OpenedCheckpoint extends Checkpoint {
  /** What is signed. */
  readonly text: string;
  /** By the log: at least one. */
  readonly logSignatures: readonly VerifiedSignature[];
  /** By witnesses that are trusted, with their times; may be none. */
  readonly cosignatures: readonly VerifiedSignature[];
}

export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${encodeBase64(root)}\n`;
}

/** The signed note. `key` is of type ed25519. */
export function signCheckpoint(checkpoint: Checkpoint, key: SignerKey): string {
  if (!maySpeakFor(key, checkpoint.origin)) {
    throw new RangeError(`The key ${key.name} may not sign for the origin ${checkpoint.origin}.`);
  }
  const text = checkpointText(checkpoint);
  return formatNote({ text, signatures: [signText(text, key)] });
}

/** The same checkpoint with more signatures: those of witnesses. */
export function withSignatures(note: string, more: readonly NoteSignature[]): string {
  const { text, signatures } = parseNote(note);
  return formatNote({ text, signatures: [...signatures, ...more] });
}

/** Believes nothing: for choosing the keys by which to open it. Throws a MalformedNoteError. */
export function readUntrustedCheckpoint(note: string): Checkpoint {
  return parseCheckpointText(parseNote(note).text);
}

/**
 * The checkpoint, if the log has signed it. Throws a MalformedNoteError for what is no checkpoint, and an
 * UntrustedNoteError when no key in `logs` that may speak for its origin has signed, or a signature by a known key is wrong.
 */
export function openCheckpoint(note: string, { logs, witnesses }: TrustedKeys): OpenedCheckpoint {
  const { text, signatures } = parseNote(note);
  const checkpoint = parseCheckpointText(text);
  const speakers = logs.filter((key) => key.type === 'ed25519' && maySpeakFor(key, checkpoint.origin));
  const logSignatures = verifySignatures(text, signatures, speakers);
  if (logSignatures.length === 0) {
    throw new UntrustedNoteError(
      `The checkpoint of ${checkpoint.origin} has no signature by a trusted key of its log.`,
    );
  }
  const cosigners = witnesses.filter(({ type }) => type === 'cosignature');
  return { ...checkpoint, text, logSignatures, cosignatures: verifySignatures(text, signatures, cosigners) };
}

export function maySpeakFor(key: Pick<VerifierKey, 'name'>, origin: string): boolean {
  return origin === key.name || origin.startsWith(`${key.name}/`);
}

function parseCheckpointText(text: string): Checkpoint {
  const [origin = '', sizeText = '', rootText = '', end, ...more] = text.split('\n');
  const size = parseDecimal(sizeText);
  const root = decodeBase64(rootText, HASH_BYTES);
  // Extension lines are allowed by C2SP and refused here: nobody would audit what they say.
  if (
    !isKeyName(origin) ||
    size === undefined ||
    root?.length !== HASH_BYTES ||
    end !== '' ||
    more.length > 0
  ) {
    throw new MalformedNoteError('A checkpoint is three lines: an origin, a size and a root in base64.');
  }
  return { origin, size, root };
}
