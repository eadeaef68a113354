/**
 * A world for the operator: a real etcd, kube-apiserver and controller manager (but no node, so no pod ever runs),
 * a router that answers probes as it is told, and the operator as real processes with exactly its own rights.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { isNotFound } from '#adapters/kubernetes/kube-api-error.ts';
import {
  CONTENT_TYPES,
  type KubeClient,
  createKubeClient,
  loadKubeConfig,
} from '#adapters/kubernetes/kube-client.ts';
import { collectionPath } from '#adapters/kubernetes/resilient-informer.ts';
import { type ResourceKind, objectPath } from '#adapters/kubernetes/resource-kind.ts';
import { type ControlPlane, startControlPlane } from '#cluster/control-plane/control-plane.ts';
import { ensureKubernetesBinary } from '#cluster/kubernetes/kubernetes-binary.ts';
import type { ModelProbe } from '#domain/routing/model-probe.ts';
import { DEFINITION_MANIFESTS } from '../api-server.ts';
import { OPERATOR_RIGHTS } from './operator-rights.ts';

export const SYSTEM_NAMESPACE = 'capataz-system';
const ROOT = join(import.meta.dirname, '../../..');

// oxlint-disable-next-line typescript/no-explicit-any -- objects of many kinds, which tests read freely.
export type AnyObject = any;

export interface OperatorProcess {
  readonly child: ChildProcess;
  readonly port: () => number;
  /** Everything it logged, parsed. */
  readonly logs: readonly AnyObject[];
  readonly metrics: () => Promise<string>;
  /** Sum over all labels. */
  readonly metric: (name: string, labels?: string) => Promise<number>;
  readonly readiness: () => Promise<number>;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly exited: Promise<number | null>;
}

export interface FakeRouter {
  readonly url: string;
  /** By `namespace/name`; a Model without an entry is usable. */
  readonly probes: Map<string, Partial<ModelProbe>>;
  isDown: boolean;
  /** Paths asked for. */
  readonly asked: string[];
  readonly close: () => Promise<void>;
}

export interface World {
  readonly kube: KubeClient;
  readonly controlPlane: ControlPlane;
  readonly router: FakeRouter;
  readonly startOperator: (
    name: string,
    environment?: Readonly<Record<string, string>>,
  ) => Promise<OperatorProcess>;
  readonly stopOperator: (operator: OperatorProcess) => Promise<void>;
  readonly get: (resource: ResourceKind, namespace: string, name: string) => Promise<AnyObject>;
  readonly list: (resource: ResourceKind, namespace: string) => Promise<AnyObject[]>;
  readonly create: (resource: ResourceKind, object: AnyObject) => Promise<AnyObject>;
  readonly patch: (
    resource: ResourceKind,
    namespace: string,
    name: string,
    patch: object,
    subresource?: string,
  ) => Promise<AnyObject>;
  readonly remove: (resource: ResourceKind, namespace: string, name: string) => Promise<void>;
  readonly createNamespace: (name: string) => Promise<string>;
  readonly createServiceAccount: (namespace: string, name: string) => Promise<void>;
  /** A token of the ServiceAccount for this audience, bound to the pod where one is given. */
  readonly token: (
    namespace: string,
    serviceAccount: string,
    audience: string,
    pod?: AnyObject,
  ) => Promise<string>;
  /** A kubeconfig of this ServiceAccount. */
  readonly kubeconfigOf: (namespace: string, serviceAccount: string, path: string) => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function startWorld(): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'capataz-operator-'));
  const controlPlane = await startControlPlane({
    binaryPath: await ensureKubernetesBinary(),
    directory,
    controllerManager: true,
  });
  const kube = createKubeClient(loadKubeConfig(controlPlane.kubeconfig));
  const router = await startFakeRouter();
  const operators = new Set<OperatorProcess>();

  const request = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<AnyObject> =>
    kube.request({ method, path, ...(body === undefined ? {} : { body }) });
  const create = (resource: ResourceKind, object: AnyObject): Promise<AnyObject> =>
    request('POST', collectionPath(resource.groupVersion, resource.plural, object.metadata.namespace), {
      apiVersion: resource.groupVersion,
      kind: resource.kind,
      ...object,
    });
  const token: World['token'] = async (namespace, serviceAccount, audience, pod) => {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`;
    const answer = await request('POST', path, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        audiences: audience === '' ? [] : [audience],
        expirationSeconds: 3600,
        ...(pod !== undefined && {
          boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid },
        }),
      },
    });
    return answer.status.token;
  };
  const kubeconfigOf: World['kubeconfigOf'] = async (namespace, serviceAccount, path) => {
    const config = parse(await readFile(controlPlane.kubeconfig, 'utf8'));
    config.users[0].user = { token: await token(namespace, serviceAccount, '') };
    await writeFile(path, stringify(config));
  };
  const createNamespace = async (name: string): Promise<string> => {
    await request('POST', '/api/v1/namespaces', {
      metadata: { name, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    });
    return name;
  };

  await createNamespace(SYSTEM_NAMESPACE);
  for (const definition of DEFINITION_MANIFESTS) {
    await request('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
  }
  for (const { spec } of DEFINITION_MANIFESTS) {
    await eventually(() => request('GET', `/apis/${spec.group}/v1alpha1/${spec.names.plural}`));
  }
  for (const { path, body } of OPERATOR_RIGHTS) await request('POST', path, body);
  const kubeconfig = join(directory, 'operator.kubeconfig');
  const routerTokenPath = join(directory, 'router-token');
  await kubeconfigOf(SYSTEM_NAMESPACE, 'capataz-operator', kubeconfig);
  await writeFile(routerTokenPath, 'token-of-the-operator');

  async function startOperator(
    name: string,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<OperatorProcess> {
    const operator = launch(OPERATOR, name, {
      CAPATAZ_KUBECONFIG: kubeconfig,
      CAPATAZ_ROUTER_URL: router.url,
      CAPATAZ_ROUTER_TOKEN_PATH: routerTokenPath,
      ...environment,
    });
    operators.add(operator);
    await eventually(() => Promise.resolve(operator.port()), 60);
    return operator;
  }

  async function stopOperator(operator: OperatorProcess): Promise<void> {
    operators.delete(operator);
    operator.kill('SIGCONT');
    operator.kill('SIGTERM');
    await operator.exited;
  }

  return {
    kube,
    controlPlane,
    router,
    startOperator,
    stopOperator,
    get: async (resource, namespace, name) => {
      try {
        return await request('GET', objectPath(resource, namespace, name));
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    list: async (resource, namespace) =>
      (await request('GET', collectionPath(resource.groupVersion, resource.plural, namespace))).items,
    create,
    patch: (resource, namespace, name, patch, subresource) =>
      kube.request({
        method: 'PATCH',
        path: `${objectPath(resource, namespace, name)}${subresource === undefined ? '' : `/${subresource}`}`,
        query: { fieldManager: 'kubectl-edit' },
        contentType: CONTENT_TYPES.mergePatch,
        body: patch,
      }) as Promise<AnyObject>,
    remove: async (resource, namespace, name) => {
      await request('DELETE', objectPath(resource, namespace, name));
    },
    createNamespace,
    createServiceAccount: async (namespace, name) => {
      await request('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name } });
    },
    token,
    kubeconfigOf,
    stop: async () => {
      for (const operator of operators) operator.kill('SIGKILL');
      await Promise.all([...operators].map((operator) => operator.exited));
      await router.close();
      await kube.close();
      await controlPlane.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

interface Program {
  readonly path: string;
  /** What it logs with its ports. */
  readonly startedMessage: string;
}

const OPERATOR: Program = { path: 'operator/main.ts', startedMessage: 'operator started' };

export function launch(
  program: Program,
  name: string,
  environment: Readonly<Record<string, string>>,
): OperatorProcess {
  // A test runner that is killed takes its operators along.
  const wrapper = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL'] : [];
  const [executable, ...words] = [...wrapper, process.execPath, program.path];
  const child = spawn(executable, words, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      CAPATAZ_LOG_LEVEL: 'debug',
      CAPATAZ_PORT: '0',
      CAPATAZ_METRICS_PORT: '0',
      CAPATAZ_DRAIN_LEAD_SECONDS: '0',
      CAPATAZ_NAMESPACE: SYSTEM_NAMESPACE,
      CAPATAZ_POD_NAME: name,
      CAPATAZ_AGENT_IMAGE: 'capataz:test',
      CAPATAZ_CONFIGURATION_URL: 'http://capataz-operator.capataz-system.svc:8080/v1/configuration',
      ...environment,
    },
  });
  const logs: AnyObject[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => logs.push(JSON.parse(line)));
  const started = (): AnyObject => {
    const entry = logs.find(({ msg }) => msg === program.startedMessage);
    if (entry === undefined)
      throw new Error(`${name} has not started: ${JSON.stringify(logs.at(-1)?.error ?? logs.at(-1))}`);
    return entry;
  };
  const fetchText = async (path: string): Promise<Response> => {
    return await fetch(`http://127.0.0.1:${started().metricsPort}${path}`);
  };
  const metrics = async (): Promise<string> => await (await fetchText('/metrics')).text();
  return {
    child,
    logs,
    port: () => started().port,
    metrics,
    metric: async (metric, labels = '') =>
      (await metrics())
        .split('\n')
        .filter((line) => line.startsWith(metric) && line.includes(labels))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0),
    readiness: async () => (await fetchText('/readyz')).status,
    kill: (signal) => child.kill(signal),
    exited: once(child, 'exit').then(([code]) => code as number | null),
  };
}

async function startFakeRouter(): Promise<FakeRouter> {
  const probes: FakeRouter['probes'] = new Map();
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    const [, , , namespace = '', name = ''] = (request.url ?? '').split('/');
    asked.push(request.url ?? '');
    if (router.isDown || request.headers.authorization !== 'Bearer token-of-the-operator') {
      response.writeHead(router.isDown ? 503 : 401).end();
      return;
    }
    const usable = {
      secret: 'notNeeded',
      price: 'override',
      reachable: 'reachable',
      key: 'notNeeded',
      message: 'It answers.',
    };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ...usable, ...probes.get(`${namespace}/${name}`) }));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const router: FakeRouter = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    probes,
    isDown: false,
    asked,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
  return router;
}

/** Tries until it does not throw; throws the last error when that takes too long. */
export async function eventually<T>(attempt: () => Promise<T>, seconds = 20): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}
