import { describe, expect, it } from 'vitest';
import { type Environment, readEnvironment } from '#process/environment.ts';
import { OperatorConfig } from './config.ts';

function parseConfig(environment: Environment): OperatorConfig {
  const read = readEnvironment('operator', OperatorConfig, environment);
  if (!read.ok) throw new Error(read.message);
  return read.settings;
}

const COMPLETE = {
  CAPATAZ_NAMESPACE: 'capataz-system',
  CAPATAZ_POD_NAME: 'operator-a',
  CAPATAZ_AGENT_IMAGE: 'capataz:1',
  CAPATAZ_ROUTER_URL: 'http://router:8080/',
  CAPATAZ_CONFIGURATION_URL: 'http://operator:8080/v1/configuration',
  CAPATAZ_ROUTER_TOKEN_PATH: '/token',
};

describe('the settings of the operator', () => {
  it('have the documented defaults', () => {
    expect(parseConfig(COMPLETE)).toMatchObject({
      logLevel: 'info',
      port: 8080,
      metricsPort: 9090,
      watchNamespace: undefined,
      pods: { agentImagePullPolicy: 'IfNotPresent', routerUrl: 'http://router:8080' },
    });
  });

  it('restrict the operator to a namespace when one is named, and not when the name is empty', () => {
    expect(parseConfig({ ...COMPLETE, CAPATAZ_WATCH_NAMESPACE: 'team' }).watchNamespace).toBe('team');
    expect(parseConfig({ ...COMPLETE, CAPATAZ_WATCH_NAMESPACE: '' }).watchNamespace).toBeUndefined();
  });

  it('hand on to agents where their spans go, and no secret', () => {
    const given = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    };
    const headers = { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=secret' };
    expect(parseConfig({ ...COMPLETE, ...given, ...headers }).pods.tracing).toEqual({
      ...given,
      OTEL_TRACES_EXPORTER: 'otlp',
    });
    expect(parseConfig(COMPLETE).pods.tracing).toEqual({});
  });

  it('name every variable that is missing or wrong, all at once', () => {
    const { CAPATAZ_POD_NAME: _, ...incomplete } = COMPLETE;
    expect(() => parseConfig({ ...incomplete, CAPATAZ_ROUTER_URL: 'router', CAPATAZ_PORT: '99999' })).toThrow(
      /CAPATAZ_PORT[^]*CAPATAZ_POD_NAME[^]*CAPATAZ_ROUTER_URL/,
    );
  });
});
