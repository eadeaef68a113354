/**
 * C2SP signed notes: a text, an empty line, and a line for each signature. Nothing that a note says may be believed before
 * openNote has found a signature by a key that is trusted.
 */
import { sign, verify } from 'node:crypto';
import type { SignatureType, SignerKey, VerifierKey } from './note-keys.ts';
import { decodeBase64, encodeBase64 } from './strict-base64.ts';

export const NOTE_MAXIMUM_CHARACTERS = 65_536;
/** Signatures by strangers count too. C2SP asks for 16 at least. */
export const NOTE_MAXIMUM_SIGNATURES = 32;
/** Larger than the largest that C2SP knows (ML-DSA-44 with a time). */
const SIGNATURE_MAXIMUM_BYTES = 2_560;

export interface NoteSignature {
  readonly name: string;
  readonly keyId: number;
  /** What follows the key ID: how it is to be read says the type of the key. */
  readonly bytes: Uint8Array;
}

export interface Note {
  /** With its last newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface VerifiedSignature {
  readonly key: VerifierKey;
  /** When a witness signed, in seconds since 1970; absent of a log's signature. */
  readonly timestampSeconds?: number;
}

export class MalformedNoteError extends Error {
  override readonly name = 'MalformedNoteError';
}

export class UntrustedNoteError extends Error {
  override readonly name = 'UntrustedNoteError';
}

/** Reads the shape and believes nothing. `note` comes from strict UTF-8. Throws a MalformedNoteError. */
export function parseNote(note: string): Note {
  if (note.length > NOTE_MAXIMUM_CHARACTERS) {
    throw new MalformedNoteError(`A note has at most ${NOTE_MAXIMUM_CHARACTERS} characters.`);
  }
  checkCharacters(note);
  const split = note.lastIndexOf('\n\n');
  if (split < 0)
    throw new MalformedNoteError('A note needs an empty line between its text and its signatures.');
  return { text: note.slice(0, split + 1), signatures: parseSignatureLines(note.slice(split + 2)) };
}

/** Lines `— <name> <base64>`, each with its newline. Throws a MalformedNoteError. */
export function parseSignatureLines(lines: string): readonly NoteSignature[] {
  if (!lines.endsWith('\n')) throw new MalformedNoteError('The last signature must end with a newline.');
  const signatures = lines.slice(0, -1).split('\n', NOTE_MAXIMUM_SIGNATURES + 1);
  if (signatures.length > NOTE_MAXIMUM_SIGNATURES) {
    throw new MalformedNoteError(`A note has at most ${NOTE_MAXIMUM_SIGNATURES} signatures.`);
  }
  return signatures.map((line) => {
    const match = /^— ([^\s\u0085+]+) ([A-Za-z0-9+/=]+)$/u.exec(line);
    const [, name = '', base64 = ''] = match ?? [];
    const bytes = decodeBase64(base64, 4 + SIGNATURE_MAXIMUM_BYTES);
    if (match === null || bytes === undefined || bytes.length < 5) {
      throw new MalformedNoteError('A signature is a line of a dash (U+2014), a name and base64.');
    }
    return { name, keyId: bytes.readUInt32BE(0), bytes: bytes.subarray(4) };
  });
}

export function formatSignature({ name, keyId, bytes }: NoteSignature): string {
  const id = Buffer.alloc(4);
  id.writeUInt32BE(keyId);
  return `— ${name} ${encodeBase64(Buffer.concat([id, bytes]))}\n`;
}

export function formatNote({ text, signatures }: Note): string {
  return `${text}\n${signatures.map(formatSignature).join('')}`;
}

/** The signature of a log. Throws a MalformedNoteError for a text that is none. */
export function signText(text: string, key: SignerKey): NoteSignature {
  checkText(text, key, 'ed25519');
  return { name: key.name, keyId: key.keyId, bytes: sign(null, Buffer.from(text), key.privateKey) };
}

/** The signature of a witness, with its time in seconds since 1970. Throws a MalformedNoteError for a text that is none. */
export function cosignText(text: string, key: SignerKey, timestampSeconds: number): NoteSignature {
  checkText(text, key, 'cosignature');
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(timestampSeconds));
  const signature = sign(null, cosignedMessage(text, timestampSeconds), key.privateKey);
  return { name: key.name, keyId: key.keyId, bytes: Buffer.concat([time, signature]) };
}

/**
 * The text of a note that at least one of `keys` has signed, and which of them have. Signatures by other keys are passed
 * over. Throws a MalformedNoteError, and an UntrustedNoteError when none of the keys has signed or when one that is known
 * stands there with a signature that is not its own: then somebody has changed the note.
 */
export function openNote(
  note: string,
  keys: readonly VerifierKey[],
): { readonly text: string; readonly verified: readonly VerifiedSignature[] } {
  const { text, signatures } = parseNote(note);
  const verified = verifySignatures(text, signatures, keys);
  if (verified.length === 0) {
    throw new UntrustedNoteError('The note has no signature by a key that is trusted here.');
  }
  return { text, verified };
}

/** Each key once, in the order of the signatures. Throws an UntrustedNoteError for a wrong one by a known key. */
export function verifySignatures(
  text: string,
  signatures: readonly NoteSignature[],
  keys: readonly VerifierKey[],
): readonly VerifiedSignature[] {
  const verified = new Map<VerifierKey, VerifiedSignature>();
  for (const signature of signatures) {
    const key = keys.find(({ name, keyId }) => name === signature.name && keyId === signature.keyId);
    if (key === undefined || verified.has(key)) continue;
    const judged = verifySignature(text, signature, key);
    if (judged === undefined)
      throw new UntrustedNoteError(`The signature of ${key.name} is not over this text.`);
    verified.set(key, judged);
  }
  return [...verified.values()];
}

function verifySignature(
  text: string,
  { bytes }: NoteSignature,
  key: VerifierKey,
): VerifiedSignature | undefined {
  if (key.type === 'ed25519') {
    return verify(null, Buffer.from(text), key.publicKey, bytes) ? { key } : undefined;
  }
  if (bytes.length !== 72) return undefined;
  const time = Buffer.from(bytes.subarray(0, 8)).readBigUInt64BE(0);
  if (time > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  const timestampSeconds = Number(time);
  return verify(null, cosignedMessage(text, timestampSeconds), key.publicKey, bytes.subarray(8))
    ? { key, timestampSeconds }
    : undefined;
}

function cosignedMessage(text: string, timestampSeconds: number): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${timestampSeconds}\n${text}`);
}

function checkText(text: string, key: SignerKey, type: SignatureType): void {
  if (key.type !== type) throw new TypeError(`${key.name} signs as ${key.type}, not as ${type}.`);
  checkCharacters(text);
  if (!text.endsWith('\n')) throw new MalformedNoteError('The text of a note ends with a newline.');
}

function checkCharacters(text: string): void {
  // oxlint-disable-next-line no-control-regex -- that no control character but the newline is in it is the point
  if (/[\u0000-\u0009\u000b-\u001f]/.test(text) || !text.isWellFormed()) {
    throw new MalformedNoteError('A note holds no control characters but newlines, and no lone surrogates.');
  }
}
