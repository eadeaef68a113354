import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ApiServerIdentity, isApiServerReady, waitUntil } from './api-server-probe.ts';
import { ensureCertificates } from './certificate-authority.ts';
import { planCertificates } from './certificate-plan.ts';
import { ClusterError } from '#cluster/command-line/cluster-error.ts';
import { lastLines } from '#cluster/command-line/command.ts';
import {
  apiServerArguments,
  controllerManagerArguments,
  type ControlPlanePlan,
  etcdArguments,
  WITHOUT_SERVICE_ACCOUNT_ADMISSION,
} from './control-plane-arguments.ts';
import { findFreePorts } from './free-ports.ts';
import { renderKubeconfig } from '#cluster/kubeconfig/kubeconfig.ts';

export interface ControlPlaneOptions {
  // From ensureKubernetesBinary().
  readonly binaryPath: string;
  // Keys, data and logs; made when missing. Give each control plane its own.
  readonly directory: string;
  // Garbage collection, Deployments, Jobs and each namespace's "default" ServiceAccount need it.
  readonly controllerManager?: boolean;
  readonly signal?: AbortSignal;
}

export type ControlPlane = ApiServerIdentity & {
  // The path of a kubeconfig whose only context is a cluster administrator.
  readonly kubeconfig: string;
  readonly stop: () => Promise<void>;
};

const START_TIMEOUT_SECONDS = 90;
const ATTEMPTS = 3;

/** A real etcd and kube-apiserver on free loopback ports: no root, no node, several side by side. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(options);
    } catch (error) {
      options.signal?.throwIfAborted();
      // A free port may be taken before it is bound; other failures come back and are thrown then.
      if (attempt === ATTEMPTS || !(error instanceof ClusterError)) throw error;
      await rm(join(options.directory, 'etcd'), { recursive: true, force: true });
    }
  }
}

async function startOnce(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { directory } = options;
  const certificateDirectory = join(directory, 'certificates');
  await mkdir(join(directory, 'logs'), { recursive: true });
  const [ports] = await Promise.all([
    findFreePorts(4),
    ensureCertificates(
      certificateDirectory,
      planCertificates({
        nodeName: 'none',
        nodeAddress: '127.0.0.1',
        firstServiceAddress: '10.0.0.1',
      }),
    ),
  ]);
  const [etcdClientPort = 0, etcdPeerPort = 0, apiServerPort = 0, controllerManagerPort = 0] = ports;
  const plan: ControlPlanePlan = {
    dataDirectory: directory,
    certificateDirectory,
    kubeconfigDirectory: directory,
    etcdClientPort,
    etcdPeerPort,
    apiServerAddress: '127.0.0.1',
    apiServerPort,
    controllerManagerPort,
    // Room for more than 1,000 Agents: each has a Service, and a /24 ends at 254 of them.
    serviceSubnet: '10.0.0.0/16',
  };
  const identity = await readIdentity(plan, 'admin');
  const kubeconfig = join(directory, 'kubeconfig');
  await writeFile(kubeconfig, renderKubeconfig({ name: 'control-plane', ...identity }), { mode: 0o600 });

  const children: ChildProcess[] = [];
  const stop = (): Promise<void> => stopAll(children);
  try {
    children.push(await start(options.binaryPath, etcdArguments(plan), directory));
    const apiServer = await start(
      options.binaryPath,
      [
        ...apiServerArguments(plan, 'alone'),
        ...(options.controllerManager === true ? [] : [WITHOUT_SERVICE_ACCOUNT_ADMISSION]),
      ],
      directory,
    );
    children.push(apiServer);
    const isOver = (): boolean =>
      children.some((child) => child.exitCode !== null || child.signalCode !== null);
    await waitUntil(
      async () => isOver() || (await isApiServerReady(identity)),
      START_TIMEOUT_SECONDS,
      100,
      options.signal,
    );
    if (isOver() || !(await isApiServerReady(identity))) {
      throw new ClusterError(
        `The control plane in ${directory} did not start: ${await readLogEnds(directory)}`,
      );
    }
    if (options.controllerManager === true) {
      const user = await readIdentity(plan, 'controller-manager');
      const file = join(directory, 'controller-manager.kubeconfig');
      await writeFile(file, renderKubeconfig({ name: 'control-plane', ...user }), { mode: 0o600 });
      children.push(await start(options.binaryPath, controllerManagerArguments(plan), directory));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...identity, kubeconfig, stop };
}

async function readIdentity(plan: ControlPlanePlan, user: string): Promise<ApiServerIdentity> {
  const read = (file: string): Promise<string> => readFile(join(plan.certificateDirectory, file), 'utf8');
  const [authorityCertificate, clientCertificate, clientKey] = await Promise.all([
    read('ca.crt'),
    read(`${user}.crt`),
    read(`${user}.key`),
  ]);
  const server = `https://127.0.0.1:${plan.apiServerPort}`;
  return { server, authorityCertificate, clientCertificate, clientKey };
}

async function start(
  binaryPath: string,
  componentArguments: readonly string[],
  directory: string,
): Promise<ChildProcess> {
  const log = await open(join(directory, 'logs', `${componentArguments[0]}.log`), 'a');
  // A test runner that is killed must not leave servers behind: the kernel ends them with it.
  const wrapper = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL'] : [];
  const [program = '', ...rest] = [...wrapper, binaryPath, ...componentArguments];
  const child = spawn(program, rest, { stdio: ['ignore', log.fd, log.fd] });
  try {
    await once(child, 'spawn');
  } finally {
    await log.close();
  }
  return child;
}

/** Nothing here outlives its folder, so nothing is gained by a slow, graceful stop. */
async function stopAll(children: readonly ChildProcess[]): Promise<void> {
  await Promise.all(
    children
      .filter((child) => child.exitCode === null && child.signalCode === null)
      .map(async (child) => {
        const closed = once(child, 'close');
        child.kill('SIGKILL');
        await closed;
      }),
  );
}

async function readLogEnds(directory: string): Promise<string> {
  const ends = await Promise.all(
    ['etcd', 'kube-apiserver'].map(async (component) => {
      const text = await readFile(join(directory, 'logs', `${component}.log`), 'utf8').catch(() => '');
      return text === '' ? '' : `${component} said: ${lastLines(text, 2)}`;
    }),
  );
  return ends.filter((end) => end !== '').join('; ');
}
