/** Where the programs of a real Prometheus and Alertmanager are: those of the machine, or those of Debian's packages in the user's cache. */
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from '#cluster/command-line/cluster-error.ts';
import { cacheDirectory } from '#cluster/instance/cluster-paths.ts';
import { unpackDebianPackage } from '../debian/unpack-debian-package.ts';

const ALERTMANAGER = 'prometheus-alertmanager';
const ALERTMANAGER_SHARE = '/usr/share/prometheus/alertmanager';

type Environment = Readonly<Record<string, string | undefined>>;

/** The folder with prometheus and promtool in it. */
export async function ensurePrometheus(environment: Environment = process.env): Promise<string> {
  return await ensureProgram({ name: 'prometheus', program: 'promtool' }, environment);
}

/** Its program, and the folder in which it has to be started. */
export async function ensureAlertmanager(
  environment: Environment = process.env,
): Promise<{ readonly program: string; readonly directory: string }> {
  const folder = await ensureProgram({ name: ALERTMANAGER, program: ALERTMANAGER }, environment);
  const program = join(folder, ALERTMANAGER);
  if (existsSync(ALERTMANAGER_SHARE)) return { program, directory: ALERTMANAGER_SHARE };
  const relocated = `${program}-relocated`;
  if (!existsSync(relocated)) await relocate(program, relocated);
  return { program: relocated, directory: join(folder, '../..', ALERTMANAGER_SHARE) };
}

/**
 * Debian's build looks for its templates under one absolute path, wherever it is unpacked. The copy looks where it is started: the
 * path is replaced by one of the same length.
 */
async function relocate(program: string, relocated: string): Promise<void> {
  const here = './'.repeat(ALERTMANAGER_SHARE.length / 2);
  const bytes = await readFile(program, 'latin1');
  const draft = `${relocated}-${process.pid}`;
  await writeFile(draft, bytes.replaceAll(ALERTMANAGER_SHARE, here), { encoding: 'latin1', mode: 0o755 });
  await rename(draft, relocated);
}

/** The folder that it is in. */
async function ensureProgram(
  { name, program }: { readonly name: string; readonly program: string },
  environment: Environment,
): Promise<string> {
  const cache = cacheDirectory(environment);
  const target = join(cache, `${name}-of-debian`);
  const folders = ['/usr/bin', join(target, 'usr/bin')];
  const find = (): string | undefined => folders.find((folder) => existsSync(join(folder, program)));
  if (find() === undefined) {
    const otherwise = `This machine has no ${program} in /usr/bin and no apt-get to fetch it with: install ${name} with your own packages, linked there.`;
    await unpackDebianPackage({ name, cache, target, otherwise }, environment);
  }
  const found = find();
  if (found !== undefined) return found;
  throw new ClusterError(
    `Debian's package ${name} brought no ${program} into ${target}: install it by hand.`,
  );
}
