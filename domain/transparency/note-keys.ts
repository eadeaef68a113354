/**
 * Keys of signed notes in the encodings of C2SP signed-note and Go's sumdb/note:
 *
 *     verifier key   <name>+<key ID in hexadecimal>+<base64 of type and public key>
 *     signer key     PRIVATE+KEY+<name>+<key ID in hexadecimal>+<base64 of type and seed>
 *
 * Two types of signature, both Ed25519: a log's, and a witness's with a time (C2SP tlog-cosignature).
 */
import { createPrivateKey, createPublicKey, hash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { decodeBase64 } from './strict-base64.ts';

export const SIGNATURE_TYPES = { ed25519: 0x01, cosignature: 0x04 } as const;
export type SignatureType = keyof typeof SIGNATURE_TYPES;

export interface VerifierKey {
  readonly name: string;
  /** Of 32 bits: tells keys apart, proves nothing. */
  readonly keyId: number;
  readonly type: SignatureType;
  readonly publicKey: KeyObject;
}

export interface SignerKey extends VerifierKey {
  readonly privateKey: KeyObject;
}

export class MalformedKeyError extends Error {
  override readonly name = 'MalformedKeyError';
}

const KEY_BYTES = 32;
// DER of what comes before the 32 bytes of an Ed25519 key (RFC 8410): the only way by which node:crypto takes a bare one.
const PRIVATE_KEY_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_KEY_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

export const KEY_NAME_MAXIMUM_CHARACTERS = 255;

/** Neither spaces nor plus signs (C2SP), nor anything that a reader does not see. */
export function isKeyName(name: string): boolean {
  return name.length <= KEY_NAME_MAXIMUM_CHARACTERS && /^[^\s+\p{C}\p{Z}]+$/u.test(name);
}

/** `seed`: 32 random bytes. A log's name is the origin of its checkpoints. */
export function signerKeyOf(name: string, type: SignatureType, seed: Uint8Array): SignerKey {
  if (!isKeyName(name)) throw new MalformedKeyError('The name of a key must not hold spaces or plus signs.');
  if (seed.length !== KEY_BYTES) throw new MalformedKeyError('The seed of an Ed25519 key has 32 bytes.');
  const privateKey = createPrivateKey({
    key: Buffer.concat([PRIVATE_KEY_PREFIX, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = createPublicKey(privateKey);
  return { name, type, keyId: keyIdOf(name, type, rawPublicKey(publicKey)), publicKey, privateKey };
}

export function encodeVerifierKey({ name, keyId, type, publicKey }: VerifierKey): string {
  return `${name}+${keyIdText(keyId)}+${withType(type, rawPublicKey(publicKey))}`;
}

export function encodeSignerKey({ name, keyId, type, privateKey }: SignerKey): string {
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  return `PRIVATE+KEY+${name}+${keyIdText(keyId)}+${withType(type, der.subarray(PRIVATE_KEY_PREFIX.length))}`;
}

/** Throws a MalformedKeyError for anything but what encodeVerifierKey writes. */
export function parseVerifierKey(text: string): VerifierKey {
  const { name, keyId, type, key } = parseKey(text, text.split('+'));
  if (keyId !== keyIdOf(name, type, key))
    throw malformed(`The key ID of ${name} is not that of its public key.`);
  const publicKey = createPublicKey({
    key: Buffer.concat([PUBLIC_KEY_PREFIX, key]),
    format: 'der',
    type: 'spki',
  });
  return { name, keyId, type, publicKey };
}

/** Throws a MalformedKeyError, whose message never holds the key. */
export function parseSignerKey(text: string): SignerKey {
  const [privateWord, keyWord, ...parts] = text.split('+');
  if (privateWord !== 'PRIVATE' || keyWord !== 'KEY')
    throw malformed('A signer key begins with PRIVATE+KEY+.');
  const { name, keyId, type, key } = parseKey('a signer key', parts);
  const signer = signerKeyOf(name, type, key);
  if (signer.keyId !== keyId) throw malformed(`The key ID of ${name} is not that of its key.`);
  return signer;
}

function parseKey(shown: string, parts: readonly string[]) {
  // Base64 may hold plus signs; names and key IDs may not.
  const [name = '', keyIdHex = '', ...base64] = parts;
  const bytes = decodeBase64(base64.join('+'), 1 + KEY_BYTES);
  const type = typeOf(bytes?.[0]);
  if (!isKeyName(name) || !/^[0-9a-f]{8}$/.test(keyIdHex) || bytes?.length !== 1 + KEY_BYTES || !type) {
    throw malformed(`Not an Ed25519 key as <name>+<key ID>+<base64>: ${shown.slice(0, 100)}`);
  }
  return { name, keyId: Number.parseInt(keyIdHex, 16), type, key: bytes.subarray(1) };
}

function typeOf(byte: number | undefined): SignatureType | undefined {
  return (['ed25519', 'cosignature'] as const).find((type) => SIGNATURE_TYPES[type] === byte);
}

function keyIdOf(name: string, type: SignatureType, key: Uint8Array): number {
  const input = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(SIGNATURE_TYPES[type]), key]);
  return hash('sha256', input, 'buffer').readUInt32BE(0);
}

function keyIdText(keyId: number): string {
  return keyId.toString(16).padStart(8, '0');
}

function withType(type: SignatureType, key: Uint8Array): string {
  return Buffer.concat([Buffer.of(SIGNATURE_TYPES[type]), key]).toString('base64');
}

function rawPublicKey(publicKey: KeyObject): Uint8Array {
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(PUBLIC_KEY_PREFIX.length);
}

function malformed(message: string): MalformedKeyError {
  return new MalformedKeyError(message);
}
