/** Starts the upstream and the gateways, each as a process of its own, on free ports of 127.0.0.1. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Contender {
  readonly name: 'direct' | 'bare forwarder' | 'capataz router' | 'portkey';
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Whose processor time counts; 0 for none. */
  readonly processId: number;
  /** Where streams are asked for when that is another process. */
  readonly streamPort?: number;
}

export interface Contenders extends AsyncDisposable {
  readonly direct: Contender;
  readonly gateways: readonly Contender[];
}

const ROOT = new URL('../../', import.meta.url).pathname;
const START_TIMEOUT_MILLISECONDS = 30_000;

export async function startContenders(): Promise<Contenders> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-router-'));
  const children: ChildProcess[] = [];
  const start = async (
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<number> => {
    // A log that is written, as in earnest, but to a file that nobody watches.
    const log = await open(join(directory, `${children.length}.log`), 'a');
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      env: { ...process.env, NODE_ENV: 'production', ...environment },
      stdio: ['ignore', log.fd, log.fd],
    });
    children.push(child);
    await log.close();
    return child.pid ?? 0;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(children.map(endChild));
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const [upstream = 0, bare = 0, api = 0, router = 0, metrics = 0, portkey = 0, streaming = 0] =
      await freePorts(7);
    const kubeconfig = join(directory, 'kubeconfig');
    await writeFile(kubeconfig, kubeconfigFor(api));
    await start(['bench/router/upstream.ts', String(upstream)]);
    const bareId = await start(['bench/router/bare-forwarder.ts', String(bare), String(upstream)]);
    await start(['bench/router/fake-api-server.ts', String(api), String(upstream)]);
    const routerId = await start(['services/router/main.ts'], {
      CAPATAZ_KUBECONFIG: kubeconfig,
      CAPATAZ_PORT: String(router),
      CAPATAZ_METRICS_PORT: String(metrics),
      CAPATAZ_ALLOW_LOOPBACK_ENDPOINTS: 'true',
      CAPATAZ_DRAIN_SECONDS: '0',
    });
    const portkeyServer = 'node_modules/@portkey-ai/gateway/build/start-server.js';
    const portkeyId = await start([portkeyServer, `--port=${portkey}`, '--headless']);
    const repair = new URL('repair-portkey-streams.ts', import.meta.url).href;
    await start(['--import', repair, portkeyServer, `--port=${streaming}`, '--headless']);
    const json = { 'content-type': 'application/json' };
    const bearer = { ...json, authorization: 'Bearer sk-bench' };
    const gateways: readonly Contender[] = [
      { name: 'bare forwarder', port: bare, headers: bearer, processId: bareId },
      {
        name: 'capataz router',
        port: router,
        headers: { ...json, authorization: `Bearer ${agentToken()}` },
        processId: routerId,
      },
      {
        name: 'portkey',
        port: portkey,
        processId: portkeyId,
        streamPort: streaming,
        headers: {
          ...bearer,
          'x-portkey-provider': 'openai',
          'x-portkey-custom-host': `http://127.0.0.1:${upstream}/v1`,
        },
      },
    ];
    await Promise.all([upstream, bare, router, metrics, portkey, streaming].map((port) => listening(port)));
    await ready(metrics);
    return {
      direct: { name: 'direct', port: upstream, headers: bearer, processId: 0 },
      gateways,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** In the shape of a projected ServiceAccount token; only the API server judges its signature. */
function agentToken(): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    iss: 'https://kubernetes.default.svc.cluster.local',
    sub: 'system:serviceaccount:bench:agent-triage',
    aud: ['capataz-router'],
    exp: Math.floor(Date.now() / 1000) + 3600,
    'kubernetes.io': { namespace: 'bench', pod: { name: 'agent-triage-0', uid: 'uid-of-the-pod' } },
  };
  return `${encode({ alg: 'RS256', kid: 'bench' })}.${encode(claims)}.${'s'.repeat(342)}`;
}

function kubeconfigFor(port: number): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'bench', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } },
    ],
    users: [{ name: 'bench', user: {} }],
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }],
    'current-context': 'bench',
  });
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function listening(port: number): Promise<void> {
  await until(async () => {
    await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: '{}' }).then((response) =>
      response.text(),
    );
    return true;
  }, `nothing listens on port ${port}`);
}

async function ready(port: number): Promise<void> {
  await until(
    async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok,
    'the router did not become ready',
  );
}

async function until(isSo: () => Promise<boolean>, complaint: string): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MILLISECONDS;
  while (!(await isSo().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(complaint);
    await sleep(100);
  }
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
