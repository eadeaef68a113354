import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findConflictingRoute, type HostRoute } from './address-plan.ts';
import { ClusterError } from '#cluster/command-line/cluster-error.ts';
import { runCommand, tryCommand } from '#cluster/command-line/command.ts';
import { type Instance, RUN_ROOT } from './instance.ts';

const FORWARDING_SWITCH = '/proc/sys/net/ipv4/ip_forward';
/** Shared by all instances: the first that needs forwarding notes what it was, the last restores it. */
const FORWARDING_RECORD = join(RUN_ROOT, 'ip-forward-before');

export const networkNamespacePath = (instance: Instance): string => `/run/netns/${instance.networkNamespace}`;

export async function requireFreeSubnet(instance: Instance): Promise<void> {
  const listed = JSON.parse(await runCommand('ip', ['-json', '-4', 'route', 'show', 'table', 'all'])) as {
    readonly dst?: string;
    readonly dev?: string;
  }[];
  const routes: HostRoute[] = listed.map((route) => ({
    destination: route.dst ?? 'default',
    device: route.dev ?? '',
  }));
  const subnet = instance.addresses.instanceSubnet;
  const conflict = findConflictingRoute(subnet, instance.hostDevice, routes);
  if (conflict === undefined) return;
  throw new ClusterError(
    `The subnet ${subnet} of the cluster "${instance.name}" is taken on this machine: ${conflict.destination} is routed to ${conflict.device}. Choose another one, for example CAPATAZ_SUBNET=10.230.0.0/16 npm run up.`,
  );
}

/** Every step may have been done before, wholly or in part: an `up` repairs what is missing. */
export async function ensureHostNetwork(instance: Instance): Promise<void> {
  const { addresses, hostDevice, networkNamespace } = instance;
  const inside = (...commandArguments: readonly string[]): Promise<string> =>
    runCommand('ip', ['-n', networkNamespace, ...commandArguments]);
  if (!(await isNamespaceUsable(instance))) {
    await tryCommand('ip', ['netns', 'delete', networkNamespace]);
    await runCommand('ip', ['netns', 'add', networkNamespace]);
  }
  const insideLink = await tryCommand('ip', ['-n', networkNamespace, 'link', 'show', 'eth0']);
  const outsideLink = await tryCommand('ip', ['link', 'show', hostDevice]);
  if (insideLink.exitCode !== 0 || outsideLink.exitCode !== 0) {
    await tryCommand('ip', ['link', 'delete', hostDevice]);
    await runCommand('ip', [
      'link',
      'add',
      hostDevice,
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'netns',
      networkNamespace,
    ]);
  }
  const prefix = addresses.linkPrefixLength;
  await runCommand('ip', ['address', 'replace', `${addresses.hostAddress}/${prefix}`, 'dev', hostDevice]);
  await runCommand('ip', ['link', 'set', hostDevice, 'up']);
  await inside('link', 'set', 'lo', 'up');
  await inside('address', 'replace', `${addresses.nodeAddress}/${prefix}`, 'dev', 'eth0');
  await inside('link', 'set', 'eth0', 'up');
  await inside('route', 'replace', 'default', 'via', addresses.hostAddress);
  await runCommand('ip', [
    'route',
    'replace',
    addresses.instanceSubnet,
    'via',
    addresses.nodeAddress,
    'dev',
    hostDevice,
  ]);
  await runCommand('nsenter', [
    `--net=${networkNamespacePath(instance)}`,
    'sh',
    '-c',
    `echo 1 >${FORWARDING_SWITCH}`,
  ]);
  for (const rule of describeFirewallRules(instance)) await ensureRule(rule);
  await ensureForwarding();
}

async function isNamespaceUsable(instance: Instance): Promise<boolean> {
  if (!existsSync(networkNamespacePath(instance))) return false;
  // After an unclean end the file may be there without the namespace that was mounted on it.
  return (await tryCommand('ip', ['-n', instance.networkNamespace, 'link', 'show', 'lo'])).exitCode === 0;
}

interface FirewallRule {
  readonly table: string;
  readonly chain: string;
  readonly match: readonly string[];
}

/** Pods reach the internet as this machine does; forwarding may be refused by default (Docker's way). */
function describeFirewallRules(instance: Instance): readonly FirewallRule[] {
  const { hostDevice, addresses } = instance;
  const comment = ['-m', 'comment', '--comment', `capataz:${instance.name}`];
  return [
    {
      table: 'nat',
      chain: 'POSTROUTING',
      match: ['-s', addresses.instanceSubnet, '!', '-o', hostDevice, ...comment, '-j', 'MASQUERADE'],
    },
    { table: 'filter', chain: 'FORWARD', match: ['-i', hostDevice, ...comment, '-j', 'ACCEPT'] },
    { table: 'filter', chain: 'FORWARD', match: ['-o', hostDevice, ...comment, '-j', 'ACCEPT'] },
  ];
}

async function ensureRule(rule: FirewallRule): Promise<void> {
  const base = ['-w', '10', '-t', rule.table];
  const present = await tryCommand('iptables', [...base, '-C', rule.chain, ...rule.match]);
  if (present.exitCode !== 0) await runCommand('iptables', [...base, '-I', rule.chain, ...rule.match]);
}

async function ensureForwarding(): Promise<void> {
  const before = (await readFile(FORWARDING_SWITCH, 'utf8')).trim();
  await mkdir(RUN_ROOT, { recursive: true });
  if (!existsSync(FORWARDING_RECORD)) await writeFile(FORWARDING_RECORD, before);
  if (before !== '1') await writeFile(FORWARDING_SWITCH, '1');
}

export async function removeHostNetwork(instance: Instance): Promise<void> {
  for (const table of ['nat', 'filter']) await removeRules(table, instance.name);
  await tryCommand('ip', ['link', 'delete', instance.hostDevice]).catch(() => undefined);
  await tryCommand('ip', ['netns', 'delete', instance.networkNamespace]).catch(() => undefined);
  // "ip netns add" mounts its folder on itself; when nothing is left in it, that goes too.
  const namespaces = await readdir('/run/netns').catch(() => ['none']);
  if (namespaces.length === 0) {
    await tryCommand('umount', ['/run/netns']);
    await rmdir('/run/netns').catch(() => undefined);
  }
}

/** By the comment, not by the subnet: that finds the rules of an earlier set-up as well. */
export function findOwnRules(listing: string, instanceName: string): readonly (readonly string[])[] {
  return listing
    .split('\n')
    .filter((line) => line.startsWith('-A '))
    .map((line) => line.replaceAll('"', '').split(' '))
    .filter((words) => words[words.indexOf('--comment') + 1] === `capataz:${instanceName}`)
    .map((words) => ['-D'].concat(words.slice(1)));
}

async function removeRules(table: string, instanceName: string): Promise<void> {
  // Without the program there can be no rule of ours either.
  const listed = await tryCommand('iptables', ['-w', '10', '-t', table, '-S']).catch(() => undefined);
  for (const rule of findOwnRules(listed?.output ?? '', instanceName)) {
    await tryCommand('iptables', ['-w', '10', '-t', table, ...rule]);
  }
}

/** Call after the instance's own run folder is gone. */
export async function restoreForwarding(): Promise<void> {
  const others = (await readdir(RUN_ROOT, { withFileTypes: true }).catch(() => [])).filter((entry) =>
    entry.isDirectory(),
  );
  if (others.length > 0 || !existsSync(FORWARDING_RECORD)) return;
  await writeFile(FORWARDING_SWITCH, (await readFile(FORWARDING_RECORD, 'utf8')).trim());
  await rm(FORWARDING_RECORD);
  await rm(RUN_ROOT, { recursive: true, force: true });
}
