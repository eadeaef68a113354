import { describe, expect, it } from 'vitest';
import { OperatorConfig } from '#operator/config.ts';
import { PromptRepositoryConfig } from '#operator/prompt-repository/config.ts';
import { ConsoleConfig } from '#services/console/config.ts';
import { LocalModelConfig } from '#services/local-model/config.ts';
import { LedgerConfig } from '#services/ledger/config.ts';
import { WitnessConfig } from '#services/ledger-witness/config.ts';
import { ObserverConfig } from '#services/observer/config.ts';
import { RouterConfig } from '#services/router/config.ts';
import { HELM_BUILD_TIMEOUT_MS, WORKLOADS, named, ofKind, renderChart } from './chart.ts';

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: unknown;
}

const PARTS = [
  ['capataz-operator', OperatorConfig],
  ['capataz-router', RouterConfig],
  ['capataz-ledger', LedgerConfig],
  ['capataz-ledger-witness', WitnessConfig],
  ['capataz-local-model', LocalModelConfig],
  ['capataz-prompt-repository', PromptRepositoryConfig],
  ['capataz-observer', ObserverConfig],
  ['capataz-console', ConsoleConfig],
] as const;

const WATCHING = new Set(['capataz-operator', 'capataz-router']);

async function environmentOf(part: string, values = {}): Promise<readonly Variable[]> {
  const found = ofKind(await renderChart(values), ...WORKLOADS).find(
    ({ metadata }) => metadata.name === part,
  );
  return found?.['spec'].template.spec.containers[0].env as readonly Variable[];
}

describe('the environment that the chart gives', { timeout: HELM_BUILD_TIMEOUT_MS }, () => {
  it.each(PARTS)('%s holds all that the process cannot do without', async (deployment, schema) => {
    const variables = await environmentOf(deployment);
    // What Kubernetes fills in when the pod starts is any text here.
    const environment = Object.fromEntries(variables.map(({ name, value }) => [name, value ?? 'filled-in']));
    expect(schema.safeParse(environment)).toMatchObject({ success: true });
  });

  it.each(PARTS)('%s holds nothing that the process does not read', async (deployment, schema) => {
    const known = Object.keys(schema.in.shape);
    const given = await environmentOf(deployment, { watchNamespace: 'mail' });
    const read = WATCHING.has(deployment) ? ['CAPATAZ_WATCH_NAMESPACE'] : [];
    expect(given.map(({ name }) => name).filter((name) => !known.includes(name))).toEqual([]);
    expect(given.map(({ name }) => name)).toEqual(expect.arrayContaining(read));
  });

  it.each(PARTS)('%s names no variable twice', async (deployment) => {
    const names = (await environmentOf(deployment, { watchNamespace: 'mail' })).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('can be added to, part by part', async () => {
    const values = { 'localModel.environment': { CAPATAZ_THREADS: '2' } };
    const variable = { name: 'CAPATAZ_THREADS', value: '2' };
    expect(await environmentOf('capataz-local-model', values)).toContainEqual(variable);
    expect(await environmentOf('capataz-router', values)).not.toContainEqual(variable);
  });

  describe('with a collector', () => {
    const tracing = { otlpEndpoint: 'http://collector.monitoring.svc:4318', sampledRatio: 0.1 };
    const tracingOf = async (part: string, values = {}): Promise<readonly Variable[]> =>
      (await environmentOf(part, { tracing: { ...tracing, headersSecret: 'collector' }, ...values })).filter(
        ({ name }) => name.startsWith('OTEL_'),
      );
    const variables = [
      { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: tracing.otlpEndpoint },
      { name: 'OTEL_TRACES_SAMPLER', value: 'parentbased_traceidratio' },
      { name: 'OTEL_TRACES_SAMPLER_ARG', value: '0.1' },
    ];
    const headers = {
      name: 'OTEL_EXPORTER_OTLP_HEADERS',
      valueFrom: { secretKeyRef: { name: 'collector', key: 'headers' } },
    };

    it('tells the router of it, and by the operator the agents, which never hear the headers', async () => {
      expect(await tracingOf('capataz-router')).toEqual([...variables, headers]);
      expect(await tracingOf('capataz-operator')).toEqual(variables);
      const given = Object.fromEntries(
        (await environmentOf('capataz-operator', { tracing })).map(({ name, value }) => [name, value ?? 'x']),
      );
      expect(OperatorConfig.parse(given).pods.tracing).toMatchObject({
        OTEL_EXPORTER_OTLP_ENDPOINT: tracing.otlpEndpoint,
        OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
        OTEL_TRACES_SAMPLER_ARG: '0.1',
      });
    });

    it('gives way to what stands in the environment of a part', async () => {
      const own = { OTEL_TRACES_SAMPLER: 'always_on', OTEL_EXPORTER_OTLP_HEADERS: 'x=1' };
      const names = (await tracingOf('capataz-router', { 'router.environment': own })).map(
        ({ name }) => name,
      );
      expect(names.toSorted()).toEqual([...variables, headers].map(({ name }) => name).toSorted());
      expect(await tracingOf('capataz-router', { 'router.environment': own })).toContainEqual({
        name: 'OTEL_TRACES_SAMPLER',
        value: 'always_on',
      });
    });

    it('is nobody by default', async () => {
      for (const part of ['capataz-router', 'capataz-operator']) {
        expect((await environmentOf(part)).filter(({ name }) => name.startsWith('OTEL_'))).toEqual([]);
      }
    });
  });

  it('tells the operator where the token for the router is mounted', async () => {
    const { spec } = named(await renderChart(), 'Deployment', 'capataz-operator')['spec'].template;
    const [container] = spec.containers as {
      env: Variable[];
      volumeMounts: { name: string; mountPath: string }[];
    }[];
    const path = container?.env.find(({ name }) => name === 'CAPATAZ_ROUTER_TOKEN_PATH')?.value ?? '';
    const mount = container?.volumeMounts.find(({ mountPath }) => path.startsWith(`${mountPath}/`));
    expect(mount?.name).toBe('router-token');
    expect(path.slice((mount?.mountPath ?? '').length + 1)).toBe('token');
  });
});
