/** What a node could leave behind on the host, read with the host's own tools. */
import { readdir, readFile } from 'node:fs/promises';
import { tryCommand } from '#cluster/command-line/command.ts';
import type { Instance } from '#cluster/instance/instance.ts';

export interface HostTraces {
  readonly processes: readonly string[];
  readonly mounts: readonly string[];
  readonly interfaces: readonly string[];
  readonly networkNamespaces: readonly string[];
  readonly routes: readonly string[];
  readonly rules: readonly string[];
  readonly controlGroups: readonly string[];
  readonly isForwarding: string;
}

const linesWith = (text: string, ...marks: readonly string[]): readonly string[] =>
  text.split('\n').filter((line) => marks.some((mark) => line.includes(mark)));

/** Only what carries a mark of this instance: another node on the same host is none of our business. */
export async function readHostTraces(instance: Instance): Promise<HostTraces> {
  const marks = [instance.stateDirectory, instance.runDirectory];
  const network = instance.addresses.hostAddress.split('.').slice(0, 2).join('.');
  const commands = await Promise.all(
    (await readdir('/proc'))
      .filter((entry) => /^\d+$/.test(entry))
      .map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  const run = async (program: string, ...programArguments: readonly string[]): Promise<string> =>
    (await tryCommand(program, programArguments)).output;
  const groups = await run(
    'find',
    '/sys/fs/cgroup',
    '-maxdepth',
    '3',
    '-type',
    'd',
    '-name',
    `*${instance.cgroup}*`,
  );
  return {
    processes: commands.filter((command) => marks.some((mark) => command.includes(`${mark}/`))),
    mounts: linesWith(await readFile('/proc/self/mounts', 'utf8'), ...marks),
    interfaces: linesWith(await run('ip', '-brief', 'link'), instance.hostDevice),
    networkNamespaces: linesWith(await run('ip', 'netns', 'list'), instance.networkNamespace),
    routes: linesWith(await run('ip', 'route'), `${network}.`),
    rules: linesWith(await run('iptables-save'), `${network}.`, instance.name),
    controlGroups: groups.split('\n').filter((line) => line !== ''),
    isForwarding: (await readFile('/proc/sys/net/ipv4/ip_forward', 'utf8')).trim(),
  };
}
