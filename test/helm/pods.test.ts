import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ROUTER_AUDIENCE } from '#domain/agent/agent-names.ts';
import { LEDGER_AUDIENCE } from '#domain/ledger/record-batch.ts';
import {
  CHART,
  EVERYTHING,
  HELM_BUILD_TIMEOUT_MS,
  type KubernetesObject,
  named,
  WORKLOADS,
  ofKind,
  renderChart,
} from './chart.ts';
import { POD_MUTATIONS, type PodSpec, restrictedViolations } from './pod-security.ts';

let objects: readonly KubernetesObject[];
let pods: readonly { readonly name: string; readonly spec: PodSpec & Readonly<Record<string, unknown>> }[];

beforeAll(async () => {
  objects = await renderChart(EVERYTHING);
  pods = ofKind(objects, ...WORKLOADS).map(({ metadata, spec }) => ({
    name: metadata.name,
    spec: spec.template.spec as PodSpec & Readonly<Record<string, unknown>>,
  }));
}, HELM_BUILD_TIMEOUT_MS);

function podOf(name: string): KubernetesObject {
  const found = ofKind(objects, ...WORKLOADS).find(({ metadata }) => metadata.name === name);
  return found?.['spec'].template as KubernetesObject;
}

describe('every pod of the chart', () => {
  it('is there', () => {
    expect(pods.map(({ name }) => name).sort()).toEqual([
      'capataz-console',
      'capataz-ledger',
      'capataz-ledger-witness',
      'capataz-local-model',
      'capataz-observer',
      'capataz-operator',
      'capataz-prompt-repository',
      'capataz-router',
    ]);
  });

  it('is restricted in the sense of the Pod Security Standards', () => {
    expect(pods.flatMap(({ spec }) => restrictedViolations(spec))).toEqual([]);
  });

  it('has a root file system that cannot be written', () => {
    const contexts = pods.flatMap(({ spec }) =>
      spec.containers.map(({ securityContext }) => securityContext),
    );
    expect(contexts.every((context) => context?.readOnlyRootFilesystem === true)).toBe(true);
  });

  it('gets no token of the API server by default', () => {
    expect(pods.map(({ spec }) => spec['automountServiceAccountToken'])).toEqual(pods.map(() => false));
    const accounts = ofKind(objects, 'ServiceAccount');
    expect(accounts.map((account) => account['automountServiceAccountToken'])).toEqual(
      accounts.map(() => false),
    );
  });

  it('asks for processor time and memory, and has a limit of memory', () => {
    for (const { spec } of pods) {
      const [container] = spec.containers as readonly { resources?: unknown }[];
      expect(container?.resources).toMatchObject({
        requests: { cpu: expect.any(String) as string, memory: expect.any(String) as string },
        limits: { memory: expect.any(String) as string },
      });
    }
  });

  it('says when it has started, whether it lives and whether it is ready', () => {
    for (const { spec } of pods) {
      const [container] = spec.containers as unknown as readonly Record<string, unknown>[];
      expect(Object.keys(container ?? {})).toEqual(
        expect.arrayContaining(['startupProbe', 'livenessProbe', 'readinessProbe']),
      );
      // Sooner, nothing listens yet, and a normal start would be a Warning event.
      expect(container?.['startupProbe']).toMatchObject({ initialDelaySeconds: 2 });
    }
  });

  it('runs a process that is there', () => {
    const programs = pods.flatMap(({ spec }) =>
      (spec.containers as unknown as readonly { args: string[] }[]).flatMap(({ args }) => args),
    );
    expect(programs.toSorted()).toEqual([
      'operator/main.ts',
      'operator/prompt-repository/main.ts',
      'services/console/main.ts',
      'services/ledger-witness/main.ts',
      'services/ledger/main.ts',
      'services/local-model/main.ts',
      'services/observer/main.ts',
      'services/router/main.ts',
    ]);
    for (const program of programs) expect(existsSync(join(CHART, '../..', program))).toBe(true);
  });

  it('is spread over nodes and zones', () => {
    for (const { spec } of pods) {
      const spread = spec['topologySpreadConstraints'] as { topologyKey: string }[];
      expect(spread.map(({ topologyKey }) => topologyKey)).toEqual([
        'kubernetes.io/hostname',
        'topology.kubernetes.io/zone',
      ]);
    }
  });

  it('is selected by labels that do not change with the version of the chart', () => {
    for (const deployment of ofKind(objects, ...WORKLOADS)) {
      const { matchLabels } = deployment['spec'].selector as { matchLabels: Record<string, string> };
      expect(Object.keys(matchLabels).sort()).toEqual([
        'app.kubernetes.io/component',
        'app.kubernetes.io/instance',
        'app.kubernetes.io/name',
      ]);
      expect(deployment['spec'].template.metadata.labels).toEqual(matchLabels);
    }
  });
});

describe('the checker of restricted pods', () => {
  it.each(Object.entries(POD_MUTATIONS))('refuses a pod with %s', (_what, mutate) => {
    const spec = podOf('capataz-router')['spec'] as PodSpec;
    expect(restrictedViolations(mutate(spec))).not.toEqual([]);
  });
});

describe('identity', () => {
  interface Projected {
    readonly sources: readonly { readonly serviceAccountToken?: Readonly<Record<string, unknown>> }[];
  }

  const LEDGER_TOKEN = { path: 'token', expirationSeconds: 600, audience: LEDGER_AUDIENCE };

  function tokensOf(name: string): readonly unknown[] {
    const volumes = podOf(name)['spec'].volumes as readonly { projected?: Projected }[];
    return volumes
      .flatMap(({ projected }) => projected?.sources ?? [])
      .flatMap(({ serviceAccountToken }) => serviceAccountToken ?? []);
  }

  it('lets the operator prove itself to the API server, and to the router with a short-lived token for it alone', () => {
    expect(tokensOf('capataz-operator')).toEqual([
      LEDGER_TOKEN,
      { path: 'token', expirationSeconds: 3600 },
      { path: 'token', expirationSeconds: 600, audience: ROUTER_AUDIENCE },
    ]);
  });

  it('lets the router prove itself to the API server, and to the ledger', () => {
    expect(tokensOf('capataz-router')).toEqual([LEDGER_TOKEN, { path: 'token', expirationSeconds: 3600 }]);
  });

  it('lets the ledger prove itself to the API server', () => {
    expect(tokensOf('capataz-ledger')).toEqual([{ path: 'token', expirationSeconds: 3600 }]);
  });

  it('gives the local model and the witness no identity at all', () => {
    expect(tokensOf('capataz-local-model')).toEqual([]);
    expect(tokensOf('capataz-ledger-witness')).toEqual([]);
  });
});

describe('values of a part', () => {
  it('place its pods and describe them', async () => {
    const objects = await renderChart({
      'router.nodeSelector': { pool: 'agents' },
      'router.tolerations': [{ key: 'agents', operator: 'Exists' }],
      'router.affinity': { nodeAffinity: {} },
      'router.priorityClassName': 'high',
      'router.podAnnotations': { team: 'mail' },
      'router.podLabels': { team: 'mail', 'app.kubernetes.io/component': 'stolen' },
      imagePullSecrets: [{ name: 'registry' }],
    });
    const { template, selector } = named(objects, 'Deployment', 'capataz-router')['spec'];
    expect(template.spec).toMatchObject({
      nodeSelector: { pool: 'agents' },
      tolerations: [{ key: 'agents', operator: 'Exists' }],
      affinity: { nodeAffinity: {} },
      priorityClassName: 'high',
      imagePullSecrets: [{ name: 'registry' }],
    });
    expect(template.metadata.annotations).toMatchObject({ team: 'mail', 'prometheus.io/port': '9090' });
    expect(template.metadata.labels).toEqual({ team: 'mail', ...selector.matchLabels });
  });

  it('pin the image by digest when one is given, for the agents as well', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const image = { repository: 'example.com/capataz', digest };
    const operator = named(await renderChart({ image }), 'Deployment', 'capataz-operator');
    const [container] = operator['spec'].template.spec.containers;
    expect(container.image).toBe(`example.com/capataz@${digest}`);
    expect(container.env).toContainEqual({
      name: 'CAPATAZ_AGENT_IMAGE',
      value: `example.com/capataz@${digest}`,
    });
  });

  it('give running answers the whole drain before the pod is killed', async () => {
    const router = named(await renderChart({ 'router.drainSeconds': 100 }), 'Deployment', 'capataz-router');
    const { terminationGracePeriodSeconds, containers } = router['spec'].template.spec;
    // The drain begins with the wait for the Service; a hook would wait a second time.
    expect(containers[0].lifecycle).toBeUndefined();
    expect(containers[0].env).toContainEqual({ name: 'CAPATAZ_DRAIN_SECONDS', value: '100' });
    expect(terminationGracePeriodSeconds).toBeGreaterThanOrEqual(100 + 10);
  });

  it('let the router trust authorities of a ConfigMap, when one is named', async () => {
    const specOf = async (values: object) =>
      named(await renderChart({ ...values }), 'Deployment', 'capataz-router')['spec'].template.spec;
    const given = await specOf({ 'router.certificateAuthorities': 'our-authorities' });
    const { mountPath } = given.containers[0].volumeMounts.find(
      ({ name }: { name: string }) => name === 'certificate-authorities',
    );
    expect(given.containers[0].env).toContainEqual({
      name: 'NODE_EXTRA_CA_CERTS',
      value: `${mountPath}/ca.crt`,
    });
    expect(given.volumes).toContainEqual({
      name: 'certificate-authorities',
      configMap: { name: 'our-authorities' },
    });
    expect(JSON.stringify(await specOf({}))).not.toContain('certificate-authorities');
  });
});
