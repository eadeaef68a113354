/**
 * A bare repository on disk that holds one commit of a server: fetched shallow, read from the object database, never
 * checked out. Losing it costs a fetch.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getSystemErrorMessage } from 'node:util';
import { folderBytes } from './folder-bytes.ts';
import { GitFailure, type GitFailureReason, gitFailure } from './git-failure.ts';
import {
  type GitCredentials,
  type GitWorkplace,
  gitConfiguration,
  gitEnvironment,
  workplaceIn,
} from './git-settings.ts';
import { type SignatureKeys, type SignatureVerdict, verifySignature, writeKeys } from './commit-signature.ts';
import { type GitExit, runGit } from './run-git.ts';

export interface GitLimits {
  /** Of the whole repository on disk. */
  readonly maximumBytes: number;
  readonly timeoutSeconds: number;
  /** Of each process: a few bytes of a pack may unfold into any number of them. */
  readonly memoryBytes: number;
  /** Of what `git ls-tree` says. */
  readonly maximumListingBytes: number;
  readonly maximumFileBytes: number;
  /** How far back an applied commit is looked for. */
  readonly maximumDepth: number;
}

export const GIT_LIMITS: GitLimits = {
  maximumBytes: 268_435_456,
  timeoutSeconds: 120,
  memoryBytes: 167_772_160,
  maximumListingBytes: 4_194_304,
  maximumFileBytes: 4_194_304,
  maximumDepth: 1_000,
};

export interface GitRemote {
  readonly url: string;
  /** `refs/heads/main`, `refs/tags/v1`. */
  readonly reference: string;
  readonly credentials: GitCredentials;
  readonly keys?: SignatureKeys;
}

export interface TreeEntry {
  readonly path: string;
  readonly mode: string;
  readonly object: string;
  readonly size: number;
}

/** One look at a server, and at what came of it. Disposing of it removes the secrets from the disk. */
export interface GitSession extends AsyncDisposable {
  /** The commit that the reference points to. */
  readonly fetch: () => Promise<string>;
  /** Whether `ancestor` is among the commits before `commit`; false when it is not found as far back as is looked. */
  readonly isAncestor: (ancestor: string, commit: string) => Promise<boolean>;
  readonly authorOf: (commit: string) => Promise<string>;
  /** Everything below the folders, at any depth; of the whole repository without folders. */
  readonly list: (commit: string, folders: readonly string[]) => Promise<readonly TreeEntry[]>;
  readonly read: (object: string) => Promise<Uint8Array>;
  readonly signatureOf: (commit: string) => Promise<SignatureVerdict>;
}

/** Stands in the folder while a session is open: found by the next one, it tells that a process was killed. */
const SESSION_MARK = 'capataz-session';
const NAME_LENGTH = 16;
/** A fetch that failed for one of these has changed nothing here. */
const REASONS_OF_SERVERS: ReadonlySet<GitFailureReason> = new Set([
  'UrlNotAllowed',
  'Unreachable',
  'AccessDenied',
  'HostKeyRefused',
  'ReferenceNotFound',
]);
const OUR_REFERENCE = 'refs/capataz/head';
/** Of a command that answers with a line. */
const ANSWER_MAXIMUM_BYTES = 65_536;
const MORE_FILES =
  'The commit has more files than are read: keep prompts in a folder of their own (spec.path).';
const OBJECT_NAME = /^[a-f0-9]{40,64}$/;
const ENTRY = /^(?<mode>\d{6}) \w+ (?<object>[a-f0-9]{40,64}) +(?<size>\d+|-)\t(?<path>.*)$/s;

interface Bound {
  readonly maximumBytes?: number;
  readonly whenLarger?: string;
  readonly watchesSize?: boolean;
}

export interface GitCacheOptions {
  /** Of this repository alone. */
  readonly folder: string;
  /** Where files with secrets are put; should be in memory. */
  readonly temporaryFolder: string;
  readonly searchPath: string;
  readonly allowedSchemes: readonly string[];
  readonly limits: GitLimits;
}

export async function openGitSession(
  options: GitCacheOptions,
  remote: GitRemote,
  signal: AbortSignal,
): Promise<GitSession> {
  const { folder, limits } = options;
  const scheme = remote.url.slice(0, remote.url.indexOf(':'));
  if (!options.allowedSchemes.includes(scheme)) {
    throw new GitFailure(
      'UrlNotAllowed',
      `A ${scheme}:// url is not fetched from here: use https:// or ssh://.`,
    );
  }
  // Always the same one, so that secrets which a killed process left do not outlive the next look.
  const nameOfFolder = createHash('sha256').update(folder).digest('hex').slice(0, NAME_LENGTH);
  const workplace = workplaceIn(join(options.temporaryFolder, `git-${nameOfFolder}`));
  const mark = join(folder, SESSION_MARK);
  const forget = async (): Promise<void> => rm(folder, { recursive: true, force: true });
  const leave = async (): Promise<void> => rm(workplace.folder, { recursive: true, force: true });
  let isDoubtful = false;
  try {
    await leave();
    await mkdir(workplace.folder, { mode: 0o700 });
    await furnish(workplace, remote);
    if (existsSync(mark) || (await folderBytes(folder)) > limits.maximumBytes / 2) await forget();
    await mkdir(folder, { recursive: true });
    await writeFile(mark, '');
    await run(['init', '--quiet', '--bare', '--template=']);
  } catch (error) {
    await Promise.allSettled([leave(), forget()]);
    throw diskFailure(error) ?? error;
  }

  /** How one command ended; only a GitFailure or the reason of the signal is thrown. */
  async function attempt(words: readonly string[], bound: Bound = {}): Promise<GitExit> {
    try {
      return await runGit({
        folder,
        words,
        environment: gitEnvironment(workplace, options.searchPath),
        signal,
        timeoutSeconds: limits.timeoutSeconds,
        memoryBytes: limits.memoryBytes,
        maximumBytes: bound.maximumBytes ?? ANSWER_MAXIMUM_BYTES,
        whenLarger: bound.whenLarger ?? `git ${words[0]} answers with more than is read.`,
        ...(bound.watchesSize === true && { objection: largeFolder }),
      });
    } catch (error) {
      doubt(error);
      throw error;
    }
  }

  async function bytesOf(words: readonly string[], bound?: Bound): Promise<Buffer> {
    const { code, output, said } = await attempt(words, bound);
    if (code === 0) return output;
    const failure = gitFailure(said);
    doubt(failure);
    throw failure;
  }

  async function run(words: readonly string[], bound?: Bound): Promise<string> {
    return (await bytesOf(words, bound)).toString('utf8');
  }

  /** A git that was killed leaves locks and halves behind, and what it cannot read now it will not read later. */
  function doubt(error: unknown): void {
    if (!(error instanceof GitFailure && REASONS_OF_SERVERS.has(error.reason))) isDoubtful = true;
  }

  async function largeFolder(): Promise<GitFailure | undefined> {
    return (await folderBytes(folder)) > limits.maximumBytes ? tooLarge(limits.maximumBytes) : undefined;
  }

  async function fetchTo(depth: number): Promise<void> {
    await run(
      [
        'fetch',
        '--quiet',
        '--force',
        '--no-tags',
        '--no-recurse-submodules',
        `--depth=${depth}`,
        '--end-of-options',
        remote.url,
        `+${remote.reference}:${OUR_REFERENCE}`,
      ],
      { watchesSize: true },
    );
    const tooMuch = await largeFolder();
    if (tooMuch === undefined) return;
    doubt(tooMuch);
    throw tooMuch;
  }

  const isKnown = async (commit: string): Promise<boolean> =>
    (await attempt(['cat-file', '-e', `${commit}^{commit}`])).code === 0;

  return {
    fetch: async () => {
      await fetchTo(1);
      return (await run(['rev-parse', '--verify', '--end-of-options', `${OUR_REFERENCE}^{commit}`])).trim();
    },
    isAncestor: async (ancestor, commit) => {
      if (ancestor === commit) return true;
      if (!OBJECT_NAME.test(ancestor)) return false;
      for (const depth of [50, limits.maximumDepth]) {
        await fetchTo(depth);
        if (!(await isKnown(ancestor))) continue;
        // With more of the history it may turn out to be one.
        if ((await attempt(['merge-base', '--is-ancestor', ancestor, commit])).code === 0) return true;
      }
      return false;
    },
    authorOf: async (commit) =>
      (await run(['log', '-1', '--no-show-signature', '--format=%an <%ae>', commit])).trim(),
    list: async (commit, folders) => {
      const text = await run(
        ['ls-tree', '-r', '-l', '-z', '--full-tree', '--end-of-options', commit, ...folders],
        { maximumBytes: limits.maximumListingBytes, whenLarger: MORE_FILES },
      );
      try {
        return text
          .split('\0')
          .filter((line) => line !== '')
          .map(readEntry);
      } catch (error) {
        doubt(error);
        throw error;
      }
    },
    read: async (object) => {
      if (!OBJECT_NAME.test(object)) throw new GitFailure('FetchFailed', 'A tree names no object.');
      return await bytesOf(['cat-file', 'blob', object], { maximumBytes: limits.maximumFileBytes });
    },
    signatureOf: (commit) => verifySignature(commit, remote.keys, run),
    [Symbol.asyncDispose]: async () => {
      // What cannot be removed now, the next session removes: it finds the mark.
      await leave().catch(() => undefined);
      await (isDoubtful ? forget() : rm(mark, { force: true })).catch(() => undefined);
    },
  };
}

function tooLarge(maximumBytes: number): GitFailure {
  const mebibytes = Math.floor(maximumBytes / 1_048_576);
  return new GitFailure(
    'TooLarge',
    `The commit is larger than the ${mebibytes} MiB that are fetched of a repository.`,
  );
}

async function furnish(workplace: GitWorkplace, { url, credentials, keys }: GitRemote): Promise<void> {
  const secret = { mode: 0o600 } as const;
  await writeFile(workplace.configPath, gitConfiguration(url, credentials, workplace), secret);
  if (credentials.kind === 'ssh') {
    // OpenSSH takes no key whose last line has no end, or whose lines end as on Windows.
    const identity = credentials.identity.replaceAll('\r\n', '\n').trimEnd();
    await writeFile(workplace.identityPath, `${identity}\n`, secret);
    await writeFile(workplace.knownHostsPath, credentials.knownHosts, secret);
  }
  if (credentials.kind === 'https' && credentials.certificateAuthority !== undefined) {
    await writeFile(workplace.authorityPath, credentials.certificateAuthority, secret);
  }
  await writeKeys(workplace, keys);
}

function readEntry(line: string): TreeEntry {
  const groups = ENTRY.exec(line)?.groups;
  // As of a file whose object is not there. Left out, its prompt would be taken for one that was deleted.
  if (groups === undefined)
    throw new GitFailure('FetchFailed', `git cannot read the commit: ${line.trim()}.`);
  const { mode = '', object = '', size = '-', path = '' } = groups;
  return { mode, object, path, size: size === '-' ? 0 : Number(size) };
}

/** Of the folders that hold what is fetched and, for a moment, the secrets; undefined when it is something else. */
function diskFailure(error: unknown): GitFailure | undefined {
  if (!(error instanceof Error && 'errno' in error && typeof error.errno === 'number')) return undefined;
  const words = getSystemErrorMessage(error.errno);
  return new GitFailure('FetchFailed', `The disk of the process that follows repositories fails: ${words}.`);
}
