/**
 * Sealed documents: JSON that only we can read and nobody can change (JWE, RFC 7516, AES-256-GCM under a key of ours). What a
 * document is for is part of it: one kind is never taken for another.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { CompactEncrypt, compactDecrypt } from 'jose';
import type { z } from 'zod';

const KEY_BYTES = 32;
const MOST_KEYS = 8;
/** Longer is nothing that we have sealed. */
const SEALED_MAXIMUM_CHARACTERS = 16_384;

export interface Seal {
  readonly seal: (purpose: string, document: object) => Promise<string>;
  /** Undefined: not ours, of another purpose, or under a key that is gone. */
  readonly open: <Document>(
    purpose: string,
    sealed: string,
    schema: z.ZodType<Document>,
  ) => Promise<Document | undefined>;
}

export interface SealingKey {
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** The first key seals; all of them open, so that a key can be replaced while sessions go on. */
export function createSeal(keys: () => readonly SealingKey[]): Seal {
  return {
    seal: async (purpose, document) => {
      const [key] = keys();
      if (key === undefined) throw new Error('There is no key to seal with.');
      return await new CompactEncrypt(Buffer.from(JSON.stringify(document)))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: key.id, typ: purpose })
        .encrypt(key.bytes);
    },
    open: async (purpose, sealed, schema) => {
      if (sealed.length > SEALED_MAXIMUM_CHARACTERS) return undefined;
      try {
        const { plaintext, protectedHeader } = await compactDecrypt(
          sealed,
          ({ kid }) => keys().find(({ id }) => id === kid)?.bytes ?? new Uint8Array(KEY_BYTES),
          { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] },
        );
        if (protectedHeader.typ !== purpose) return undefined;
        return schema.safeParse(JSON.parse(Buffer.from(plaintext).toString('utf8'))).data;
      } catch {
        return undefined;
      }
    },
  };
}

/** Keys of this start alone: sessions end with the process. */
export function drawnKeys(): readonly SealingKey[] {
  return [sealingKey(randomBytes(KEY_BYTES))];
}

/** Throws one sentence. */
export async function readSealingKeys(path: string): Promise<readonly SealingKey[]> {
  const lines = (await readFile(path, 'utf8')).split('\n').map((line) => line.trim());
  const keys = lines.filter((line) => line !== '').map((line) => Buffer.from(line, 'base64'));
  if (keys.length === 0 || keys.length > MOST_KEYS || keys.some(({ length }) => length !== KEY_BYTES)) {
    throw new Error(
      `${path} must hold 1 to ${MOST_KEYS} keys, one a line, each ${KEY_BYTES} bytes in base64 (openssl rand -base64 32).`,
    );
  }
  return keys.map(sealingKey);
}

function sealingKey(bytes: Uint8Array): SealingKey {
  return { id: createHash('sha256').update(bytes).digest('hex').slice(0, 16), bytes };
}
