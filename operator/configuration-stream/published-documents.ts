/**
 * What the pods of an agent are told, out of ConfigMaps: the bytes that the leader wrote, not what this replica makes of
 * them. While an installation is upgraded a replica may be older than the leader, and a field that it does not know may
 * be the limit that a user has just set.
 */
import { z } from 'zod';
import { type KubeObject, objectKey } from '#adapters/kubernetes/kube-object.ts';
import { AGENT } from '#crds/agent.ts';
import { CANARY_ROLLOUT } from '#crds/canary-rollout.ts';
import {
  AGENT_CONFIGURATION_KEY,
  FORMER_AGENT_CONFIGURATION_KEY,
} from '#domain/agent/agent-configuration.ts';
import { agentNameOfServiceAccount } from '#domain/agent/agent-names.ts';
import {
  ROLLOUT_CHILD_PREFIX,
  ROLLOUT_DOCUMENT_KEY,
  rolloutConfigMapName,
} from '#domain/rollout/rollout-document.ts';

/** All that a replica must understand of a configuration to know whose it is. */
const ConfigurationHead = z.object({
  agent: z.object({ namespace: z.string(), uid: z.string() }),
  rollout: z.string().optional(),
  prompt: z.unknown().optional(),
});
const RolloutHead = z.object({ rollout: z.object({ namespace: z.string(), uid: z.string() }) });

export interface PublishedConfiguration {
  /** On one line, as an SSE data field needs it. */
  readonly text: string;
  /** Key of the ConfigMap of the rollout that is followed. */
  readonly rolloutKey: string | undefined;
}

export function publishedConfiguration(
  configMap: KubeObject | undefined,
): PublishedConfiguration | undefined {
  const read = configurationOf(configMap, AGENT_CONFIGURATION_KEY);
  if (read === undefined || configMap === undefined) return undefined;
  const { namespace } = configMap.metadata;
  const { rollout, prompt } = read.head;
  const follows = rollout !== undefined && prompt === undefined;
  return {
    text: read.text,
    rolloutKey:
      follows && namespace !== undefined
        ? objectKey({ namespace, name: rolloutConfigMapName(rollout) })
        : undefined,
  };
}

/** For pods of version 0.1. */
export function formerConfiguration(configMap: KubeObject | undefined): string | undefined {
  return configurationOf(configMap, FORMER_AGENT_CONFIGURATION_KEY)?.text;
}

/** The document of a rollout, if the rollout controls the ConfigMap. */
export function publishedRollout(configMap: KubeObject | undefined): string | undefined {
  if (configMap === undefined) return undefined;
  const { name, namespace } = configMap.metadata;
  if (!name.startsWith(ROLLOUT_CHILD_PREFIX)) return undefined;
  const uid = controllerUid(configMap, CANARY_ROLLOUT.kind, name.slice(ROLLOUT_CHILD_PREFIX.length));
  const read = oneLine(RolloutHead, configMap, ROLLOUT_DOCUMENT_KEY);
  if (uid === undefined || read === undefined) return undefined;
  const { rollout } = read.head;
  return rollout.namespace === namespace && rollout.uid === uid ? read.text : undefined;
}

function configurationOf(
  configMap: KubeObject | undefined,
  key: string,
): { readonly text: string; readonly head: z.infer<typeof ConfigurationHead> } | undefined {
  if (configMap === undefined) return undefined;
  const { name, namespace } = configMap.metadata;
  const agentName = agentNameOfServiceAccount(name);
  const uid = agentName === undefined ? undefined : controllerUid(configMap, AGENT.kind, agentName);
  const read = oneLine(ConfigurationHead, configMap, key);
  if (uid === undefined || read === undefined) return undefined;
  // Somebody may have written another agent's configuration in there, until the operator repairs it.
  const { agent } = read.head;
  return agent.namespace === namespace && agent.uid === uid ? read : undefined;
}

function controllerUid({ metadata }: KubeObject, kind: string, name: string): string | undefined {
  const owner = metadata.ownerReferences?.find((reference) => reference.controller === true);
  return owner?.kind === kind && owner.name === name ? owner.uid : undefined;
}

function oneLine<Head>(
  schema: z.ZodType<Head>,
  configMap: KubeObject,
  key: string,
): { readonly text: string; readonly head: Head } | undefined {
  const { data } = configMap as { readonly data?: Readonly<Record<string, string>> };
  const text = data?.[key];
  if (text === undefined) return undefined;
  try {
    const json: unknown = JSON.parse(text);
    const head = schema.safeParse(json).data;
    if (head === undefined) return undefined;
    return { head, text: /[\n\r]/.test(text) ? JSON.stringify(json) : text };
  } catch {
    return undefined;
  }
}
