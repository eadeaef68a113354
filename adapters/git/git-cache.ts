/**
 * A bare repository on disk that holds one commit of a server: fetched shallow, read from the object database, never
 * checked out. Losing it costs a fetch.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type SimpleGit, simpleGit } from 'simple-git';
import { GitFailure, type GitFailureReason, gitFailure } from './git-failure.ts';
import {
  type GitCredentials,
  type GitWorkplace,
  gitConfiguration,
  gitEnvironment,
  workplaceIn,
} from './git-settings.ts';
import { type SignatureKeys, type SignatureVerdict, verifySignature, writeKeys } from './commit-signature.ts';

export interface GitLimits {
  /** Of the whole repository on disk. */
  readonly maximumBytes: number;
  readonly timeoutSeconds: number;
  /** Of what `git ls-tree` says. */
  readonly maximumListingBytes: number;
  /** How far back an applied commit is looked for. */
  readonly maximumDepth: number;
}

export const GIT_LIMITS: GitLimits = {
  maximumBytes: 268_435_456,
  timeoutSeconds: 120,
  maximumListingBytes: 4_194_304,
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
const SIZE_CHECK_MILLISECONDS = 200;
const OBJECT_NAME = /^[a-f0-9]{40,64}$/;
const ENTRY = /^(?<mode>\d{6}) \w+ (?<object>[a-f0-9]{40,64}) +(?<size>\d+|-)\t(?<path>.*)$/s;

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
  try {
    await leave();
    await mkdir(workplace.folder, { mode: 0o700 });
    await furnish(workplace, remote);
    if (existsSync(mark) || (await folderBytes(folder)) > limits.maximumBytes / 2) await forget();
    await mkdir(folder, { recursive: true });
    await writeFile(mark, '');
    await run(['init', '--quiet', '--bare', '--template=']);
  } catch (error) {
    await Promise.all([leave(), forget()]);
    throw error;
  }

  function client(abort: AbortSignal): SimpleGit {
    const environment = gitEnvironment(workplace, options.searchPath);
    return simpleGit({
      baseDir: folder,
      abort,
      trimmed: false,
      allowEnvironment: Object.keys(environment),
      unsafe: { allowUnsafeConfigPaths: true, allowUnsafeTemplateDir: true },
    }).env(environment);
  }

  /** The output of one command; `maximumBytes` of it. */
  async function run(
    command: readonly string[],
    bound: { readonly maximumBytes?: number; readonly watchesSize?: boolean } = {},
  ): Promise<string> {
    let killedBy: GitFailure | undefined;
    const killing = new AbortController();
    const kill = (failure: GitFailure): void => {
      killedBy ??= failure;
      killing.abort();
    };
    const timer = setTimeout(
      () => kill(new GitFailure('TimedOut', `git did not end within ${limits.timeoutSeconds} seconds.`)),
      limits.timeoutSeconds * 1000,
    );
    let isChecking = false;
    const checkSize = async (): Promise<void> => {
      if (isChecking) return;
      isChecking = true;
      if ((await folderBytes(folder)) > limits.maximumBytes) kill(tooLarge(limits.maximumBytes));
      isChecking = false;
    };
    const watch =
      bound.watchesSize === true ? setInterval(() => void checkSize(), SIZE_CHECK_MILLISECONDS) : undefined;
    let said = 0;
    try {
      return await client(AbortSignal.any([signal, killing.signal]))
        .outputHandler((_command, stdout) => {
          stdout.on('data', (piece: Uint8Array) => {
            said += piece.length;
            if (bound.maximumBytes !== undefined && said > bound.maximumBytes) {
              kill(
                new GitFailure(
                  'TooLarge',
                  'The commit has more files than are read: keep prompts in a folder of their own (spec.path).',
                ),
              );
            }
          });
        })
        .raw([...command]);
    } catch (error) {
      signal.throwIfAborted();
      throw killedBy ?? gitFailure(error instanceof Error ? error.message : String(error));
    } finally {
      clearTimeout(timer);
      clearInterval(watch);
    }
  }

  async function fetchTo(depth: number): Promise<void> {
    try {
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
      if ((await folderBytes(folder)) > limits.maximumBytes) throw tooLarge(limits.maximumBytes);
    } catch (error) {
      // What a git that was killed left behind counts, and its locks would stop the next one; what it cannot
      // read it will not read later.
      if (!(error instanceof GitFailure && REASONS_OF_SERVERS.has(error.reason))) await forget();
      throw error;
    }
  }

  const isKnown = async (commit: string): Promise<boolean> =>
    (await run(['cat-file', '-t', commit]).catch(() => '')).trim() === 'commit';

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
        // By its words: an exit code without any is none to simple-git.
        const base = await run(['merge-base', ancestor, commit]).catch(() => '');
        const isBefore = base.trim() === ancestor;
        // With more of the history it may turn out to be one.
        if (isBefore) return true;
      }
      return false;
    },
    authorOf: async (commit) =>
      (await run(['log', '-1', '--no-show-signature', '--format=%an <%ae>', commit])).trim(),
    list: async (commit, folders) => {
      const text = await run(
        ['ls-tree', '-r', '-l', '-z', '--full-tree', '--end-of-options', commit, ...folders],
        { maximumBytes: limits.maximumListingBytes },
      );
      return text.split('\0').flatMap(readEntry);
    },
    read: async (object) => {
      if (!OBJECT_NAME.test(object)) throw new GitFailure('FetchFailed', 'A tree names no object.');
      const bytes: unknown = await client(signal).binaryCatFile(['blob', object]);
      return Buffer.isBuffer(bytes) ? bytes : Buffer.from(String(bytes));
    },
    signatureOf: (commit) => verifySignature(commit, remote.keys, run),
    [Symbol.asyncDispose]: async () => {
      await leave();
      await rm(mark, { force: true });
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
    // OpenSSH takes no key whose last line has no end.
    await writeFile(workplace.identityPath, `${credentials.identity.trimEnd()}\n`, secret);
    await writeFile(workplace.knownHostsPath, credentials.knownHosts, secret);
  }
  if (credentials.kind === 'https' && credentials.certificateAuthority !== undefined) {
    await writeFile(workplace.authorityPath, credentials.certificateAuthority, secret);
  }
  await writeKeys(workplace, keys);
}

function readEntry(line: string): readonly TreeEntry[] {
  const groups = ENTRY.exec(line)?.groups;
  if (groups === undefined) return [];
  const { mode = '', object = '', size = '-', path = '' } = groups;
  return [{ mode, object, path, size: size === '-' ? 0 : Number(size) }];
}

async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(
        async (entry) => (await stat(join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0,
      ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
