/**
 * Where the programs of a real PostgreSQL are: those of the machine, or those of Debian's packages, unpacked once into
 * the user's cache. Nothing is installed on the machine, so no server of the packages' own starts on it.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from '#cluster/command-line/cluster-error.ts';
import { lastLines, tryCommand } from '#cluster/command-line/command.ts';
import { requireFreeDisk } from '#cluster/command-line/disk-space.ts';
import { isOnPath } from '#cluster/command-line/machine-requirements.ts';
import { cacheDirectory } from '#cluster/instance/cluster-paths.ts';

/** The oldest that Debian still keeps. */
const MINIMUM_MAJOR_VERSION = 15;
const SERVERS_OF_DEBIAN = 'usr/lib/postgresql';
const DOWNLOAD_SECONDS = 300;

export interface PostgresPrograms {
  /** The folder with usr/ in it. */
  readonly root: string;
  /** Inside the root: usr/lib/postgresql/VERSION/bin. */
  readonly binaries: string;
}

export async function ensurePostgres(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<PostgresPrograms> {
  const ofMachine = await findPrograms('/');
  if (ofMachine !== undefined) return ofMachine;
  const cache = cacheDirectory(environment);
  const target = join(cache, 'postgresql-of-debian');
  return (await findPrograms(target)) ?? (await unpackPackages(cache, target, environment));
}

/** The newest below `root`. */
async function findPrograms(root: string): Promise<PostgresPrograms | undefined> {
  const servers = await readdir(join(root, SERVERS_OF_DEBIAN)).catch(() => []);
  const version = servers
    .map(Number)
    .filter((major) => major >= MINIMUM_MAJOR_VERSION)
    .sort((a, b) => b - a)
    .find((major) => existsSync(join(root, SERVERS_OF_DEBIAN, String(major), 'bin/postgres')));
  return version === undefined
    ? undefined
    : { root, binaries: join(SERVERS_OF_DEBIAN, String(version), 'bin') };
}

async function unpackPackages(
  cache: string,
  target: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<PostgresPrograms> {
  if (!isOnPath('apt-get', environment['PATH'] ?? '')) {
    throw new ClusterError(
      'This machine has no PostgreSQL in /usr/lib/postgresql and no apt-get to fetch it with: install PostgreSQL 15 or newer with your own packages, linked there.',
    );
  }
  await mkdir(cache, { recursive: true });
  await requireFreeDisk(cache, 1, 'keeping PostgreSQL');
  const temporary = await mkdtemp(join(cache, '.unpacking-'));
  try {
    const archives = join(temporary, 'archives');
    await mkdir(join(archives, 'partial'), { recursive: true });
    const lock = join(cache, '.packages-lock');
    // A package list may be days old, or empty in a fresh container; where it cannot be renewed it may still do.
    const update = await tryCommand('flock', [lock, 'apt-get', 'update', '-qq'], {
      timeoutSeconds: DOWNLOAD_SECONDS,
    });
    const download = await tryCommand(
      'apt-get',
      [
        'install',
        '--download-only',
        '--no-install-recommends',
        '-y',
        '-qq',
        '-o',
        `Dir::Cache::archives=${archives}`,
        // As root, apt-get would fetch as a user who may not write into root's cache, and warn.
        '-o',
        'APT::Sandbox::User=root',
        // Only fetched: whoever else is installing need not be waited for.
        '-o',
        'Debug::NoLocking=true',
        'postgresql',
      ],
      { environment: { DEBIAN_FRONTEND: 'noninteractive' }, timeoutSeconds: DOWNLOAD_SECONDS },
    );
    const packages = (await readdir(archives)).filter((name) => name.endsWith('.deb'));
    if (download.exitCode !== 0 || packages.length === 0) {
      throw new ClusterError(
        `apt-get could not fetch the package postgresql: ${lastLines(download.errorOutput || update.errorOutput || download.output, 3)} Mend that, or install PostgreSQL by hand.`,
      );
    }
    const unpacked = join(temporary, 'unpacked');
    for (const name of packages) {
      const result = await tryCommand('dpkg-deb', ['--extract', join(archives, name), unpacked]);
      if (result.exitCode !== 0) {
        throw new ClusterError(
          `${name} of Debian could not be unpacked: ${lastLines(result.errorOutput, 3)} Run the same command again.`,
        );
      }
    }
    // Atomic: another process sees either no folder or a whole one, and the first to finish wins.
    await rename(unpacked, target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  const programs = await findPrograms(target);
  if (programs !== undefined) return programs;
  throw new ClusterError(
    `Debian's package postgresql brought no PostgreSQL ${MINIMUM_MAJOR_VERSION} or newer into ${target}: use a newer Debian, or install it by hand.`,
  );
}
