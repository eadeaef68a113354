import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Agent, AgentSpec } from '#crds/agent.ts';
import { agentChildren } from './children.ts';
import type { PodSettings } from './pod-template.ts';
import { podResources } from './pod-resources.ts';

const SETTINGS = {
  agentImage: 'registry.example/capataz:0.1.0',
  agentImagePullPolicy: 'IfNotPresent' as const,
  routerUrl: 'http://capataz-router.capataz-system.svc:8080',
  configurationUrl: 'http://capataz-operator.capataz-system.svc:8080/v1/configuration',
  ledgerUrl: undefined,
};

function anAgent(spec: Partial<AgentSpec> = {}): Agent {
  return {
    apiVersion: 'capataz.dev/v1alpha1',
    kind: 'Agent',
    metadata: {
      namespace: 'mail',
      name: 'email-classifier',
      uid: 'uid-1',
      generation: 1,
      resourceVersion: '1',
    },
    spec: { promptRef: { name: 'email-classifier' }, modelPolicy: { allow: [{ name: 'small' }] }, ...spec },
  };
}

const childrenOf = (agent: Agent, liveReplicas?: number, settings: PodSettings = SETTINGS) =>
  agentChildren({
    agent,
    configuration: '{"the":"configuration"}',
    formerConfiguration: undefined,
    mountedRollout: agent.spec.promptRef.name,
    liveReplicas,
    settings,
    probes:
      agent.spec.probes === undefined || settings.ledgerUrl === undefined
        ? undefined
        : {
            probes: agent.spec.probes,
            isSuspended: false,
            mountedRollout: agent.spec.promptRef.name,
            settings: { ...settings, ledgerUrl: settings.ledgerUrl },
          },
  });

function yamlOf(agent: Agent, settings?: PodSettings): string {
  return childrenOf(agent, undefined, settings)
    .map(({ resource, object }) =>
      stringify(
        { apiVersion: resource.groupVersion, kind: resource.kind, ...object },
        { aliasDuplicateObjects: false },
      ),
    )
    .join('---\n');
}

interface DeploymentSpec {
  readonly replicas?: unknown;
  readonly template?: unknown;
}

function deploymentSpecOf(agent: Agent, liveReplicas?: number): DeploymentSpec {
  const deployment = childrenOf(agent, liveReplicas).find(({ resource }) => resource.kind === 'Deployment');
  return deployment?.object['spec'] ?? {};
}

const replicasOf = (agent: Agent, liveReplicas?: number): unknown =>
  deploymentSpecOf(agent, liveReplicas).replicas;

describe('the environment of an agent', () => {
  it('says where spans go to a runtime of ours, and to no other image', () => {
    const settings = { ...SETTINGS, tracing: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' } };
    const textOf = (agent: Agent): string =>
      JSON.stringify(
        agentChildren({
          agent,
          configuration: '{}',
          formerConfiguration: undefined,
          mountedRollout: undefined,
          liveReplicas: undefined,
          settings,
          probes: undefined,
        }),
      );
    const variable = '{"name":"OTEL_EXPORTER_OTLP_ENDPOINT","value":"http://collector:4318"}';
    expect(textOf(anAgent())).toContain(variable);
    expect(textOf(anAgent({ image: 'registry.example/own:1' }))).not.toContain('OTEL_');
  });
});

describe('the children of an Agent', () => {
  it('are these for the least of an Agent', async () => {
    await expect(yamlOf(anAgent())).toMatchFileSnapshot('./golden/least-agent.yaml');
  });

  it('are these with probes: a CronJob with the name of them all, whose pods bear no label by which requests or an Agent find them', async () => {
    const agent = anAgent({
      probes: {
        goldenSetRef: { name: 'hard-mails' },
        everyMinutes: 30,
        casesPerRound: 10,
        maximumUsdPerDay: '0.50',
        judge: { modelRef: { name: 'small' } },
      },
    });
    const settings = { ...SETTINGS, ledgerUrl: 'http://capataz-ledger.capataz-system.svc:8080' };
    const cronJob = childrenOf(agent, undefined, settings).find(
      ({ resource }) => resource.kind === 'CronJob',
    );
    await expect(
      stringify(
        { apiVersion: cronJob?.resource.groupVersion, kind: 'CronJob', ...cronJob?.object },
        { aliasDuplicateObjects: false },
      ),
    ).toMatchFileSnapshot('./golden/probes-cron-job.yaml');
    const text = JSON.stringify(cronJob?.object['spec']);
    expect(text).not.toContain('app.kubernetes.io/instance');
    expect(text).not.toContain('capataz.dev/agent"');
    expect(text).not.toContain('capataz-operator');
  });

  it('are these where there is a ledger: a token for it and a volume for what it has not taken yet', async () => {
    const settings = { ...SETTINGS, ledgerUrl: 'http://capataz-ledger.capataz-system.svc:8080' };
    await expect(yamlOf(anAgent(), settings)).toMatchFileSnapshot('./golden/with-ledger.yaml');
    // An image of one's own tells the ledger by the same token.
    const own = yamlOf(anAgent({ image: 'registry.example/own:7' }), settings);
    expect(own).toContain('audience: capataz-ledger');
    expect(own).toContain('CAPATAZ_LEDGER_SPOOL_PATH');
  });

  it('are these for an Agent with an autoscaler, an image and resources of its own', async () => {
    const agent = anAgent({
      autoscaling: { minReplicas: 2, maxReplicas: 10, targetCpuPercent: 60 },
      image: 'registry.example/own:7',
      resources: { requests: { cpu: '250m' }, limits: { memory: '1Gi' } },
    });
    await expect(yamlOf(agent)).toMatchFileSnapshot('./golden/own-image-autoscaled.yaml');
  });

  it('leave the pod template alone when anything but image, resources and the rollout that is followed changes', () => {
    const template = (agent: Agent): unknown => deploymentSpecOf(agent).template;
    const changed = anAgent({
      limits: { seconds: 3600, steps: 99 },
      output: { schema: { type: 'object' } },
      tools: [{ type: 'BuiltIn', name: 'calculate' }],
      replicas: 7,
      modelPolicy: { allow: [{ name: 'large' }] },
    });
    expect(template(changed)).toEqual(template(anAgent()));
    expect(template(anAgent({ image: 'other' }))).not.toEqual(template(anAgent()));
    const pinned = (version: string): unknown => template(anAgent({ promptRef: { version } }));
    expect(pinned('v2')).toEqual(pinned('v1'));
  });

  it('are not probed before a process can listen, so that a normal start is no Warning event', () => {
    for (const image of [undefined, 'example.com/own:1']) {
      const deployment = deploymentSpecOf(anAgent(image === undefined ? {} : { image }));
      const { spec } = deployment.template as {
        spec: { containers: { startupProbe: { initialDelaySeconds?: number } }[] };
      };
      expect(spec.containers.map(({ startupProbe }) => startupProbe.initialDelaySeconds)).toEqual([2]);
    }
  });

  it('have the number of pods that the Agent says, or that the autoscaler chose', () => {
    const autoscaled = anAgent({ autoscaling: { minReplicas: 2, maxReplicas: 9 } });
    expect([replicasOf(anAgent()), replicasOf(anAgent({ replicas: 0 }), 5)]).toEqual([1, 0]);
    expect([replicasOf(autoscaled), replicasOf(autoscaled, 6)]).toEqual([2, 6]);
  });

  it('leave out the ConfigMap while the configuration is not known', () => {
    const kinds = agentChildren({
      agent: anAgent(),
      configuration: undefined,
      formerConfiguration: undefined,
      mountedRollout: undefined,
      liveReplicas: 1,
      settings: SETTINGS,
      probes: undefined,
    }).map(({ resource }) => resource.kind);
    expect(kinds).toEqual(['ServiceAccount', 'Service', 'PodDisruptionBudget', 'Deployment']);
  });
});

describe('the resources of a pod', () => {
  it.each([
    ['nothing given', undefined, { cpu: '50m', memory: '160Mi' }, { memory: '384Mi' }],
    [
      'a request above the default limit',
      { requests: { memory: '1Gi' } },
      { cpu: '50m', memory: '1Gi' },
      { memory: '1Gi' },
    ],
    [
      'a limit below the default request',
      { limits: { memory: '64Mi', cpu: '20m' } },
      { cpu: '20m', memory: '64Mi' },
      { cpu: '20m', memory: '64Mi' },
    ],
    ['decimal units', { requests: { memory: '500M' } }, { cpu: '50m', memory: '500M' }, { memory: '500M' }],
    [
      'all given',
      { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '2', memory: '2Gi' } },
      { cpu: '1', memory: '1Gi' },
      { cpu: '2', memory: '2Gi' },
    ],
  ])('are valid with %s', (_, given, requests, limits) => {
    expect(podResources(given)).toEqual({ requests, limits });
  });
});
