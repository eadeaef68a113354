import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { parseCgroupMounts } from './cgroups.ts';
import { tryCommand } from '#cluster/command-line/command.ts';

/**
 * What a cluster could leave behind on its host, as lines that two snapshots can be compared by.
 * Only what carries the instance's name or addresses is listed, for other things come and go.
 */
export async function takeHostSnapshot(marks: readonly string[]): Promise<readonly string[]> {
  const isOurs = (line: string): boolean => marks.some((mark) => line.includes(mark));
  const mounts = await readFile('/proc/mounts', 'utf8');
  const outputs = await Promise.all(
    (
      [
        ['ip', '-oneline', 'link'],
        ['ip', '-oneline', 'address'],
        ['ip', 'route', 'show', 'table', 'all'],
        ['ip', 'netns', 'list'],
        ['iptables', '-w', '-S'],
        ['iptables', '-w', '-t', 'nat', '-S'],
        ['ps', '-eo', 'args'],
      ] as const
    ).map(async ([program, ...rest]) => {
      const result = await tryCommand(program, rest);
      return result.output.split('\n').map((line) => `${program}: ${line}`);
    }),
  );
  const cgroups = await Promise.all(
    parseCgroupMounts(mounts).map(async ({ path }) =>
      (await readdir(path)).map((name) => `cgroup: ${path}/${name}`),
    ),
  );
  const folders = ['/var/lib/capataz', '/run/capataz', '/run/netns', '/run/containerd', '/run/runc']
    .concat(['/var/lib/kubelet', '/var/lib/cni', '/var/lib/containerd', '/var/log/pods', '/opt/containerd'])
    .concat(['/usr/libexec/kubernetes', '/etc/cni', '/etc/kubernetes', '/var/log/containers'])
    .filter((folder) => existsSync(folder));
  const settings = await Promise.all(
    [
      'net/ipv4/ip_forward',
      'vm/overcommit_memory',
      'kernel/panic',
      'kernel/panic_on_oops',
      'kernel/keys/root_maxkeys',
    ].map(async (name) => `setting: ${name} = ${(await readFile(`/proc/sys/${name}`, 'utf8')).trim()}`),
  );
  const mountLines = mounts.split('\n').map((line) => `mount: ${line}`);
  const named = [...mountLines, ...outputs.flat(), ...cgroups.flat()].filter(isOurs);
  return [...named, ...folders.map((folder) => `folder: ${folder}`), ...settings].toSorted();
}
