/** A real etcd and kube-apiserver in which the kinds of Capataz are installed, and the least of a client for it. */
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent as Dispatcher, fetch } from 'undici';
import { parse } from 'yaml';
import { startControlPlane } from '#cluster/control-plane/control-plane.ts';
import { ensureKubernetesBinary } from '#cluster/kubernetes/kubernetes-binary.ts';
import type { CustomResourceDefinition } from '#tools/manifests/custom-resource-definition.ts';

const MANIFESTS = join(import.meta.dirname, '../../crds/manifests');
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const ESTABLISHED_WITHIN_MS = 30_000;

/** The generated manifests, as they are applied by a user. */
export const DEFINITION_MANIFESTS: readonly CustomResourceDefinition[] = await Promise.all(
  (await readdir(MANIFESTS)).sort().map(
    async (name) =>
      parse(await readFile(join(MANIFESTS, name), 'utf8'), {
        intAsBigInt: false,
      }) as CustomResourceDefinition,
  ),
);

export interface Reply {
  readonly status: number;
  /** `message` of the Status object that every refusal carries; empty when the request was accepted. */
  readonly message: string;
  /** What kubectl prints as `Warning:`. */
  readonly warnings: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- the answers are of many kinds, and tests read them freely.
  readonly body: any;
}

export interface ApiServer {
  readonly kubernetesBinary: string;
  readonly kubeconfig: string;
  readonly request: (
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Reply>;
  readonly stop: () => Promise<void>;
}

export async function startApiServerWithKinds(): Promise<ApiServer> {
  const kubernetesBinary = await ensureKubernetesBinary();
  const directory = await mkdtemp(join(tmpdir(), 'capataz-api-server-'));
  const controlPlane = await startControlPlane({ binaryPath: kubernetesBinary, directory });
  const dispatcher = new Dispatcher({
    connect: {
      ca: controlPlane.authorityCertificate,
      cert: controlPlane.clientCertificate,
      key: controlPlane.clientKey,
    },
  });
  const request: ApiServer['request'] = async (method, path, body, headers = {}) => {
    const reply = await fetch(`${controlPlane.server}${path}`, {
      method,
      dispatcher,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await reply.json()) as { kind?: string; message?: string };
    return {
      status: reply.status,
      message: reply.ok ? '' : (answer.message ?? ''),
      warnings: reply.headers.get('warning') ?? '',
      body: answer,
    };
  };
  const stop = async (): Promise<void> => {
    await dispatcher.close();
    await controlPlane.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await installKinds(request);
  } catch (error) {
    await stop();
    throw error;
  }
  return { kubernetesBinary, kubeconfig: controlPlane.kubeconfig, request, stop };
}

async function installKinds(request: ApiServer['request']): Promise<void> {
  for (const definition of DEFINITION_MANIFESTS) {
    const reply = await request('POST', DEFINITIONS, definition);
    if (reply.status !== 201) throw new Error(`${definition.metadata.name} was refused: ${reply.message}`);
  }
  const deadline = Date.now() + ESTABLISHED_WITHIN_MS;
  for (const { spec } of DEFINITION_MANIFESTS) {
    const path = `/apis/${spec.group}/v1alpha1/namespaces/default/${spec.names.plural}`;
    while ((await request('GET', path)).status !== 200) {
      if (Date.now() > deadline) throw new Error(`${path} was not served in time.`);
      await sleep(50);
    }
  }
}
