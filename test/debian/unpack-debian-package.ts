/**
 * A package of Debian and what it depends on, unpacked once into the user's cache. Nothing is installed on the machine, so no
 * server of the packages' own starts on it.
 */
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from '#cluster/command-line/cluster-error.ts';
import { lastLines, tryCommand } from '#cluster/command-line/command.ts';
import { requireFreeDisk } from '#cluster/command-line/disk-space.ts';
import { isOnPath } from '#cluster/command-line/machine-requirements.ts';

const DOWNLOAD_SECONDS = 300;

export interface DebianPackage {
  readonly name: string;
  /** The user's cache. */
  readonly cache: string;
  /** A folder in the cache, with usr/ in it afterwards. */
  readonly target: string;
  /** What to do on a machine without apt-get, as a whole sentence. */
  readonly otherwise: string;
}

export async function unpackDebianPackage(
  { name, cache, target, otherwise }: DebianPackage,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  if (!isOnPath('apt-get', environment['PATH'] ?? '')) throw new ClusterError(otherwise);
  await mkdir(cache, { recursive: true });
  await requireFreeDisk(cache, 1, `keeping Debian's package ${name}`);
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
        name,
      ],
      { environment: { DEBIAN_FRONTEND: 'noninteractive' }, timeoutSeconds: DOWNLOAD_SECONDS },
    );
    const packages = (await readdir(archives)).filter((file) => file.endsWith('.deb'));
    if (download.exitCode !== 0 || packages.length === 0) {
      throw new ClusterError(
        `apt-get could not fetch the package ${name}: ${lastLines(download.errorOutput || update.errorOutput || download.output, 3)} Mend that, or install it by hand.`,
      );
    }
    const unpacked = join(temporary, 'unpacked');
    for (const archive of packages) {
      const result = await tryCommand('dpkg-deb', ['--extract', join(archives, archive), unpacked]);
      if (result.exitCode !== 0) {
        throw new ClusterError(
          `${archive} of Debian could not be unpacked: ${lastLines(result.errorOutput, 3)} Run the same command again.`,
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
}
