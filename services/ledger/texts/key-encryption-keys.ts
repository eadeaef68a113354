/**
 * Key-encryption keys: from a mounted file that never changes hands with the database. They wrap the data keys
 * (data-keys.ts), so that a copy of the database alone opens no text.
 */
import { createHash } from 'node:crypto';
import { encryptBytes, decryptBytes, KEY_BYTES } from './authenticated-encryption.ts';

export const KEY_FILE_MAXIMUM_BYTES = 8192;
const KEYS_MAXIMUM = 16;

export interface KeyEncryptionKey {
  /** Derived from the key, so that the same name can never mean another key. */
  readonly id: string;
  readonly key: Uint8Array;
}

/** At least one; the first wraps, all unwrap. */
export type KeyEncryptionKeys = readonly [KeyEncryptionKey, ...KeyEncryptionKey[]];

export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
}

/**
 * One key a line, 32 bytes in base64, the newest first; empty lines and lines that begin with # are skipped. A new key is
 * put before the old ones, which stay until the data keys are wrapped anew.
 * @param path only for the sentence of the error, which never repeats what stands in the file
 */
export function parseKeyFile(content: string, path: string): KeyEncryptionKeys {
  if (content.length > KEY_FILE_MAXIMUM_BYTES) {
    throw new KeyFileError(
      `${path} is larger than ${KEY_FILE_MAXIMUM_BYTES} bytes: it holds one key a line.`,
    );
  }
  const lines = content
    .split('\n')
    .map((line, index) => ({ text: line.trim(), number: index + 1 }))
    .filter(({ text }) => text !== '' && !text.startsWith('#'));
  const keys = lines.map(({ text, number }) => {
    const key = Buffer.from(text, 'base64');
    // Buffer.from skips what is not base64: only what it writes back the same was meant.
    if (key.length !== KEY_BYTES || key.toString('base64') !== text) {
      throw new KeyFileError(
        `Line ${number} of ${path} is not a key of ${KEY_BYTES} bytes in base64: make one with "openssl rand -base64 ${KEY_BYTES}".`,
      );
    }
    return { id: idOf(key), key };
  });
  const [newest, ...older] = keys;
  if (newest === undefined) {
    throw new KeyFileError(`${path} holds no key: make one with "openssl rand -base64 ${KEY_BYTES}".`);
  }
  if (keys.length > KEYS_MAXIMUM) {
    throw new KeyFileError(
      `${path} holds ${keys.length} keys and may hold ${KEYS_MAXIMUM}: take out the oldest that wrap nothing any more.`,
    );
  }
  if (new Set(keys.map(({ id }) => id)).size !== keys.length) {
    throw new KeyFileError(`${path} holds the same key twice: take one of them out.`);
  }
  return [newest, ...older];
}

export interface WrappedKey {
  readonly keyEncryptionKey: string;
  /** In base64. */
  readonly wrapped: string;
}

/** @param keyId of the data key: bound to it, so that wrapped keys cannot be exchanged for each other */
export function wrapKey(
  keys: KeyEncryptionKeys,
  keyId: string,
  dataKey: Uint8Array,
  randomBytes: (count: number) => Uint8Array,
): WrappedKey {
  const [newest] = keys;
  const bytes = encryptBytes(newest.key, wrappingContext(newest.id, keyId), dataKey, randomBytes);
  return { keyEncryptionKey: newest.id, wrapped: Buffer.from(bytes).toString('base64') };
}

/** `missing`: the key that wrapped it is not in the file. `altered`: what is stored is not what was wrapped. */
export function unwrapKey(
  keys: KeyEncryptionKeys,
  keyId: string,
  { keyEncryptionKey, wrapped }: WrappedKey,
): Uint8Array | 'missing' | 'altered' {
  const key = keys.find(({ id }) => id === keyEncryptionKey);
  if (key === undefined) return 'missing';
  const dataKey = decryptBytes(key.key, wrappingContext(key.id, keyId), Buffer.from(wrapped, 'base64'));
  return dataKey?.length === KEY_BYTES ? dataKey : 'altered';
}

function wrappingContext(keyEncryptionKeyId: string, keyId: string): readonly string[] {
  return ['data key', keyEncryptionKeyId, keyId];
}

function idOf(key: Uint8Array): string {
  return createHash('sha256').update('capataz key-encryption key\n').update(key).digest('hex').slice(0, 16);
}
