/** The chart in a real API server with real controllers and without a node: everything but the running of pods. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '#crds/agent.ts';
import { type ControlPlane, startControlPlane } from '#cluster/control-plane/control-plane.ts';
import { ensureKubernetesBinary } from '#cluster/kubernetes/kubernetes-binary.ts';
import { agentPodTemplate } from '#operator/agent/pod-template.ts';
import { CHART, HELM_BUILD_TIMEOUT_MS, type KubernetesObject, helm, helmBinary } from '#test/helm/chart.ts';
import { POD_MUTATIONS, type PodSpec } from '#test/helm/pod-security.ts';

const NAMESPACE = 'capataz-system';
const DEPLOYMENTS = [
  'capataz-console',
  'capataz-local-model',
  'capataz-operator',
  'capataz-prompt-repository',
  'capataz-router',
];
const PATIENCE_MS = 30_000;

let directory: string;
let kubernetesBinary: string;
let controlPlane: ControlPlane;

beforeAll(async () => {
  await helmBinary();
  kubernetesBinary = await ensureKubernetesBinary();
  directory = await mkdtemp(join(tmpdir(), 'capataz-chart-'));
  controlPlane = await startControlPlane({
    binaryPath: kubernetesBinary,
    directory,
    controllerManager: true,
  });
  await kubectl('create', 'namespace', NAMESPACE);
  await kubectl('label', 'namespace', NAMESPACE, 'pod-security.kubernetes.io/enforce=restricted');
  await install();
}, HELM_BUILD_TIMEOUT_MS);

afterAll(async () => {
  await controlPlane.stop();
  await rm(directory, { recursive: true, force: true });
});

async function kubectl(...options: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    kubernetesBinary,
    ['kubectl', `--kubeconfig=${controlPlane.kubeconfig}`, `--namespace=${NAMESPACE}`, ...options],
    { maxBuffer: 16 * 1024 * 1024 },
  );
  return stdout;
}

async function kubectlWithInput(input: unknown, ...options: readonly string[]): Promise<string> {
  const running = promisify(execFile)(kubernetesBinary, [
    'kubectl',
    `--kubeconfig=${controlPlane.kubeconfig}`,
    ...(options.includes('apply') ? [] : [`--namespace=${NAMESPACE}`]),
    ...options,
  ]);
  running.child.stdin?.end(JSON.stringify(input));
  return (await running).stdout;
}

async function kubectlJson(...options: readonly string[]): Promise<KubernetesObject> {
  return JSON.parse(await kubectl(...options, '--output=json')) as KubernetesObject;
}

function release(...options: readonly string[]): Promise<string> {
  return helm(...options, `--kubeconfig=${controlPlane.kubeconfig}`, `--namespace=${NAMESPACE}`);
}

function install(...values: readonly string[]): Promise<string> {
  return release('upgrade', '--install', 'capataz', CHART, ...values);
}

/** Whatever stands in the namespace and was not put there by Kubernetes itself, as `kind/name`. */
async function objectsInNamespace(): Promise<readonly string[]> {
  const kinds = (await kubectl('api-resources', '--namespaced', '--verbs=list', '--output=name'))
    .trim()
    .split('\n');
  const listed = kinds.filter((kind) => !kind.startsWith('events'));
  const names = (await kubectl('get', listed.join(), '--output=name', '--ignore-not-found'))
    .trim()
    .split('\n');
  return names.filter(
    (name) => name !== '' && !/^(serviceaccount\/default|configmap\/kube-root-ca.crt)$/.test(name),
  );
}

async function eventually(check: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`${what} did not happen in ${PATIENCE_MS} ms`);
    await sleep(200);
  }
}

describe('a release in a namespace that enforces restricted pods', () => {
  it('gets every pod of every part', async () => {
    const wanted = {
      'capataz-console': 1,
      'capataz-local-model': 1,
      'capataz-operator': 2,
      'capataz-prompt-repository': 1,
      'capataz-router': 2,
    };
    const counted = async (): Promise<Record<string, number>> => {
      const { items } = await kubectlJson('get', 'deployments');
      return Object.fromEntries(
        (items as KubernetesObject[]).map(({ metadata, status }) => [
          metadata.name,
          Number(status.replicas ?? 0),
        ]),
      );
    };
    await eventually(
      async () => JSON.stringify(await counted()) === JSON.stringify(wanted),
      'the creation of all pods',
    );
    expect(await counted()).toEqual(wanted);
  });

  it.each(Object.entries(POD_MUTATIONS))('would get no pod with %s', async (_what, mutate) => {
    await expect(createPod(mutate(await routerPod()))).rejects.toThrow(
      'violates PodSecurity "restricted:latest"',
    );
  });

  it('would get the same pod unchanged', async () => {
    await expect(createPod(await routerPod())).resolves.toContain('pod/another created');
  });
});

async function routerPod(): Promise<PodSpec> {
  const { spec } = await kubectlJson('get', 'deployment', 'capataz-router');
  return spec.template.spec as PodSpec;
}

function createPod(spec: PodSpec): Promise<string> {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'another' }, spec };
  return kubectlWithInput(pod, 'create', '--dry-run=server', '--filename=-');
}

describe('the rights of a release', () => {
  /** `resource` may be resource/subresource, or resource=name. */
  async function may(part: string, verb: string, resource: string, namespace = 'default'): Promise<boolean> {
    const [type = '', subresource] = resource.split('/');
    const answer = await kubectl(
      'auth',
      'can-i',
      verb,
      type.replace('=', '/'),
      `--namespace=${namespace}`,
      ...(subresource === undefined ? [] : [`--subresource=${subresource}`]),
      `--as=system:serviceaccount:${NAMESPACE}:capataz-${part}`,
    ).catch((error: { stdout: string }) => error.stdout);
    return answer.trim() === 'yes';
  }

  it.each([
    ['operator', 'watch', 'agents.capataz.dev'],
    ['operator', 'patch', 'agents.capataz.dev/status'],
    ['operator', 'create', 'deployments.apps'],
    ['operator', 'create', 'tokenreviews.authentication.k8s.io'],
    ['observer', 'patch', 'agents.capataz.dev/status'],
    ['console', 'patch', 'canaryrollouts.capataz.dev'],
    ['console', 'create', 'subjectaccessreviews.authorization.k8s.io'],
    ['router', 'watch', 'agents.capataz.dev'],
    ['router', 'watch', 'secrets'],
    ['router', 'create', 'tokenreviews.authentication.k8s.io'],
  ])('let the %s %s %s', async (part, verb, resource) => {
    expect(await may(part, verb, resource)).toBe(true);
  });

  it.each([
    ['operator', 'get', 'secrets'],
    ['operator', 'list', 'secrets'],
    ['operator', 'patch', 'agents.capataz.dev'],
    ['operator', 'delete', 'deployments.apps'],
    ['operator', 'create', 'pods'],
    ['operator', 'create', 'pods/exec'],
    ['operator', 'create', 'clusterroles.rbac.authorization.k8s.io'],
    ['operator', 'impersonate', 'serviceaccounts'],
    ['router', 'create', 'secrets'],
    ['router', 'update', 'models.capataz.dev/status'],
    ['router', 'list', 'pods'],
    ['local-model', 'get', 'secrets'],
    ['local-model', 'list', 'pods'],
  ])('do not let the %s %s %s', async (part, verb, resource) => {
    expect(await may(part, verb, resource)).toBe(false);
    expect(await may(part, verb, resource, NAMESPACE)).toBe(false);
  });

  it('let the operator hold its own Lease and no other', async () => {
    expect(await may('operator', 'update', 'leases.coordination.k8s.io=capataz-operator', NAMESPACE)).toBe(
      true,
    );
    expect(await may('operator', 'update', 'leases.coordination.k8s.io=other', NAMESPACE)).toBe(false);
    expect(await may('operator', 'update', 'leases.coordination.k8s.io=capataz-operator')).toBe(false);
  });
});

describe('the operator of a release, should somebody else act in its name', () => {
  const AGENT: Agent = {
    apiVersion: 'capataz.dev/v1alpha1',
    kind: 'Agent',
    metadata: { name: 'mail', namespace: 'default', uid: 'uid', generation: 1, resourceVersion: '1' },
    spec: { promptRef: { name: 'mail' }, modelPolicy: { allow: [{ name: 'small' }] } },
  };
  const SETTINGS = {
    agentImagePullPolicy: 'IfNotPresent' as const,
    agentImage: 'capataz:1',
    routerUrl: 'http://capataz-router.capataz-system.svc:8080',
    configurationUrl: 'http://capataz-operator.capataz-system.svc:8080/v1/configuration',
    ledgerUrl: 'http://capataz-ledger.capataz-system.svc:8080',
  };
  const POD = agentPodTemplate(AGENT, SETTINGS, 'mail') as unknown as PodSpec;

  function deployment(pod: unknown, name = 'agent-mail'): unknown {
    const matchLabels = { 'capataz.dev/agent': 'mail' };
    const template = { metadata: { labels: matchLabels }, spec: pod };
    const metadata = { name, namespace: 'default' };
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { selector: { matchLabels }, template },
    };
  }

  function withVolume(source: Readonly<Record<string, unknown>>): PodSpec {
    return { ...POD, volumes: [...(POD.volumes ?? []), { name: 'other', ...source }] };
  }

  function withContainer(change: Readonly<Record<string, unknown>>): PodSpec {
    return { ...POD, containers: POD.containers.map((container) => Object.assign({}, container, change)) };
  }

  const OPERATOR = `--as=system:serviceaccount:${NAMESPACE}:capataz-operator`;

  function createAs(object: unknown, ...identity: readonly string[]): Promise<string> {
    return kubectlWithInput(
      object,
      'create',
      '--dry-run=server',
      '--filename=-',
      '--namespace=default',
      ...identity,
    );
  }

  const CONFIG_MAP = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'coredns', namespace: 'default' },
  };

  it('can run the pods of agents', async () => {
    expect(await createAs(deployment(POD), OPERATOR)).toContain('deployment.apps/agent-mail created');
  });

  it.each([
    [
      'a Deployment of another name',
      deployment(POD, 'web'),
      'only objects that are called rollout-<name> or agent-<name>',
    ],
    [
      'a ConfigMap of another name',
      CONFIG_MAP,
      'only objects that are called rollout-<name> or agent-<name>',
    ],
    [
      'a pod under another ServiceAccount',
      deployment({ ...POD, serviceAccountName: 'admin' }),
      'under the ServiceAccount of their own agent',
    ],
    [
      'a pod with the token of a ServiceAccount that is called like one of an agent, and has rights',
      deployment({ ...POD, automountServiceAccountToken: true }),
      'without its token',
    ],
    [
      'a pod that says nothing of such a token',
      deployment({ ...POD, automountServiceAccountToken: undefined }),
      'without its token',
    ],
    ['a pod on a node of its choice', deployment({ ...POD, nodeName: 'control-plane' }), 'neither the node'],
    [
      'a container of another user than its pod',
      deployment(withContainer({ securityContext: { ...POD.containers[0]?.securityContext, runAsUser: 0 } })),
      'has or may gain privileges',
    ],
    ['a pod with a Secret', deployment(withVolume({ secret: { secretName: 'key' } })), 'mounts only'],
    ['a pod with a folder of the node', deployment(withVolume({ hostPath: { path: '/' } })), 'mounts only'],
    [
      'a pod with a Secret inside of a projected volume',
      deployment(withVolume({ projected: { sources: [{ secret: { name: 'key' } }] } })),
      'mounts only',
    ],
    [
      'a pod with a token of the API server',
      deployment(withVolume({ projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } })),
      'mounts only',
    ],
    [
      'a pod with a token for anybody else than router, operator and ledger',
      deployment(
        withVolume({
          projected: { sources: [{ serviceAccountToken: { path: 'token', audience: 'capataz' } }] },
        }),
      ),
      'mounts only',
    ],
    [
      'a pod with a variable from a Secret',
      deployment(
        withContainer({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'key', key: 'key' } } }] }),
      ),
      'no variable from a Secret',
    ],
    [
      'a pod with all variables from a Secret',
      deployment(withContainer({ envFrom: [{ secretRef: { name: 'key' } }] })),
      'no variable from a Secret',
    ],
    [
      'a pod with an init container',
      deployment({ ...POD, initContainers: [{ name: 'before', image: 'example.com/any:1' }] }),
      'only with the containers of the agent',
    ],
    [
      'a pod in the network of the node',
      deployment({ ...POD, hostNetwork: true }),
      "outside of the node's namespaces",
    ],
    [
      'a privileged container',
      deployment(withContainer({ securityContext: { privileged: true } })),
      'no container that has or may gain privileges',
    ],
  ])('cannot create %s', async (_what, object, sentence) => {
    await expect(createAs(object, OPERATOR)).rejects.toThrow(sentence);
  });

  it.each(Object.entries(POD_MUTATIONS))('cannot create a pod with %s', async (_what, mutate) => {
    await expect(createAs(deployment(mutate(POD)), OPERATOR)).rejects.toThrow('the operator of Capataz');
  });

  it('is the only one that is held to it', async () => {
    expect(await createAs(deployment(withVolume({ secret: { secretName: 'key' } }), 'web'))).toContain(
      'created',
    );
  });
});

describe('an upgrade of a release', () => {
  it('changes what was asked for and keeps the rest', async () => {
    const before = (await kubectlJson('get', 'deployment', 'capataz-operator')).metadata as unknown as {
      uid: string;
      generation: number;
    };
    await install('--set', 'router.replicas=3', '--set', 'logLevel=debug');
    const router = await kubectlJson('get', 'deployment', 'capataz-router');
    const operator = await kubectlJson('get', 'deployment', 'capataz-operator');
    expect(router['spec'].replicas).toBe(3);
    expect(operator.metadata).toMatchObject({ uid: before.uid, generation: before.generation + 1 });
  });

  it('with the same values replaces no pod', async () => {
    const values = ['--set', 'router.replicas=3'];
    await install(...values);
    const generations = async (): Promise<unknown> =>
      ((await kubectlJson('get', 'deployments'))['items'] as { metadata: { generation: number } }[]).map(
        ({ metadata }) => metadata.generation,
      );
    const before = await generations();
    await install(...values);
    expect(await generations()).toEqual(before);
  });

  it('brings new fields of a kind', async () => {
    const older = join(directory, 'older-chart');
    await cp(CHART, older, { recursive: true });
    const template = join(older, 'templates/custom-resource-definitions/agents.yaml');
    const text = await readFile(template, 'utf8');
    await writeFile(
      template,
      text
        .replaceAll('has(self.image)', 'false')
        .replace(
          /^ +image:\n(?: +description: "Bring[^\n]+\n)(?: +(?:type|minLength|maxLength): [^\n]+\n)+/m,
          '',
        ),
    );
    await release('upgrade', 'capataz', older);
    expect(await kubectl('get', 'crd', 'agents.capataz.dev', '--output=json')).not.toContain(
      'Bring your own',
    );
    await install();
    expect(await kubectl('get', 'crd', 'agents.capataz.dev', '--output=json')).toContain('Bring your own');
  });

  it('leaves the Lease to the replica that holds it', async () => {
    const patch = JSON.stringify({ spec: { holderIdentity: 'operator-1', leaseDurationSeconds: 15 } });
    await kubectl('patch', 'lease', 'capataz-operator', '--type=merge', `--patch=${patch}`);
    await install('--set', 'logLevel=warn');
    const lease = await kubectlJson('get', 'lease', 'capataz-operator');
    expect(lease['spec']).toMatchObject({ holderIdentity: 'operator-1' });
  });

  it('takes away a part that is switched off', async () => {
    await install('--set', 'localModel.enabled=false');
    await eventually(
      async () => !(await objectsInNamespace()).some((name) => name.includes('local-model')),
      'the end of the local model',
    );
    expect(await kubectl('get', 'deployments', '--output=name')).not.toContain('local-model');
    await install();
  });
});

describe('the removal of a release', () => {
  const MODEL = {
    apiVersion: 'capataz.dev/v1alpha1',
    kind: 'Model',
    metadata: { name: 'kept', namespace: 'default' },
    spec: {
      provider: 'OpenAICompatible',
      endpoint: 'https://models.example.com/v1',
      model: 'small',
      capabilities: ['Chat'],
      price: { inputUsdPerMillionTokens: '0', outputUsdPerMillionTokens: '0' },
    },
  };

  /** What is written for years must not go with a command of a second. */
  const KEPT = ['persistentvolumeclaim/ledger-capataz-ledger-0', 'secret/capataz-ledger-keys'];

  it("leaves no right in the cluster, and in its namespace the ledger's volume and keys alone, but keeps what people wrote", async () => {
    await kubectlWithInput(MODEL, 'apply', '--filename=-');
    await release('uninstall', 'capataz', '--wait', '--timeout=60s');
    let left: readonly string[] = [];
    await eventually(
      async () => (left = await objectsInNamespace()).length === KEPT.length,
      'the removal of every object',
    ).catch(() => undefined);
    expect(left).toEqual(KEPT);
    expect(await kubectl('get', 'namespaces', '--output=name')).toContain('-witness');
    const rights = await kubectl(
      'get',
      'clusterroles,clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings',
      '--output=name',
    );
    expect(rights).not.toContain('capataz');
    expect(await kubectl('get', 'models', '--namespace=default', '--output=name')).toContain('kept');
  });

  it('can be followed by another installation, which takes over the kinds that were kept', async () => {
    await install();
    expect((await kubectl('get', 'deployments', '--output=name')).trim().split('\n').sort()).toEqual(
      DEPLOYMENTS.map((name) => `deployment.apps/${name}`),
    );
    expect(await kubectl('get', 'models', '--namespace=default', '--output=name')).toContain('kept');
  });

  it('takes the kinds and all their objects with it when they are not to be kept', async () => {
    await install('--set', 'crds.keep=false');
    await release('uninstall', 'capataz', '--wait', '--timeout=60s');
    await eventually(
      async () => !(await kubectl('get', 'crd', '--output=name')).includes('capataz.dev'),
      'the removal of the kinds',
    );
    expect(await objectsInNamespace()).toEqual(KEPT);
  });
});
