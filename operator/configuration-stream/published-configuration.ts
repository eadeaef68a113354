/** Which configuration an agent is told: that of its ConfigMap, if its Agent controls it and it is whole. */
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';
import { AGENT } from '#crds/agent.ts';
import { AGENT_CONFIGURATION_KEY, AgentConfiguration } from '#domain/agent/agent-configuration.ts';
import { agentNameOfServiceAccount } from '#domain/agent/agent-names.ts';

/** On one line, as an SSE data field needs it; undefined when there is nothing that may be told. */
export function publishedConfiguration(configMap: KubeObject | undefined): string | undefined {
  if (configMap === undefined) return undefined;
  const { name, namespace, ownerReferences } = configMap.metadata;
  const agentName = agentNameOfServiceAccount(name);
  const owner = ownerReferences?.find((reference) => reference.controller === true);
  if (agentName === undefined || owner?.kind !== AGENT.kind || owner.name !== agentName) return undefined;
  const { data } = configMap as { readonly data?: Readonly<Record<string, string>> };
  const configuration = parseConfiguration(data?.[AGENT_CONFIGURATION_KEY]);
  // Somebody may have written another agent's configuration in there, until the operator repairs it.
  if (configuration?.agent.namespace !== namespace || configuration?.agent.uid !== owner.uid)
    return undefined;
  return JSON.stringify(configuration);
}

function parseConfiguration(text: string | undefined): AgentConfiguration | undefined {
  if (text === undefined) return undefined;
  try {
    return AgentConfiguration.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
