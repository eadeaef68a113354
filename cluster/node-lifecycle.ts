import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { Resolver } from 'node:dns/promises';
import { dirname, join } from 'node:path';

import { type ApiServerIdentity, isApiServerReady, waitUntil } from './api-server-probe.ts';
import { callApiServer } from './api-server-request.ts';
import { ensureCertificates } from './certificate-authority.ts';
import { planCertificates } from './certificate-plan.ts';
import { ensureCgroups, removeCgroups } from './cgroups.ts';
import { ClusterError } from './cluster-error.ts';
import { describeFoundation } from './cluster-foundation.ts';
import { lastLines, runCommand } from './command.ts';
import type { ConsoleReport } from './console-report.ts';
import { requireFreeDisk } from './disk-space.ts';
import {
  ensureHostNetwork,
  removeHostNetwork,
  requireFreeSubnet,
  restoreForwarding,
} from './host-network.ts';
import type { Instance } from './instance.ts';
import { recordInstance } from './instance-record.ts';
import { renderKubeconfig } from './kubeconfig.ts';
import type { KubernetesPrograms } from './kubernetes-binary.ts';
import { readNameservers } from './nameservers.ts';
import { apiServerPort, describeNodeComponents } from './node-arguments.ts';
import { renderNodeConfiguration } from './node-configuration.ts';
import {
  findNodeInit,
  hashPlan,
  killNodeProcess,
  startNodeProcess,
  type SupervisionPlan,
} from './node-process.ts';
import { importPauseImage } from './pause-image.ts';

const nodeDiskGibibytes = 4;
const bootTimeoutSeconds = 180;

// Boots the node, or repairs it, or finds it well: whichever it is, it is Ready when this returns.
export async function ensureNode(
  instance: Instance,
  programs: KubernetesPrograms,
  report: ConsoleReport,
): Promise<void> {
  await requireFreeSubnet(instance);
  const state = instance.stateDirectory;
  if (!existsSync(state)) await requireFreeDisk(state, nodeDiskGibibytes, 'running the cluster');
  await mkdir(join(state, 'logs'), { recursive: true, mode: 0o700 });
  await mkdir(instance.runDirectory, { recursive: true });
  await recordInstance(instance);
  const plan = await writeNodeFiles(instance, programs);
  await ensureHostNetwork(instance);
  await ensureRunning(instance, plan, report);
  const identity = await readAdministrator(instance);
  await waitForBoot(instance, programs, identity);
}

async function writeNodeFiles(
  instance: Instance,
  programs: KubernetesPrograms,
): Promise<SupervisionPlan> {
  const state = instance.stateDirectory;
  const certificates = join(state, 'certificates');
  const subject = {
    nodeName: instance.name,
    nodeAddress: instance.addresses.nodeAddress,
    firstServiceAddress: instance.addresses.firstServiceAddress,
  };
  await ensureCertificates(certificates, planCertificates(subject));
  const server = `https://${instance.addresses.nodeAddress}:${apiServerPort}`;
  const readCertificate = (file: string): Promise<string> => readFile(join(certificates, file), 'utf8');
  const writeKubeconfig = async (user: string, path: string): Promise<void> => {
    const text = renderKubeconfig({
      name: instance.name,
      server,
      authorityCertificate: await readCertificate('ca.crt'),
      clientCertificate: await readCertificate(`${user}.crt`),
      clientKey: await readCertificate(`${user}.key`),
    });
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { mode: 0o600 });
  };
  for (const user of ['controller-manager', 'scheduler', 'kube-proxy', 'coredns', 'kubelet']) {
    await writeKubeconfig(user, join(state, 'kubeconfigs', `${user}.kubeconfig`));
  }
  await writeKubeconfig('admin', instance.kubeconfigPath);

  const files = renderNodeConfiguration(instance, await readNameservers());
  for (const [file, text] of Object.entries(files)) {
    const path = join(state, 'configuration', file);
    await mkdir(dirname(path), { recursive: true });
    // kube-proxy ends itself when its file is touched, so an unchanged one is left alone.
    if ((await readFile(path, 'utf8').catch(() => undefined)) !== text) await writeFile(path, text);
  }
  const logDirectory = join(state, 'logs');
  return {
    server,
    certificateDirectory: certificates,
    containerdSocket: instance.containerdSocket,
    logDirectory,
    volumes: { volumeDirectory: join(state, 'volumes'), nodeName: instance.name },
    components: describeNodeComponents(instance).map((component) => ({
      name: component.name,
      program: component.program === 'kubernetes' ? programs.kubernetes : component.program,
      arguments: component.arguments,
      logFile: join(logDirectory, `${component.name}.log`),
      needsApiServer: component.needsApiServer,
    })),
  };
}

async function ensureRunning(
  instance: Instance,
  plan: SupervisionPlan,
  report: ConsoleReport,
): Promise<void> {
  const configuration = join(instance.stateDirectory, 'configuration');
  const resolver = await readFile(join(configuration, 'resolv.conf'), 'utf8');
  const hash = hashPlan(plan, { resolver, network: instance.addresses.instanceSubnet });
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

export async function readAdministrator(instance: Instance): Promise<ApiServerIdentity> {
  const read = (file: string): Promise<string> =>
    readFile(join(instance.stateDirectory, 'certificates', file), 'utf8');
  return {
    server: `https://${instance.addresses.nodeAddress}:${apiServerPort}`,
    authorityCertificate: await read('ca.crt'),
    clientCertificate: await read('admin.crt'),
    clientKey: await read('admin.key'),
  };
}

async function waitForBoot(
  instance: Instance,
  programs: KubernetesPrograms,
  identity: ApiServerIdentity,
): Promise<void> {
  const expect = async (what: string, condition: () => Promise<boolean>): Promise<void> => {
    if (await waitUntil(condition, bootTimeoutSeconds, 100)) return;
    throw new ClusterError(
      `${what} within ${bootTimeoutSeconds} s. The logs are in ${instance.stateDirectory}/logs; supervisor.log ends with: ${await readSupervisorEnd(instance)}`,
    );
  };
  await expect('The API server was not ready', () => isApiServerReady(identity));
  await expect('The container runtime did not open its socket', () =>
    Promise.resolve(existsSync(instance.containerdSocket)),
  );
  await Promise.all([
    applyFoundation(instance, programs),
    importPauseImage(instance, programs.pause),
  ]);
  await expect('The node did not become Ready', () => isNodeReady(identity, instance.name));
  await expect('The cluster DNS did not answer', () => doesDnsAnswer(instance));
}

async function readSupervisorEnd(instance: Instance): Promise<string> {
  const text = await readFile(join(instance.stateDirectory, 'logs/supervisor.log'), 'utf8').catch(() => '');
  return lastLines(text, 3);
}

async function applyFoundation(instance: Instance, programs: KubernetesPrograms): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: describeFoundation(instance) };
  await runCommand(
    programs.kubernetes,
    [
      ...['kubectl', `--kubeconfig=${instance.kubeconfigPath}`, 'apply', '--server-side'],
      ...['--force-conflicts', '--field-manager=capataz-up', '-f', '-'],
    ],
    { input: JSON.stringify(list) },
  );
}

type NodeObject = {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
  readonly spec?: { readonly podCIDR?: string };
};

async function isNodeReady(identity: ApiServerIdentity, nodeName: string): Promise<boolean> {
  const answer = await callApiServer(identity, 'GET', `/api/v1/nodes/${nodeName}`).catch(() => undefined);
  if (answer?.statusCode !== 200) return false;
  const conditions = (answer.body as NodeObject).status?.conditions ?? [];
  return conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True');
}

// Asked through the Service address, so that it proves the route, kube-proxy and CoreDNS at once.
async function doesDnsAnswer(instance: Instance): Promise<boolean> {
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([instance.addresses.dnsServiceAddress]);
  const addresses = await resolver.resolve4('kubernetes.default.svc.cluster.local').catch((): string[] => []);
  return addresses.includes(instance.addresses.firstServiceAddress);
}

// Leaves no process, mount, interface, namespace, cgroup, route, rule or file of the instance behind.
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
