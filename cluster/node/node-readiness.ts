import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ApiServerIdentity,
  isApiServerReady,
  waitUntil,
} from '#cluster/control-plane/api-server-probe.ts';
import { callApiServer } from '#cluster/control-plane/api-server-request.ts';
import { ClusterError } from '#cluster/command-line/cluster-error.ts';
import { describeFoundation } from './cluster-foundation.ts';
import { lastLines, runCommand } from '#cluster/command-line/command.ts';
import { isRuntimeReady } from '#cluster/image/container-images.ts';
import type { Instance } from '#cluster/instance/instance.ts';
import type { KubernetesPrograms } from '#cluster/kubernetes/kubernetes-binary.ts';
import { API_SERVER_PORT } from './node-arguments.ts';
import { KUBELET_HEALTH_PORT } from './node-configuration.ts';
import { importPauseImage } from './pause-image.ts';

const BOOT_TIMEOUT_SECONDS = 180;

export async function readAdministrator(instance: Instance): Promise<ApiServerIdentity> {
  const read = (file: string): Promise<string> =>
    readFile(join(instance.stateDirectory, 'certificates', file), 'utf8');
  return {
    server: `https://${instance.addresses.nodeAddress}:${API_SERVER_PORT}`,
    authorityCertificate: await read('ca.crt'),
    clientCertificate: await read('admin.crt'),
    clientKey: await read('admin.key'),
  };
}

/** Returns once every part has answered for itself; says which one did not. */
export async function waitForBoot(
  instance: Instance,
  programs: KubernetesPrograms,
  identity: ApiServerIdentity,
): Promise<void> {
  const expect = async (what: string, condition: () => Promise<boolean>): Promise<void> => {
    if (await waitUntil(condition, BOOT_TIMEOUT_SECONDS, 100)) return;
    throw new ClusterError(
      `${what} within ${BOOT_TIMEOUT_SECONDS} s. The logs are in ${instance.stateDirectory}/logs; supervisor.log ends with: ${await readSupervisorEnd(instance)}`,
    );
  };
  await expect('The API server was not ready', () => isApiServerReady(identity));
  await expect('The container runtime did not answer', () => isRuntimeReady(instance));
  await Promise.all([applyFoundation(instance, programs), importPauseImage(instance, programs.pause)]);
  // The object alone may still say what was true before the kubelet was killed.
  await expect('The kubelet did not answer', () => isKubeletHealthy(instance));
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
      'kubectl',
      `--kubeconfig=${instance.kubeconfigPath}`,
      'apply',
      '--server-side',
      '--force-conflicts',
      '--field-manager=capataz-up',
      '-f',
      '-',
    ],
    { input: JSON.stringify(list) },
  );
}

interface NodeObject {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
  readonly spec?: { readonly podCIDR?: string };
}

async function isNodeReady(identity: ApiServerIdentity, nodeName: string): Promise<boolean> {
  const answer = await callApiServer(identity, 'GET', `/api/v1/nodes/${nodeName}`).catch(() => undefined);
  if (answer?.statusCode !== 200) return false;
  const conditions = (answer.body as NodeObject).status?.conditions ?? [];
  return conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True');
}

async function isKubeletHealthy(instance: Instance): Promise<boolean> {
  const url = `http://${instance.addresses.nodeAddress}:${KUBELET_HEALTH_PORT}/healthz`;
  const response = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
  return response?.ok === true;
}

/** Asked through the Service address, so that it proves the route, kube-proxy and CoreDNS at once. */
async function doesDnsAnswer(instance: Instance): Promise<boolean> {
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([instance.addresses.dnsServiceAddress]);
  const addresses = await resolver.resolve4('kubernetes.default.svc.cluster.local').catch((): string[] => []);
  return addresses.includes(instance.addresses.firstServiceAddress);
}
