/** Whether a commit is signed by one of the keys that are allowed, by git's own means. */
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GitFailure } from './git-failure.ts';
import type { GitWorkplace } from './git-settings.ts';

export interface SignatureKeys {
  /** As `ssh-keygen -Y verify` reads it. */
  readonly allowedSigners?: string;
  /** Public keys of OpenPGP, armoured. */
  readonly openPgpKeys?: string;
}

export type SignatureVerdict =
  | { readonly kind: 'good' }
  | { readonly kind: 'missing' }
  /** With the reason as the end of a sentence. */
  | { readonly kind: 'refused'; readonly because: string };

const COMMIT_MAXIMUM_BYTES = 1_048_576;
const IMPORT_MILLISECONDS = 20_000;

export async function writeKeys(workplace: GitWorkplace, keys: SignatureKeys | undefined): Promise<void> {
  // Without one, git would refuse to look at a signature of ssh at all.
  await writeFile(workplace.allowedSignersPath, keys?.allowedSigners ?? '', { mode: 0o600 });
  await mkdir(workplace.gpgHome, { mode: 0o700 });
  // The keys that are imported are all allowed, whatever gpg knows of their owners. git then says G of them, and of no
  // other key: U is what it says of an unknown key of ssh as well.
  await writeFile(join(workplace.gpgHome, 'gpg.conf'), 'trust-model always\n');
  if (keys?.openPgpKeys !== undefined) await importKeys(workplace, keys.openPgpKeys);
}

async function importKeys({ gpgHome }: GitWorkplace, openPgpKeys: string): Promise<void> {
  const done = Promise.withResolvers<number | null>();
  const child = spawn(
    'gpg',
    ['--homedir', gpgHome, '--batch', '--no-tty', '--quiet', '--no-autostart', '--import'],
    { stdio: ['pipe', 'ignore', 'ignore'], timeout: IMPORT_MILLISECONDS },
  );
  child.on('error', done.reject).on('close', done.resolve);
  // One that reads nothing says so by its exit.
  child.stdin.on('error', () => undefined).end(openPgpKeys);
  const code = await done.promise.catch((error: unknown) => {
    throw new GitFailure('FetchFailed', `gpg could not be started (${String(error)}).`);
  });
  if (code !== 0) throw new GitFailure('FetchFailed', 'gpg does not take the key public-keys.asc.');
}

/** What git says of a signature (`%G?`), where it is not good. */
const REFUSALS: Readonly<Record<string, string>> = {
  B: 'is not a signature of this commit: one of both was changed',
  U: 'is by a key that is not among those allowed',
  E: 'is by a key that is not among those allowed, or cannot be checked',
  X: 'has expired',
  Y: 'is by a key that has expired',
  R: 'is by a key that was revoked',
};

export async function verifySignature(
  commit: string,
  keys: SignatureKeys | undefined,
  run: (
    words: readonly string[],
    bound?: { readonly maximumBytes: number; readonly whenLarger: string },
  ) => Promise<string>,
): Promise<SignatureVerdict> {
  const raw = await run(['cat-file', 'commit', commit], {
    maximumBytes: COMMIT_MAXIMUM_BYTES,
    whenLarger: `The message and signature of the commit have more than ${COMMIT_MAXIMUM_BYTES} bytes.`,
  });
  const header = raw.slice(0, raw.indexOf('\n\n'));
  const kind = /^gpgsig(?:-sha256)? -----BEGIN (SSH SIGNATURE|PGP SIGNATURE|SIGNED MESSAGE)-----$/m.exec(
    header,
  )?.[1];
  if (kind === undefined) return { kind: 'missing' };
  const isSsh = kind === 'SSH SIGNATURE';
  if ((isSsh ? keys?.allowedSigners : keys?.openPgpKeys) === undefined || kind === 'SIGNED MESSAGE') {
    return {
      kind: 'refused',
      because: `is one of ${isSsh ? 'ssh' : kind === 'PGP SIGNATURE' ? 'OpenPGP' : 'X.509'}, for which no keys are given`,
    };
  }
  const state = (await run(['log', '-1', '--format=%G?', commit])).trim();
  // Which of several signatures git looks at is not for us to know: only what it says itself counts.
  if (state === 'G') return { kind: 'good' };
  return { kind: 'refused', because: REFUSALS[state] ?? 'cannot be checked' };
}
