/** The key of the witness: mounted, or drawn once on its volume. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  encodeSignerKey,
  MalformedKeyError,
  parseSignerKey,
  signerKeyOf,
} from '#domain/transparency/note-keys.ts';
import type { SignerKey } from '#domain/transparency/note-keys.ts';
import { createDurably } from './durable-files.ts';

/** Rejects with a sentence that names the path and never the key. */
export async function openWitnessKey(options: {
  readonly directory: string;
  readonly keyName: string;
  readonly keyPath: string | undefined;
}): Promise<SignerKey> {
  const path = options.keyPath ?? join(options.directory, 'witness-key');
  if (options.keyPath === undefined) {
    const drawn = signerKeyOf(options.keyName, 'cosignature', randomBytes(32));
    await createDurably(path, `${encodeSignerKey(drawn)}\n`, 0o600);
  }
  try {
    const key = parseSignerKey((await readFile(path, 'utf8')).trim());
    if (key.type === 'cosignature') return key;
  } catch (error) {
    if (!(error instanceof MalformedKeyError)) throw error;
  }
  throw new MalformedKeyError(`What stands at ${path} is no signer key of a witness (type 0x04).`);
}
