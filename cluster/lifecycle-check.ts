/**
 * A check to run by hand, as root: node_modules/.bin/node cluster/lifecycle-check.ts
 * It boots a second cluster, kills its parts one by one and all at once, asks `up` to repair each
 * time, removes it, and compares what is on the host with what was there before.
 */
import { cacheDirectory } from '#cluster/instance/cluster-paths.ts';
import { type ConsoleReport, createConsoleReport } from '#cluster/command-line/console-report.ts';
import { tryCommand } from '#cluster/command-line/command.ts';
import { takeHostSnapshot } from '#cluster/instance/host-snapshot.ts';
import { describeInstance } from '#cluster/instance/instance.ts';
import { removeNode } from '#cluster/node/node-lifecycle.ts';
import { findNodeInit } from '#cluster/node/node-process.ts';
import { runShell } from '#cluster/command-line/shell.ts';
import { holdClusterLock } from '#cluster/command-line/single-run.ts';
import { ensureLocalCluster } from '#cluster/capataz/up-local.ts';

const report: ConsoleReport = createConsoleReport(process.stdout);
const instance = describeInstance(process.env['CAPATAZ_CLUSTER'] ?? 'capataz-check');
const options = { environment: process.env, cache: cacheDirectory(process.env), report };

async function up(): Promise<number> {
  const startedAt = performance.now();
  const cluster = await ensureLocalCluster(instance, options);
  const seconds = (performance.now() - startedAt) / 1000;
  await cluster.access.kubectl(['get', 'namespace', 'kept-through-everything']).catch(async () => {
    await cluster.access.kubectl(['create', 'namespace', 'kept-through-everything']);
    report.step('WARNING: the namespace was not there; right only the first time.');
  });
  return seconds;
}

/** The host's process ids of the instance's components, by what their command lines say. */
async function findProcesses(): Promise<readonly { readonly id: number; readonly command: string }[]> {
  const namespace = await tryCommand('ip', ['netns', 'pids', instance.networkNamespace]);
  const ids = namespace.output.split('\n').filter((line) => line !== '');
  const listed = await tryCommand('ps', ['-o', 'pid=,args=', '-p', ids.join(',')]);
  return listed.output
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map((match) => ({ id: Number(match[1]), command: match[2] ?? '' }));
}

async function kill(what: string, isVictim: (command: string) => boolean): Promise<void> {
  const victims = (await findProcesses()).filter((each) => isVictim(each.command));
  if (victims.length === 0) throw new Error(`nothing to kill: ${what}`);
  for (const victim of victims) {
    try {
      process.kill(victim.id, 'SIGKILL');
    } catch {
      // It ended together with one that was killed before it.
    }
  }
  const seconds = await up();
  report.step(`killed ${what} (${victims.length}): repaired in ${seconds.toFixed(1)} s`);
}

await runShell(async () => {
  await holdClusterLock(instance.name);
  const marks = [instance.name, instance.addresses.instanceSubnet.replace('.0.0/16', '.')];
  const before = await takeHostSnapshot(marks);
  report.step(`first boot: ${(await up()).toFixed(1)} s`);
  report.step(`again: ${(await up()).toFixed(1)} s`);
  const component = (name: string) => (command: string) => command.includes(`/kubernetes ${name} `);
  for (const name of ['kubelet', 'kube-apiserver', 'etcd', 'kube-proxy', 'coredns']) {
    await kill(name, component(name));
  }
  await kill('containerd', (command) => command.startsWith('containerd '));
  await kill('the supervisor', (command) => command.includes('supervise.ts') && !command.includes('tini'));
  await kill('process 1', (command) => command.startsWith('tini '));
  await kill('everything', () => true);
  await tryCommand('ip', ['link', 'delete', instance.hostDevice]);
  report.step(`veth deleted: repaired in ${(await up()).toFixed(1)} s`);
  await removeNode(instance);
  await removeNode(instance);
  const after = await takeHostSnapshot(marks);
  const left = after.filter((line) => !before.includes(line));
  const lost = before.filter((line) => !after.includes(line));
  report.step(`left behind: ${left.length === 0 ? 'nothing' : `\n${left.join('\n')}`}`);
  report.step(`lost: ${lost.length === 0 ? 'nothing' : `\n${lost.join('\n')}`}`);
  report.step(`process 1 left: ${String(await findNodeInit(instance.name))}`);
});
