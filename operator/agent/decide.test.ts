import { describe, expect, it } from 'vitest';
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';
import type { Agent, AgentSpec, AgentStatus } from '#crds/agent.ts';
import type { CanaryRollout } from '#crds/canary-rollout.ts';
import type { Condition } from '#crds/conditions.ts';
import type { Model } from '#crds/model.ts';
import type { PromptVersion } from '#crds/prompt-version.ts';
import { promptDigest } from '#domain/prompts/prompt-digest.ts';
import { decideAgent } from './decide.ts';
import type { AgentConfiguration } from '#domain/agent/agent-configuration.ts';
import type { ChildProblem, ObservedChildren } from '../runtime/decision.ts';
import { observeAgent } from './observe.ts';

const NOON = new Date('2026-01-01T12:00:00Z');
const SETTINGS = {
  agentImage: 'i',
  agentImagePullPolicy: 'Never',
  routerUrl: 'http://r',
  configurationUrl: 'http://c',
} as const;

function meta(name: string, generation = 1) {
  return { namespace: 'ns', name, uid: `uid-${name}`, generation, resourceVersion: '1' };
}

function conditions(type: string, status: 'True' | 'False', observedGeneration = 1): Condition[] {
  return [
    { type, status, reason: 'R', message: 'm', observedGeneration, lastTransitionTime: NOON.toISOString() },
  ];
}

const head = { apiVersion: 'capataz.dev/v1alpha1' };

function aPromptVersion(name: string, isAccepted: boolean | 'unchecked' = true): PromptVersion {
  const text = `Text of ${name}`;
  return {
    ...head,
    kind: 'PromptVersion',
    metadata: meta(name),
    spec: { prompt: 'p', text, digest: promptDigest(text) },
    ...(isAccepted === 'unchecked'
      ? {}
      : { status: { conditions: conditions('Accepted', isAccepted ? 'True' : 'False') } }),
  };
}

function aRollout(stable: string | undefined): CanaryRollout {
  return {
    ...head,
    kind: 'CanaryRollout',
    metadata: meta('r'),
    spec: { prompt: 'p', versionRef: { name: 'v1' } },
    status: stable === undefined ? {} : { stable: { name: stable, digest: '' } },
  };
}

function aModel(isReady: boolean, observedGeneration = 1): Model {
  return {
    ...head,
    kind: 'Model',
    metadata: meta('m'),
    spec: { provider: 'OpenAICompatible', model: 'x', capabilities: ['Chat'] },
    status: { conditions: conditions('Ready', isReady ? 'True' : 'False', observedGeneration) },
  };
}

interface Scene {
  spec?: Partial<AgentSpec>;
  status?: AgentStatus;
  rollout?: CanaryRollout | undefined;
  versions?: PromptVersion[];
  models?: Model[];
  configMap?: string;
  written?: string;
  deployment?: object;
  problems?: ChildProblem[];
}

function scene({
  spec = {},
  status,
  versions = [aPromptVersion('v1')],
  models = [aModel(true)],
  ...rest
}: Scene = {}) {
  const agent: Agent = {
    ...head,
    kind: 'Agent',
    metadata: meta('a', 3),
    spec: { promptRef: { name: 'r' }, modelPolicy: { allow: [{ name: 'm' }] }, ...spec },
    ...(status === undefined ? {} : { status }),
  };
  const rollout = 'rollout' in rest ? rest.rollout : aRollout('v1');
  const child = (content: object): KubeObject => ({ metadata: meta('agent-a'), ...content });
  const live = {
    ...(rest.configMap === undefined
      ? {}
      : { ConfigMap: child({ data: { 'configuration.json': rest.configMap } }) }),
    ...(rest.deployment === undefined ? {} : { Deployment: child(rest.deployment) }),
  };
  const written = { metadata: child({}).metadata, data: { 'configuration.json': rest.written } };
  const children: ObservedChildren = {
    live: new Map(Object.entries(live)),
    wanted: new Map(
      rest.written === undefined ? [] : [['ConfigMap', { ...written, metadata: meta('agent-a') }]],
    ),
    problems: rest.problems ?? [],
  };
  const observed = observeAgent(agent, children, {
    getRollout: (key) => (key === 'ns/r' ? rollout : undefined),
    getPromptVersion: (key) => versions.find(({ metadata }) => key === `ns/${metadata.name}`),
    getModel: (key) => models.find(({ metadata }) => key === `ns/${metadata.name}`),
    listPods: () => [],
    podSettings: SETTINGS,
  });
  const decision = decideAgent(observed, NOON, children);
  const wanted = decision.children ?? [];
  const configMap = wanted.find(({ resource }) => resource.kind === 'ConfigMap')?.object['data'] as
    | Readonly<Record<string, string>>
    | undefined;
  const text = configMap?.['configuration.json'];
  return {
    status: decision.status,
    children: wanted.map(({ resource }) => resource.kind),
    configuration: text === undefined ? undefined : (JSON.parse(text) as AgentConfiguration),
  };
}

const conditionOf = (given: Scene, type: string) =>
  scene(given).status.conditions?.find((condition) => condition.type === type);

const configurationText = (of: string): string =>
  JSON.stringify(scene({ versions: [aPromptVersion(of)], rollout: aRollout(of) }).configuration);

describe('what an Agent is served with', () => {
  it('is the stable version of its rollout', () => {
    const { configuration, children } = scene();
    expect(configuration?.prompt).toMatchObject({ version: 'v1', text: 'Text of v1' });
    expect(configuration?.agent).toEqual({
      namespace: 'ns',
      name: 'a',
      uid: 'uid-a',
      generation: 3,
    });
    expect(children).toHaveLength(5);
  });

  it('is the version it is pinned to, whatever is released', () => {
    const versions = [aPromptVersion('v1'), aPromptVersion('v2')];
    const { configuration } = scene({ spec: { promptRef: { version: 'v2' } }, versions });
    expect(configuration?.prompt.version).toBe('v2');
  });

  it.each<[string, Scene, string]>([
    ['the rollout does not exist', { rollout: undefined }, 'RolloutNotFound'],
    ['the rollout has no stable version', { rollout: aRollout(undefined) }, 'RolloutHasNoStable'],
    ['the version does not exist', { versions: [] }, 'PromptVersionNotFound'],
    ['the version is refused', { versions: [aPromptVersion('v1', false)] }, 'PromptVersionNotAccepted'],
    [
      'the version was not checked yet',
      { versions: [aPromptVersion('v1', 'unchecked')] },
      'PromptVersionNotAccepted',
    ],
    ['a Model does not exist', { models: [] }, 'ModelNotFound'],
    ['no Model is ready', { models: [aModel(false)] }, 'ModelNotReady'],
    ['a Model was ready before its spec changed', { models: [aModel(true, 0)] }, 'ModelNotReady'],
  ])('is nothing, and no pods are made, when %s from the start', (_, given, reason) => {
    const { children, status } = scene(given);
    expect(children).toEqual([]);
    expect(status.conditions?.map(({ type, reason }) => [type, reason])).toEqual([
      ['Accepted', 'Accepted'],
      ['ResolvedRefs', reason],
      ['Ready', 'RefsNotResolved'],
    ]);
  });

  it('is ready to be served when one of several Models is', () => {
    const models = [aModel(true), { ...aModel(false), metadata: meta('m2') }];
    const allow = [{ name: 'm' }, { name: 'm2' }];
    expect(conditionOf({ spec: { modelPolicy: { allow } }, models }, 'ResolvedRefs')?.status).toBe('True');
  });
});

describe('what an Agent is served with when something breaks later', () => {
  it('is the version of its status, if it is still the same text', () => {
    const version = aPromptVersion('v0');
    const status = { prompt: { version: 'v0', digest: version.spec.digest } };
    const broken = scene({ rollout: undefined, versions: [version], status, spec: { limits: { steps: 2 } } });
    expect(broken.configuration).toMatchObject({ prompt: { version: 'v0' }, limits: { steps: 2 } });
    const other = scene({
      rollout: undefined,
      versions: [version],
      status: { prompt: { version: 'v0', digest: 'x' } },
    });
    expect(other.configuration).toBeUndefined();
  });

  it('is the prompt of the live ConfigMap when the version is gone too', () => {
    const { configuration } = scene({
      rollout: undefined,
      versions: [],
      configMap: configurationText('v0'),
    });
    expect(configuration?.prompt).toMatchObject({ version: 'v0', text: 'Text of v0' });
  });

  it.each([
    ['is not JSON', 'x'],
    ['is of another Agent', configurationText('v0').replace('uid-a', 'uid-b')],
    ['has a prompt that is not what its digest says', configurationText('v0').replace('Text of', 'Hack of')],
  ])('is not a ConfigMap that %s, and the pods are left as they are', (_, configMap) => {
    const { configuration, children } = scene({
      rollout: undefined,
      versions: [],
      configMap,
      deployment: { spec: { replicas: 2 } },
    });
    expect(configuration).toBeUndefined();
    expect(children).not.toContain('ConfigMap');
    expect(children).toContain('Deployment');
  });

  it('is what was written last rather than what the ConfigMap says now', () => {
    const edited = JSON.stringify({ ...JSON.parse(configurationText('v0')), tools: ['calculate'] });
    const { configuration, status } = scene({
      spec: { output: { schema: { type: 'objekt' } } },
      configMap: edited,
      written: configurationText('v0'),
    });
    expect(status.conditions?.[0]).toMatchObject({ status: 'False', reason: 'OutputSchemaInvalid' });
    expect(configuration).toEqual(JSON.parse(configurationText('v0')));
  });
});

describe('the condition Ready', () => {
  const rolledOut = (changes: object = {}, spec: object = { replicas: 2 }): object => ({
    metadata: { ...meta('agent-a'), generation: 4 },
    spec,
    status: {
      observedGeneration: 4,
      replicas: 2,
      updatedReplicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
      ...changes,
    },
  });
  const readyOf = (given: Scene) => conditionOf(given, 'Ready');

  it.each<[string, Scene, string, string]>([
    ['every pod is ready', { deployment: rolledOut() }, 'True', 'PodsReady'],
    [
      'the Deployment was not looked at yet',
      { deployment: rolledOut({ observedGeneration: 3 }) },
      'False',
      'PodsNotReady',
    ],
    [
      'a pod of the old template is left',
      { deployment: rolledOut({ replicas: 3 }) },
      'False',
      'PodsNotReady',
    ],
    ['a pod is missing', { deployment: rolledOut({ availableReplicas: 1 }) }, 'False', 'PodsNotReady'],
    ['there is no Deployment', {}, 'False', 'PodsNotReady'],
    ['there are to be no pods', { deployment: rolledOut({}, { replicas: 0 }) }, 'True', 'ScaledToZero'],
    [
      'the autoscaler is adding pods above the least',
      {
        spec: { autoscaling: { minReplicas: 2, maxReplicas: 9 } },
        deployment: rolledOut({ replicas: 5, updatedReplicas: 5 }, { replicas: 5 }),
      },
      'True',
      'PodsReady',
    ],
  ])('when %s', (_, given, status, reason) => {
    expect(readyOf(given)).toMatchObject({ status, reason, observedGeneration: 3 });
  });

  it('tells what keeps pods from being made', () => {
    const failure = {
      type: 'ReplicaFailure',
      status: 'True',
      message: 'pods "a" is forbidden: exceeded quota',
    };
    const ready = readyOf({
      deployment: rolledOut({ replicas: 0, updatedReplicas: 0, availableReplicas: 0, conditions: [failure] }),
    });
    expect(ready?.message).toContain('exceeded quota');
  });

  it('says that a prompt goes on serving only while a pod answers with it', () => {
    const lost: Scene = { rollout: undefined, configMap: configurationText('v0') };
    const serving = 'PromptVersion v0 goes on serving meanwhile.';
    expect(readyOf({ ...lost, deployment: rolledOut() })?.message).toContain(serving);
    expect(readyOf({ ...lost, deployment: rolledOut({ readyReplicas: 0 }) })?.message).not.toContain(serving);
    expect(readyOf(lost)?.message).not.toContain(serving);
  });

  it('ends what Kubernetes says with one full stop', () => {
    const conditions = [{ type: 'ReplicaFailure', status: 'True', message: 'not helpful for scheduling.' }];
    const ready = readyOf({ deployment: rolledOut({ availableReplicas: 0, conditions }) });
    expect(ready?.message).toMatch(/for scheduling\.$/);
    expect(ready?.message).not.toContain('..');
  });

  it('keeps its time of transition while its status stays', () => {
    const before = conditions('Ready', 'True')[0] as Condition;
    const earlier = { ...before, lastTransitionTime: '2020-01-01T00:00:00Z' };
    const ready = readyOf({ status: { conditions: [earlier] }, deployment: rolledOut() });
    expect(ready?.lastTransitionTime).toBe('2020-01-01T00:00:00Z');
  });
});
