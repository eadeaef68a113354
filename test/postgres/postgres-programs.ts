/** Where the programs of a real PostgreSQL are: those of the machine, or those of Debian's packages in the user's cache. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from '#cluster/command-line/cluster-error.ts';
import { cacheDirectory } from '#cluster/instance/cluster-paths.ts';
import { unpackDebianPackage } from '../debian/unpack-debian-package.ts';

/** The oldest that Debian still keeps. */
const MINIMUM_MAJOR_VERSION = 15;
const SERVERS_OF_DEBIAN = 'usr/lib/postgresql';
const OTHERWISE =
  'This machine has no PostgreSQL in /usr/lib/postgresql and no apt-get to fetch it with: install PostgreSQL 15 or newer with your own packages, linked there.';

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
  const unpacked = await findPrograms(target);
  if (unpacked !== undefined) return unpacked;
  await unpackDebianPackage({ name: 'postgresql', cache, target, otherwise: OTHERWISE }, environment);
  const programs = await findPrograms(target);
  if (programs !== undefined) return programs;
  throw new ClusterError(
    `Debian's package postgresql brought no PostgreSQL ${MINIMUM_MAJOR_VERSION} or newer into ${target}: use a newer Debian, or install it by hand.`,
  );
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
