/**
 * AES-256-GCM under a key that is used once: derived by HKDF-SHA-256 from the given key and 128 random bits. Two messages
 * would need the same 224 random bits to meet under one key and nonce, so no count of uses has to be kept or shared
 * between processes.
 *
 * Layout: version (1 byte), salt (16), nonce (12), ciphertext, tag (16). The context is authenticated, not stored: bytes
 * that are moved to another place do not open there.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

export const KEY_BYTES = 32;

const VERSION = 1;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + SALT_BYTES + NONCE_BYTES;

export function encryptBytes(
  key: Uint8Array,
  context: readonly string[],
  plain: Uint8Array,
  randomBytes: (count: number) => Uint8Array,
): Uint8Array {
  const salt = randomBytes(SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', deriveKey(key, salt), nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(authenticated(context));
  const ciphertext = cipher.update(plain);
  return Buffer.concat([
    Uint8Array.of(VERSION),
    salt,
    nonce,
    ciphertext,
    cipher.final(),
    cipher.getAuthTag(),
  ]);
}

/** Undefined: another key, another context, or changed since. */
export function decryptBytes(
  key: Uint8Array,
  context: readonly string[],
  sealed: Uint8Array,
): Uint8Array | undefined {
  if (sealed.length < HEADER_BYTES + TAG_BYTES || sealed[0] !== VERSION) return undefined;
  const salt = sealed.subarray(1, 1 + SALT_BYTES);
  const nonce = sealed.subarray(1 + SALT_BYTES, HEADER_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', deriveKey(key, salt), nonce, {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(authenticated(context));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const plain = decipher.update(sealed.subarray(HEADER_BYTES, sealed.length - TAG_BYTES));
  try {
    return Buffer.concat([plain, decipher.final()]);
  } catch {
    return undefined;
  }
}

function deriveKey(key: Uint8Array, salt: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, salt, 'capataz text', KEY_BYTES));
}

/** As JSON, so that no two contexts run together into the same bytes. */
function authenticated(context: readonly string[]): Uint8Array {
  return Buffer.from(JSON.stringify([VERSION, ...context]), 'utf8');
}
