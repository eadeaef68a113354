/**
 * Evidence of one entry as one text (C2SP tlog-proof): the entry, its index, the proof that it stands in the tree, and the
 * checkpoint of that tree with its signatures. Whoever has the keys judges it without asking anybody. The entry goes as
 * extra data, which the format leaves to its users: the proof is what binds it.
 */
import { openCheckpoint, readUntrustedCheckpoint } from './checkpoint.ts';
import type { OpenedCheckpoint, TrustedKeys } from './checkpoint.ts';
import { isIncluded, PROOF_MAXIMUM_HASHES } from './proof-verification.ts';
import { MalformedNoteError, NOTE_MAXIMUM_CHARACTERS, UntrustedNoteError } from './signed-note.ts';
import { decodeBase64, decodeHashLines, encodeBase64 } from './strict-base64.ts';
import { parseDecimal } from './strict-decimal.ts';
import { hashLeaf } from './tree-hashes.ts';

const FIRST_LINE = 'c2sp.org/tlog-proof@v1';
const EXTRA = 'extra ';
const INDEX = 'index ';

/** Of C2SP tlog-tiles: more has no length in an entry bundle. */
export const EVIDENCE_ENTRY_MAXIMUM_BYTES = 65_535;
export const EVIDENCE_MAXIMUM_CHARACTERS = 2 * EVIDENCE_ENTRY_MAXIMUM_BYTES + NOTE_MAXIMUM_CHARACTERS;

export interface Evidence {
  /** Absent where whoever verifies brings it along: its body may have been pruned. */
  readonly entry: string | undefined;
  readonly index: number;
  readonly proof: readonly Uint8Array[];
  /** The signed note. */
  readonly checkpoint: string;
}

export function formatEvidence({ entry, index, proof, checkpoint }: Evidence): string {
  const extra = entry === undefined ? [] : [`${EXTRA}${encodeBase64(Buffer.from(entry))}`];
  return [FIRST_LINE, ...extra, `${INDEX}${index}`, ...proof.map(encodeBase64), '', checkpoint].join('\n');
}

/** Believes nothing of it. Throws a MalformedNoteError. */
export function parseEvidence(text: string): Evidence {
  if (text.length > EVIDENCE_MAXIMUM_CHARACTERS) {
    throw new MalformedNoteError(`Evidence has at most ${EVIDENCE_MAXIMUM_CHARACTERS} characters.`);
  }
  const end = text.indexOf('\n\n');
  if (end < 0) throw new MalformedNoteError('Evidence needs an empty line before its checkpoint.');
  const [first, ...lines] = text.slice(0, end).split('\n', PROOF_MAXIMUM_HASHES + 4);
  if (first !== FIRST_LINE) throw new MalformedNoteError(`Evidence begins with the line ${FIRST_LINE}.`);
  const extra = lines[0]?.startsWith(EXTRA) === true ? lines.shift() : undefined;
  const indexLine = lines.shift();
  const index =
    indexLine?.startsWith(INDEX) === true ? parseDecimal(indexLine.slice(INDEX.length)) : undefined;
  const proof = lines.length > PROOF_MAXIMUM_HASHES ? undefined : decodeHashLines(lines);
  if (index === undefined || proof === undefined) {
    throw new MalformedNoteError(
      `Evidence needs a line "index <number>" and at most ${PROOF_MAXIMUM_HASHES} hashes in base64.`,
    );
  }
  const checkpoint = text.slice(end + 2);
  readUntrustedCheckpoint(checkpoint);
  return { entry: extra === undefined ? undefined : decodeEntry(extra), index, proof, checkpoint };
}

export interface ProvenEntry {
  readonly entry: string;
  readonly index: number;
  /** Whose `cosignatures` say which witnesses have seen the tree: none, and only the log vouches for it. */
  readonly checkpoint: OpenedCheckpoint;
}

/**
 * Judges a text of evidence by keys that the auditor holds. `entry`: the auditor's own copy; without it, the one that the
 * evidence carries. Throws a MalformedNoteError for what is no evidence, and an UntrustedNoteError for what does not prove.
 */
export function verifyEvidence(text: string, keys: TrustedKeys, entry?: string): ProvenEntry {
  const evidence = parseEvidence(text);
  const proven = entry ?? evidence.entry;
  if (proven === undefined)
    throw new MalformedNoteError('The evidence carries no entry: bring the entry along.');
  const checkpoint = openCheckpoint(evidence.checkpoint, keys);
  const { index, proof } = evidence;
  const { size, root } = checkpoint;
  if (!isIncluded({ leafHash: hashLeaf(proven), index, size, root, proof })) {
    throw new UntrustedNoteError(
      `The entry is not entry ${index} of the ${size} that ${checkpoint.origin} has signed: entry, index or proof was changed.`,
    );
  }
  return { entry: proven, index, checkpoint };
}

function decodeEntry(extraLine: string): string {
  const bytes = decodeBase64(extraLine.slice(EXTRA.length), EVIDENCE_ENTRY_MAXIMUM_BYTES);
  const entry = bytes?.toString('utf8');
  // Bytes that are no UTF-8 would come back as others, and the proof would fail for a reason that nobody sees.
  if (bytes === undefined || entry === undefined || !bytes.equals(Buffer.from(entry))) {
    throw new MalformedNoteError('The entry in the evidence is not base64 of UTF-8.');
  }
  return entry;
}
