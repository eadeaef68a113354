import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ensureCgroups, removeCgroups } from '#cluster/instance/cgroups.ts';
import type { ConsoleReport } from '#cluster/command-line/console-report.ts';
import { requireFreeDisk } from '#cluster/command-line/disk-space.ts';
import {
  ensureHostNetwork,
  removeHostNetwork,
  requireFreeSubnet,
  restoreForwarding,
} from '#cluster/instance/host-network.ts';
import type { Instance } from '#cluster/instance/instance.ts';
import { recordInstance } from '#cluster/instance/instance-record.ts';
import type { KubernetesPrograms } from '#cluster/kubernetes/kubernetes-binary.ts';
import { writeNodeFiles } from './node-files.ts';
import { findNodeInit, killNodeProcess, startNodeProcess, type SupervisionPlan } from './node-process.ts';
import { readAdministrator, waitForBoot } from './node-readiness.ts';

const NODE_DISK_GIBIBYTES = 4;

/** Boots the node, or repairs it, or finds it well: whichever it is, it is Ready when this returns. */
export async function ensureNode(
  instance: Instance,
  programs: KubernetesPrograms,
  report: ConsoleReport,
): Promise<void> {
  await requireFreeSubnet(instance);
  const state = instance.stateDirectory;
  if (!existsSync(state)) await requireFreeDisk(state, NODE_DISK_GIBIBYTES, 'running the cluster');
  await mkdir(join(state, 'logs'), { recursive: true, mode: 0o700 });
  await mkdir(instance.runDirectory, { recursive: true });
  await recordInstance(instance);
  const { plan, hash } = await writeNodeFiles(instance, programs);
  await ensureHostNetwork(instance);
  await ensureRunning(instance, plan, hash, report);
  const identity = await readAdministrator(instance);
  await waitForBoot(instance, programs, identity);
}

async function ensureRunning(
  instance: Instance,
  plan: SupervisionPlan,
  hash: string,
  report: ConsoleReport,
): Promise<void> {
  const hashFile = join(instance.runDirectory, 'started-with');
  const isSame = (await readFile(hashFile, 'utf8').catch(() => '')) === hash;
  if ((await findNodeInit(instance.name)) !== undefined) {
    if (isSame) return;
    report.step('The node is set up differently now: starting it again with its state kept.');
    await killNodeProcess(instance.name);
  } else {
    report.step(`Starting the node "${instance.name}" (${instance.addresses.nodeAddress}).`);
  }
  await ensureCgroups(instance.cgroup);
  await rm(instance.containerdSocket, { force: true });
  await startNodeProcess(instance, plan);
  await writeFile(hashFile, hash);
}

/** Leaves no process, mount, interface, namespace, cgroup, route, rule or file of the instance behind. */
export async function removeNode(instance: Instance): Promise<void> {
  await killNodeProcess(instance.name);
  await removeHostNetwork(instance);
  await removeCgroups(instance.cgroup);
  await rm(instance.runDirectory, { recursive: true, force: true });
  await rm(instance.stateDirectory, { recursive: true, force: true });
  await restoreForwarding();
  // Only an empty folder goes: another instance may live beside this one.
  await rmdir(dirname(instance.stateDirectory)).catch(() => undefined);
}
