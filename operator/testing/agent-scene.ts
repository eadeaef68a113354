/** Scenes for the tests of Agents: all that decides about one, said in few words. */
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';
import type { DesiredObject } from '#adapters/kubernetes/object-writer.ts';
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
import type { GoldenSetKeys } from '../runtime/golden-set-config-map.ts';

export const NOON = new Date('2026-01-01T12:00:00Z');
const SETTINGS = {
  agentImage: 'i',
  agentImagePullPolicy: 'Never',
  routerUrl: 'http://r',
  configurationUrl: 'http://c',
  ledgerUrl: undefined,
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
  /** What stands in the live ConfigMap for pods of version 0.1. */
  former?: string;
  written?: string;
  deployment?: object;
  problems?: ChildProblem[];
  pods?: PodSummary[];
  generation?: number;
  /** Keys of the ConfigMap with the golden set of the probes; one when not given. */
  goldenSet?: GoldenSetKeys;
  ledgerUrl?: string;
}

function childrenOf({ configMap, former, written, deployment, problems = [] }: Scene): ObservedChildren {
  const dataOf = (text: string): object => ({ data: { 'agent.json': text } });
  const live = new Map<string, KubeObject>();
  if (configMap !== undefined) live.set('ConfigMap', { metadata: meta('agent-a'), ...dataOf(configMap) });
  if (former !== undefined) {
    const present = configMap === undefined ? {} : { 'agent.json': configMap };
    const data: object = { data: { ...present, 'configuration.json': former } };
    live.set('ConfigMap', { metadata: meta('agent-a'), ...data });
  }
  if (deployment !== undefined) live.set('Deployment', { metadata: meta('agent-a'), ...deployment });
  const wanted = new Map<string, DesiredObject>();
  if (written !== undefined) wanted.set('ConfigMap', { metadata: meta('agent-a'), ...dataOf(written) });
  return { live, wanted, problems };
}

function anAgent({ spec, status, generation = 3 }: Scene): Agent {
  return {
    ...head,
    kind: 'Agent',
    metadata: meta('a', generation),
    spec: { promptRef: { name: 'r' }, modelPolicy: { allow: [{ name: 'm' }] }, ...spec },
    ...(status === undefined ? {} : { status }),
  };
}

/** What is decided on an Agent called a that follows the rollout r and allows the Model m. */
export function scene(given: Scene = {}) {
  const { versions = [aPromptVersion('v1')], models = [aModel(true)], pods = [] } = given;
  const agent = anAgent(given);
  const rollout = 'rollout' in given ? given.rollout : aRollout('v1');
  const children = childrenOf(given);
  const { probes } = agent.spec;
  const sources = {
    getRollout: (key: string) => (key === 'ns/r' ? rollout : undefined),
    getPromptVersion: (key: string) => versions.find(({ metadata }) => key === `ns/${metadata.name}`),
    getModel: (key: string) => models.find(({ metadata }) => key === `ns/${metadata.name}`),
    listPods: () => pods,
    getLastStable: () => undefined,
    podSettings: { ...SETTINGS, ledgerUrl: given.ledgerUrl },
  };
  const observedProbes = probes && { probes, goldenSet: given.goldenSet ?? 1 };
  const observed = observeAgent(agent, children, sources, observedProbes);
  const decision = decideAgent(observed, NOON, children);
  const { status, children: wanted = [], unwanted = [] } = decision;
  const childOf = (kind: string) => wanted.find(({ resource }) => resource.kind === kind)?.object;
  const data = childOf('ConfigMap')?.['data'] as Readonly<Record<string, string>> | undefined;
  const text = data?.['agent.json'];
  const former = data?.['configuration.json'];
  return {
    agent,
    status,
    children: wanted.map(({ resource }) => resource.kind),
    configuration: text === undefined ? undefined : (JSON.parse(text) as AgentConfiguration),
    /** What is written for pods of version 0.1. */
    former: former === undefined ? undefined : (JSON.parse(former) as AgentConfiguration),
    deployment: childOf('Deployment'),
    cronJob: childOf('CronJob'),
    unwanted: unwanted.map(({ kind }) => kind),
  };
}

export const conditionOf = (given: Scene, type: string) =>
  scene(given).status.conditions?.find((condition) => condition.type === type);

export const configurationText = (of: string): string =>
  JSON.stringify(
    scene({ versions: [aPromptVersion(of)], spec: { promptRef: { version: of } } }).configuration,
  );

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
