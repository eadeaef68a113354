import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface CgroupMount {
  readonly path: string;
  readonly version: 1 | 2;
  readonly options: string;
}

export function parseCgroupMounts(mounts: string): readonly CgroupMount[] {
  return mounts.split('\n').flatMap((line) => {
    const [, path, type, options = ''] = line.split(' ');
    if (path === undefined || (type !== 'cgroup' && type !== 'cgroup2')) return [];
    return [{ path, version: type === 'cgroup' ? (1 as const) : (2 as const), options }];
  });
}

async function readCgroupMounts(): Promise<readonly CgroupMount[]> {
  return parseCgroupMounts(await readFile('/proc/mounts', 'utf8'));
}

/** CGROUP/daemons holds the node's own processes; the kubelet makes CGROUP/kubepods beside it. */
export async function ensureCgroups(cgroup: string): Promise<void> {
  for (const mount of await readCgroupMounts()) {
    if (mount.version === 2) await enableControllers(mount.path);
    const directory = join(mount.path, cgroup);
    await mkdir(directory, { recursive: true });
    if (mount.version === 2) await enableControllers(directory);
    const daemons = join(directory, 'daemons');
    await mkdir(daemons, { recursive: true });
    if (hasOption(mount, 'cpuset')) {
      // A new version 1 cpuset is empty, and an empty one accepts no process.
      await copyCpuset(mount.path, directory);
      await copyCpuset(directory, daemons);
    }
  }
}

function hasOption(mount: CgroupMount, option: string): boolean {
  return mount.version === 1 && mount.options.split(',').includes(option);
}

async function enableControllers(directory: string): Promise<void> {
  const controllers = (await readFile(join(directory, 'cgroup.controllers'), 'utf8')).split(/\s+/);
  for (const controller of controllers.filter((name) => name !== '')) {
    // One that cannot be enabled must not keep the others from being enabled.
    await writeFile(join(directory, 'cgroup.subtree_control'), `+${controller}`).catch(() => undefined);
  }
}

async function copyCpuset(parent: string, child: string): Promise<void> {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const own = await readFile(join(child, file), 'utf8').catch(() => 'absent');
    if (own.trim() === '') {
      await writeFile(join(child, file), await readFile(join(parent, file), 'utf8'));
    }
  }
}

export async function removeCgroups(cgroup: string): Promise<void> {
  for (const mount of await readCgroupMounts()) {
    const directory = join(mount.path, cgroup);
    if (!existsSync(directory)) continue;
    // The kernel takes a moment to let go of the last processes that were killed.
    for (let attempt = 0; existsSync(directory) && attempt < 50; attempt += 1) {
      await removeTree(directory);
      if (existsSync(directory)) await delay(100);
    }
  }
}

/** Only folders are removed: the files in them are the kernel's and go with the folder. */
async function removeTree(directory: string): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (entry.isDirectory()) await removeTree(join(directory, entry.name));
  }
  await rmdir(directory).catch(() => undefined);
}
