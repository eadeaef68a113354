/** Scenes for the tests of Agents: all that decides about one, said in few words. */
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';
import type { Agent, AgentSpec, AgentStatus } from '#crds/agent.ts';
import type { CanaryRollout } from '#crds/canary-rollout.ts';
import type { Condition } from '#crds/conditions.ts';
import type { Model } from '#crds/model.ts';
import type { PromptVersion } from '#crds/prompt-version.ts';
import type { AgentConfiguration } from '#domain/agent/agent-configuration.ts';
import { promptDigest } from '#domain/prompts/prompt-digest.ts';
import { decideAgent } from '../agent/decide.ts';
import { observeAgent } from '../agent/observe.ts';
import type { PodSummary } from '../agent/pod-summary.ts';
import type { ChildProblem, ObservedChildren } from '../runtime/decision.ts';

export const NOON = new Date('2026-01-01T12:00:00Z');
const SETTINGS = {
  agentImage: 'i',
  agentImagePullPolicy: 'Never',
  routerUrl: 'http://r',
  configurationUrl: 'http://c',
} as const;

export function meta(name: string, generation = 1) {
  return { namespace: 'ns', name, uid: `uid-${name}`, generation, resourceVersion: '1' };
}

export function conditions(type: string, status: 'True' | 'False', observedGeneration = 1): Condition[] {
  return [
    { type, status, reason: 'R', message: 'm', observedGeneration, lastTransitionTime: NOON.toISOString() },
  ];
}

const head = { apiVersion: 'capataz.dev/v1alpha1' };

export function aPromptVersion(name: string, isAccepted: boolean | 'unchecked' = true): PromptVersion {
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

export function aRollout(stable: string | undefined): CanaryRollout {
  return {
    ...head,
    kind: 'CanaryRollout',
    metadata: meta('r'),
    spec: { prompt: 'p', versionRef: { name: 'v1' } },
    status: stable === undefined ? {} : { stable: { name: stable, digest: '' } },
  };
}

export function aModel(isReady: boolean, observedGeneration = 1): Model {
  return {
    ...head,
    kind: 'Model',
    metadata: meta('m'),
    spec: { provider: 'OpenAICompatible', model: 'x', capabilities: ['Chat'] },
    status: { conditions: conditions('Ready', isReady ? 'True' : 'False', observedGeneration) },
  };
}

export interface Scene {
  spec?: Partial<AgentSpec>;
  status?: AgentStatus;
  rollout?: CanaryRollout | undefined;
  versions?: PromptVersion[];
  models?: Model[];
  configMap?: string;
  written?: string;
  deployment?: object;
  problems?: ChildProblem[];
  pods?: PodSummary[];
  generation?: number;
}

export function scene({
  spec = {},
  status,
  versions = [aPromptVersion('v1')],
  models = [aModel(true)],
  ...rest
}: Scene = {}) {
  const agent: Agent = {
    ...head,
    kind: 'Agent',
    metadata: meta('a', rest.generation ?? 3),
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
    listPods: () => rest.pods ?? [],
    podSettings: SETTINGS,
  });
  const decision = decideAgent(observed, NOON, children);
  const wanted = decision.children ?? [];
  const configMap = wanted.find(({ resource }) => resource.kind === 'ConfigMap')?.object['data'] as
    | Readonly<Record<string, string>>
    | undefined;
  const text = configMap?.['configuration.json'];
  return {
    agent,
    status: decision.status,
    children: wanted.map(({ resource }) => resource.kind),
    configuration: text === undefined ? undefined : (JSON.parse(text) as AgentConfiguration),
  };
}

export const conditionOf = (given: Scene, type: string) =>
  scene(given).status.conditions?.find((condition) => condition.type === type);

export const configurationText = (of: string): string =>
  JSON.stringify(scene({ versions: [aPromptVersion(of)], rollout: aRollout(of) }).configuration);

/** A Deployment whose two pods are ready, but for these changes of its status. */
export const rolledOut = (changes: object = {}, spec: object = { replicas: 2 }): object => ({
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
