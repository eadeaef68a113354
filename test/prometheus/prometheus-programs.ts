/** Where the programs of a real Prometheus are: those of the machine, or those of Debian's package in the user's cache. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterError } from '#cluster/command-line/cluster-error.ts';
import { cacheDirectory } from '#cluster/instance/cluster-paths.ts';
import { unpackDebianPackage } from '../debian/unpack-debian-package.ts';

const OTHERWISE =
  'This machine has no promtool in /usr/bin and no apt-get to fetch it with: install Prometheus with your own packages, linked there.';

/** The folder with prometheus and promtool in it. */
export async function ensurePrometheus(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string> {
  const cache = cacheDirectory(environment);
  const target = join(cache, 'prometheus-of-debian');
  const folders = ['/usr/bin', join(target, 'usr/bin')];
  const find = (): string | undefined => folders.find((folder) => existsSync(join(folder, 'promtool')));
  if (find() === undefined) {
    await unpackDebianPackage({ name: 'prometheus', cache, target, otherwise: OTHERWISE }, environment);
  }
  const found = find();
  if (found !== undefined) return found;
  throw new ClusterError(
    `Debian's package prometheus brought no promtool into ${target}: install it by hand.`,
  );
}
