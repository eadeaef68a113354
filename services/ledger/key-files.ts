/** Keys of the ledger that are files: mounted, or drawn at the first start where that is wanted. */
import { createPrivateKey, randomBytes } from 'node:crypto';
import { access, link, open, readFile, rm } from 'node:fs/promises';
import {
  MalformedKeyError,
  type SignerKey,
  encodeSignerKey,
  parseSignerKey,
  signerKeyOf,
} from '#domain/transparency/note-keys.ts';
import { KeyFile } from './texts/key-file.ts';

const KEY_BYTES = 32;

export class MissingKeyError extends Error {
  override readonly name = 'MissingKeyError';
}

/**
 * The key by which checkpoints are signed. `logName` is the name of a new one or of one in PEM, and with it of the log.
 * Rejects with a sentence that names the path and never the key.
 */
export async function openSigningKey(
  path: string,
  { logName, isDrawn }: { readonly logName: string; readonly isDrawn: boolean },
): Promise<SignerKey> {
  if (isDrawn) {
    const drawn = signerKeyOf(logName, 'ed25519', randomBytes(KEY_BYTES));
    await writeOnce(path, `${encodeSignerKey(drawn)}\n`);
  }
  try {
    const text = (await readFile(path, 'utf8')).trim();
    const key = text.startsWith('-----BEGIN') ? signerKeyOfPem(text, logName) : parseSignerKey(text);
    if (key.type === 'ed25519') return key;
  } catch (error) {
    if (!(error instanceof MalformedKeyError)) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown failure';
      throw new MissingKeyError(
        `The signing key at ${path} cannot be read (${code}): mount one there, or let one be drawn with CAPATAZ_GENERATE_KEYS=true.`,
      );
    }
  }
  throw new MissingKeyError(
    `What stands at ${path} is no signing key of a log (PRIVATE+KEY+NAME+ID+BASE64 of type Ed25519, or an Ed25519 private key in PEM).`,
  );
}

/** What Helm and openssl can make. The name of the log does not stand in it. */
function signerKeyOfPem(pem: string, logName: string): SignerKey {
  let seed: string | undefined;
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') seed = key.export({ format: 'jwk' }).d;
  } catch {
    // What openssl says of a broken key may quote it.
  }
  if (seed === undefined) throw new MalformedKeyError('It is no Ed25519 private key.');
  return signerKeyOf(logName, 'ed25519', Buffer.from(seed, 'base64url'));
}

/** The keys that wrap those of the texts. */
export async function openTextKeys(path: string, isDrawn: boolean): Promise<KeyFile> {
  if (isDrawn) await writeOnce(path, `${randomBytes(KEY_BYTES).toString('base64')}\n`);
  return await KeyFile.open(path);
}

/** Never over a file that is there, and never half of one, whatever happens meanwhile. */
async function writeOnce(path: string, content: string): Promise<void> {
  if (await exists(path)) return;
  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  try {
    {
      await using file = await open(draft, 'wx', 0o600);
      await file.writeFile(content);
      await file.sync();
    }
    await link(draft, path);
  } catch (error) {
    // Another process was a moment faster.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
