/** How tests look at the children of an agent, and play the kubelet for them. */
import { expect } from 'vitest';
import {
  AGENT_CONFIGURATION_KEY,
  AgentConfiguration,
  type PromptOfAgent,
} from '#domain/agent/agent-configuration.ts';
import {
  ROLLOUT_DOCUMENT_KEY,
  RolloutDocument,
  rolloutConfigMapName,
} from '#domain/rollout/rollout-document.ts';
import { ROLLOUT_CONFIG_MAPS } from '#operator/canary-rollout/resources.ts';
import { agentKind } from '#operator/agent/kind.ts';
import {
  CONFIG_MAPS,
  CRON_JOBS,
  DEPLOYMENTS,
  HORIZONTAL_POD_AUTOSCALERS,
  PODS,
} from '#operator/agent/resources.ts';
import { condition } from './objects.ts';
import { type AnyObject, type World, eventually } from './operator-world.ts';

const AGENT_KIND = agentKind({ countGoldenSetKeys: () => Promise.resolve('unknown') });

/** In the order in which they are made. */
export const CHILD_RESOURCES = (AGENT_KIND.children?.resources ?? []).map(({ resource }) => resource);

export const ALWAYS_THERE = CHILD_RESOURCES.filter(
  (resource) => resource !== HORIZONTAL_POD_AUTOSCALERS && resource !== CRON_JOBS,
);

export function getChild(
  world: World,
  namespace: string,
  agent: string,
  resource: AnyObject,
): Promise<AnyObject> {
  return world.get(resource, namespace, `agent-${agent}`);
}

export async function childrenExist(
  world: World,
  namespace: string,
  agent: string,
  seconds = 20,
): Promise<void> {
  await eventually(async () => {
    for (const resource of ALWAYS_THERE) {
      expect(await getChild(world, namespace, agent, resource), resource.kind).toBeDefined();
    }
  }, seconds);
}

export async function configurationOf(
  world: World,
  namespace: string,
  agent: string,
): Promise<AgentConfiguration & { readonly prompt: PromptOfAgent }> {
  const configMap = await getChild(world, namespace, agent, CONFIG_MAPS);
  const configuration = AgentConfiguration.parse(JSON.parse(configMap.data[AGENT_CONFIGURATION_KEY]));
  if (configuration.prompt !== undefined) return { ...configuration, prompt: configuration.prompt };
  const name = rolloutConfigMapName(configuration.rollout ?? '');
  const { data } = await world.get(ROLLOUT_CONFIG_MAPS, namespace, name);
  return withPromptOf(configuration, data[ROLLOUT_DOCUMENT_KEY]);
}

/** As a pod sees it that serves the stable version. */
export function withPromptOf(
  configuration: AgentConfiguration,
  document: string,
): AgentConfiguration & { readonly prompt: PromptOfAgent } {
  const { prompt: name, stable } = RolloutDocument.parse(JSON.parse(document));
  return { ...configuration, prompt: { name, ...stable } };
}

export async function conditionOf(
  world: World,
  resource: AnyObject,
  namespace: string,
  name: string,
  type: string,
): Promise<AnyObject> {
  return condition(await world.get(resource, namespace, name), type);
}

/** There is no kubelet: says of the pods what it would say. */
export async function letPodsBeReady(world: World, namespace: string, agent: string): Promise<void> {
  await eventually(async () => {
    const deployment = await getChild(world, namespace, agent, DEPLOYMENTS);
    const pods = await world.list(PODS, namespace);
    const own = pods.filter((pod) => pod.metadata.labels['capataz.dev/agent'] === agent);
    expect(own.length).toBeGreaterThanOrEqual(deployment.spec.replicas);
    for (const { metadata } of own) {
      const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
      await world.patch(PODS, namespace, metadata.name, { status }, 'status');
    }
  });
}

/** What of an object says how it is, without the counters that every write moves. */
export function essence(object: AnyObject): AnyObject {
  const { status: _status, metadata, ...content } = object;
  const {
    resourceVersion: _1,
    generation: _2,
    managedFields: _3,
    creationTimestamp: _4,
    annotations,
    ...rest
  } = metadata;
  const { 'deployment.kubernetes.io/revision': _5, ...ownAnnotations } = annotations ?? {};
  return { ...content, metadata: { ...rest, annotations: ownAnnotations } };
}
