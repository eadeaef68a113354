/** The mounted file with the key-encryption keys. A Secret that changes is seen by reloading it, without a restart. */
import { open } from 'node:fs/promises';
import {
  KEY_FILE_MAXIMUM_BYTES,
  KeyFileError,
  type KeyEncryptionKeys,
  parseKeyFile,
} from './key-encryption-keys.ts';

export class KeyFile {
  readonly #path: string;
  #keys: KeyEncryptionKeys;

  private constructor(path: string, keys: KeyEncryptionKeys) {
    this.#path = path;
    this.#keys = keys;
  }

  /** Throws KeyFileError with a sentence that names the path. */
  static async open(path: string): Promise<KeyFile> {
    return new KeyFile(path, await readKeys(path));
  }

  readonly keys = (): KeyEncryptionKeys => this.#keys;

  /** Answers whether another key is now the newest. Throws KeyFileError, and the keys stay as they were. */
  async reload(): Promise<boolean> {
    const before = this.#keys[0].id;
    this.#keys = await readKeys(this.#path);
    return this.#keys[0].id !== before;
  }
}

async function readKeys(path: string): Promise<KeyEncryptionKeys> {
  const buffer = Buffer.alloc(KEY_FILE_MAXIMUM_BYTES + 1);
  try {
    await using file = await open(path, 'r');
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return parseKeyFile(buffer.toString('latin1', 0, bytesRead), path);
  } catch (error) {
    if (error instanceof KeyFileError) throw error;
    throw new KeyFileError(
      `${path} could not be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'}): mount the Secret with the key-encryption keys there.`,
      { cause: error },
    );
  } finally {
    buffer.fill(0);
  }
}
