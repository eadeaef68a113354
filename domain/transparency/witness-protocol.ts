/**
 * C2SP tlog-witness, both ends of `POST <prefix>/add-checkpoint`: the log hands a witness its new checkpoint and the proof
 * that it begins with the one that the witness saw last; the witness signs it, or says what it saw last.
 */
import type { VerifierKey } from './note-keys.ts';
import { formatSignature, MalformedNoteError, parseNote, parseSignatureLines } from './signed-note.ts';
import { UntrustedNoteError, verifySignatures } from './signed-note.ts';
import type { NoteSignature } from './signed-note.ts';
import { PROOF_MAXIMUM_HASHES } from './proof-verification.ts';
import { decodeHashLines, encodeBase64 } from './strict-base64.ts';
import { parseDecimal } from './strict-decimal.ts';

export const ADD_CHECKPOINT_PATH = '/add-checkpoint';
/** Content type of the answer 409 whose body is a size. */
export const TREE_SIZE_CONTENT_TYPE = 'text/x.tlog.size';
export const ADD_CHECKPOINT_MAXIMUM_BYTES = 131_072;

export interface AddCheckpointRequest {
  /** Size of the checkpoint that the witness signed last; 0 when that is not known or there was none. */
  readonly oldSize: number;
  /** From oldSize to the checkpoint's. */
  readonly proof: readonly Uint8Array[];
  /** The signed note. */
  readonly checkpoint: string;
}

export function formatAddCheckpoint({ oldSize, proof, checkpoint }: AddCheckpointRequest): string {
  return `old ${oldSize}\n${proof.map((hash) => `${encodeBase64(hash)}\n`).join('')}\n${checkpoint}`;
}

/** Believes nothing of it. Throws a MalformedNoteError. */
export function parseAddCheckpoint(body: string): AddCheckpointRequest {
  const end = body.indexOf('\n\n');
  const [first = '', ...hashLines] = body.slice(0, Math.max(end, 0)).split('\n', PROOF_MAXIMUM_HASHES + 2);
  const oldSize = first.startsWith('old ') ? parseDecimal(first.slice(4)) : undefined;
  const proof = hashLines.length > PROOF_MAXIMUM_HASHES ? undefined : decodeHashLines(hashLines);
  if (end < 0 || oldSize === undefined || proof === undefined) {
    throw new MalformedNoteError(
      `A request is "old <size>", at most ${PROOF_MAXIMUM_HASHES} hashes in base64, an empty line and a checkpoint.`,
    );
  }
  return { oldSize, proof, checkpoint: body.slice(end + 2) };
}

export type WitnessAnswer =
  /** The signatures by keys of the witness that are known, for withSignatures. */
  | { readonly kind: 'cosigned'; readonly signatures: readonly NoteSignature[] }
  /**
   * The witness signed another size last. Smaller than the log's own: prove from there. Larger: the log has lost what it
   * once showed, and must not go on as if nothing were.
   */
  | { readonly kind: 'other_size'; readonly size: number }
  | { readonly kind: 'refused'; readonly message: string };

/** What a witness said to `checkpoint`. Never throws: an answer that cannot be read or is not signed by `keys` is `refused`. */
export function readWitnessAnswer(
  answer: { readonly status: number; readonly contentType: string; readonly body: string },
  checkpoint: string,
  keys: readonly VerifierKey[],
): WitnessAnswer {
  const { status, contentType, body } = answer;
  if (status === 409 && contentType.startsWith(TREE_SIZE_CONTENT_TYPE)) {
    const size = body.endsWith('\n') ? parseDecimal(body.slice(0, -1)) : undefined;
    if (size !== undefined) return { kind: 'other_size', size };
  }
  if (status !== 200) return refused(`The witness answered ${status}: ${body.slice(0, 300).trim()}`);
  try {
    const signatures = parseSignatureLines(body);
    const verified = verifySignatures(parseNote(checkpoint).text, signatures, keys);
    const known = signatures.filter(({ name, keyId }) =>
      verified.some(({ key }) => key.name === name && key.keyId === keyId),
    );
    if (known.length > 0) return { kind: 'cosigned', signatures: known };
    return refused('The witness answered without a signature by a key that is known here.');
  } catch (error) {
    if (!(error instanceof MalformedNoteError) && !(error instanceof UntrustedNoteError)) throw error;
    return refused(`The answer of the witness is not worth anything: ${error.message}`);
  }
}

/** The body of the answer 200. */
export function formatCosignatures(signatures: readonly NoteSignature[]): string {
  return signatures.map(formatSignature).join('');
}

function refused(message: string): WitnessAnswer {
  return { kind: 'refused', message };
}
