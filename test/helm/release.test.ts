import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { KINDS } from '#crds/kinds.ts';
import { toCustomResourceDefinition } from '#tools/manifests/custom-resource-definition.ts';
import {
  CHART,
  EVERYTHING,
  HELM_BUILD_TIMEOUT_MS,
  type KubernetesObject,
  WORKLOADS,
  helm,
  helmBinary,
  named,
  ofKind,
  renderChart,
} from './chart.ts';

let objects: readonly KubernetesObject[];

beforeAll(async () => {
  await helmBinary();
  objects = await renderChart(EVERYTHING);
}, HELM_BUILD_TIMEOUT_MS);

describe('a release of the chart', () => {
  it('passes the strict linter of Helm', async () => {
    expect(await helm('lint', '--strict', CHART)).toContain('1 chart(s) linted, 0 chart(s) failed');
  });

  it('has no object that it did not have before, unseen', () => {
    const counts = Object.entries(Object.groupBy(objects, ({ kind }) => kind)).map(
      ([kind, ofThisKind]) => `${ofThisKind?.length} ${kind}`,
    );
    expect(counts.sort()).toEqual(
      [
        '2 ValidatingAdmissionPolicy',
        '2 ValidatingAdmissionPolicyBinding',
        '5 PodDisruptionBudget',
        '3 StatefulSet',
        '1 Namespace',
        '2 Secret',
        '1 PodMonitor',
        '1 ServiceMonitor',
        '1 PrometheusRule',
        '4 ConfigMap',
        '3 Lease',
        '3 Role',
        '3 RoleBinding',
        '20 ClusterRole',
        '15 ClusterRoleBinding',
        `${KINDS.length} CustomResourceDefinition`,
        '5 Deployment',
        '8 Service',
        '9 ServiceAccount',
        '9 NetworkPolicy',
      ].sort(),
    );
  });

  it('has no webhook: the API server checks objects by itself, and never waits for us', () => {
    expect(objects.filter(({ kind }) => kind.includes('Webhook'))).toEqual([]);
  });

  it('bears the names that the parts know each other by', () => {
    const services = ofKind(objects, 'Service').map(({ metadata }) => metadata.name);
    expect(services.sort()).toEqual([
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

  it('has other names under another release name, and the parts are told them', async () => {
    const others = await renderChart({}, 'staging');
    const operator = named(others, 'Deployment', 'staging-capataz-operator');
    const router = named(others, 'Deployment', 'staging-capataz-router');
    expect(operator['spec'].template.spec.containers[0].env).toContainEqual({
      name: 'CAPATAZ_ROUTER_URL',
      value: 'http://staging-capataz-router.capataz-system.svc:8080',
    });
    expect(router['spec'].template.spec.containers[0].env).toContainEqual({
      name: 'CAPATAZ_PLATFORM_SERVICE_ACCOUNTS',
      value: 'capataz-system/staging-capataz-operator',
    });
  });

  it('labels every object as its own', () => {
    for (const { metadata } of objects) {
      expect(metadata.labels).toMatchObject({
        'app.kubernetes.io/instance': 'capataz',
        'app.kubernetes.io/managed-by': 'Helm',
      });
    }
  });

  it('has a Service for each part whose selector meets the pods of that part and no others', () => {
    const pods = ofKind(objects, ...WORKLOADS).map(({ metadata, spec }) => ({
      name: metadata.name,
      labels: spec.template.metadata.labels as Record<string, string>,
    }));
    for (const { metadata, spec } of ofKind(objects, 'Service', 'PodDisruptionBudget')) {
      const selector = (spec.selector.matchLabels ?? spec.selector) as Record<string, string>;
      const met = pods.filter(({ labels }) =>
        Object.entries(selector).every(([label, value]) => labels[label] === value),
      );
      expect(met.map(({ name }) => name)).toEqual([metadata.name]);
    }
  });

  it('owns the Lease of the operator, so that it goes with the release', () => {
    expect(named(objects, 'Lease', 'capataz-operator')['spec']).toBeUndefined();
  });

  it('runs two of the operator and of the router, and lets a drain take one at a time', () => {
    for (const name of ['capataz-operator', 'capataz-router']) {
      expect(named(objects, 'Deployment', name)['spec'].replicas).toBe(2);
      expect(named(objects, 'PodDisruptionBudget', name)['spec'].maxUnavailable).toBe(1);
    }
  });
});

describe('the CustomResourceDefinitions of a release', () => {
  it('are those that the kinds generate', () => {
    const definitions = ofKind(objects, 'CustomResourceDefinition').map(({ metadata, spec }) => [
      metadata.name,
      spec,
    ]);
    const generated = KINDS.map((kind) => toCustomResourceDefinition(kind));
    expect(definitions).toHaveLength(generated.length);
    for (const { metadata, spec } of generated) {
      expect(definitions).toContainEqual([metadata.name, JSON.parse(JSON.stringify(spec))]);
    }
  });

  it('outlive the release unless that is switched off', async () => {
    const kept = ofKind(objects, 'CustomResourceDefinition');
    const loose = ofKind(await renderChart({ 'crds.keep': false }), 'CustomResourceDefinition');
    expect(kept.map(({ metadata }) => metadata.annotations)).toEqual(
      kept.map(() => ({ 'helm.sh/resource-policy': 'keep' })),
    );
    expect(loose.map(({ metadata }) => metadata.annotations)).toEqual(loose.map(() => undefined));
  });

  it('can be left out', async () => {
    expect(ofKind(await renderChart({ 'crds.install': false }), 'CustomResourceDefinition')).toEqual([]);
  });
});

describe('the notes after an installation', () => {
  it('tell the first three commands and what removing the release leaves', async () => {
    const notes = await helm(
      'install',
      'capataz',
      CHART,
      '--namespace',
      'capataz-system',
      '--dry-run=client',
    );
    expect(notes).toContain('kubectl --namespace capataz-system get pods');
    expect(notes).toContain('kubectl explain agent.spec');
    expect(notes).toContain('kubectl get capataz --all-namespaces');
    for (const { plural } of KINDS) expect(notes).toContain(`${plural}.capataz.dev`);
  });
});

describe('the values of a release', () => {
  it.each([
    ['a misspelt value', 'replcas=3', "additional properties 'replcas' not allowed"],
    ['a misspelt value inside a part', 'router.replica=3', "additional properties 'replica' not allowed"],
    ['a text for a number', 'router.replicas="three"', 'got string, want integer'],
    ['too many replicas', 'operator.replicas=101', 'maximum: got 101, want 100'],
    ['an unknown log level', 'logLevel="loud"', "value must be one of 'fatal', 'error', 'warn'"],
    ['a digest of another form', 'image.digest="sha256:123"', 'does not match pattern'],
    ['a number for a switch', 'networkPolicy.enabled=1', 'got number, want boolean'],
  ])('are refused with %s, by name', async (_what, setting, sentence) => {
    await expect(helm('template', 'capataz', CHART, '--set-json', setting)).rejects.toThrow(sentence);
  });

  it('may stand under a parent chart, which adds global', async () => {
    await expect(renderChart({ global: { region: 'eu' } })).resolves.toBeDefined();
  });

  it('all have a default and a description in values.yaml, and there are no others', async () => {
    const schema = JSON.parse(await readFile(join(CHART, 'values.schema.json'), 'utf8')) as Schema;
    const values = parse(await readFile(join(CHART, 'values.yaml'), 'utf8')) as unknown;
    expect(keysOfValues(values, schema).sort()).toEqual(keysOfSchema(schema).sort());
  });
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
}

/** Objects whose keys are free, such as labels, count as one value. */
function isClosed({ properties, additionalProperties }: Schema): boolean {
  return properties !== undefined && additionalProperties === false;
}

function keysOfSchema(schema: Schema, path = ''): string[] {
  return Object.entries(schema.properties ?? {})
    .filter(([key]) => key !== 'global')
    .flatMap(([key, inner]) =>
      isClosed(inner) && key !== 'resources' ? keysOfSchema(inner, `${path}${key}.`) : [`${path}${key}`],
    );
}

function keysOfValues(values: unknown, schema: Schema, path = ''): string[] {
  return Object.entries(values as Record<string, unknown>).flatMap(([key, value]) => {
    const inner = schema.properties?.[key] ?? {};
    return isClosed(inner) && key !== 'resources'
      ? keysOfValues(value, inner, `${path}${key}.`)
      : [`${path}${key}`];
  });
}
