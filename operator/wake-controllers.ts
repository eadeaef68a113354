/** Which keys are to be looked at again when an object changed. Pure but for the view it reads. */
import { type KubeObject, splitObjectKey } from '#adapters/kubernetes/kube-object.ts';
import type { ObjectChange } from '#adapters/kubernetes/resilient-informer.ts';
import type { ResourceKind } from '#adapters/kubernetes/resource-kind.ts';
import type { Agent } from '#crds/agent.ts';
import type { CanaryRollout } from '#crds/canary-rollout.ts';
import type { ModelStatus } from '#crds/model.ts';
import { agentNameOfServiceAccount } from '#domain/agent/agent-names.ts';
import { AGENT_LABEL } from './agent/children.ts';
import { AGENTS, CANARY_ROLLOUTS, MODELS, PODS, PROMPT_VERSIONS } from './resources.ts';
import type { ReadObject } from './runtime/read-kind.ts';

export interface WakeTargets {
  readonly agent: (key: string) => void;
  readonly promptVersion: (key: string) => void;
  readonly canaryRollout: (key: string) => void;
  readonly model: (key: string) => void;
}

export interface WakeSources {
  readonly listAgents: () => readonly Agent[];
  readonly listRollouts: () => readonly CanaryRollout[];
}

export function createWaker(
  sources: WakeSources,
  wake: WakeTargets,
): (resource: ResourceKind, key: string, change: ObjectChange<KubeObject>) => void {
  function wakeAgents(namespace: string, isAffected: (agent: Agent) => boolean): void {
    for (const agent of sources.listAgents()) {
      if (agent.metadata.namespace === namespace && isAffected(agent)) {
        wake.agent(`${namespace}/${agent.metadata.name}`);
      }
    }
  }

  function promptVersionChanged(key: string): void {
    const { namespace, name } = splitObjectKey(key);
    const rolloutsServingIt = new Set<string>();
    for (const rollout of sources.listRollouts()) {
      if (rollout.metadata.namespace !== namespace) continue;
      if (rollout.spec.versionRef.name === name) wake.canaryRollout(`${namespace}/${rollout.metadata.name}`);
      if (rollout.status?.stable?.name === name) rolloutsServingIt.add(rollout.metadata.name);
    }
    wakeAgents(
      namespace,
      ({ spec: { promptRef }, status }) =>
        promptRef.version === name ||
        status?.prompt?.version === name ||
        (promptRef.name !== undefined && rolloutsServingIt.has(promptRef.name)),
    );
  }

  function modelChanged(key: string, change: ObjectChange<KubeObject>): void {
    const isSame = readinessOf(change.current) === readinessOf(change.previous);
    // Agents look at no more of a Model than whether it is there and ready.
    if (isSame) return;
    const { namespace, name } = splitObjectKey(key);
    wakeAgents(namespace, ({ spec }) => spec.modelPolicy.allow.some((allowed) => allowed.name === name));
  }

  return (resource, key, change) => {
    const { namespace, name } = splitObjectKey(key);
    switch (resource.kind) {
      case AGENTS.kind:
        wake.agent(key);
        return;
      case PROMPT_VERSIONS.kind:
        wake.promptVersion(key);
        promptVersionChanged(key);
        return;
      case CANARY_ROLLOUTS.kind:
        wake.canaryRollout(key);
        wakeAgents(namespace, ({ spec }) => spec.promptRef.name === name);
        return;
      case MODELS.kind:
        wake.model(key);
        modelChanged(key, change);
        return;
      case PODS.kind: {
        const agentName = (change.current ?? change.previous)?.metadata.labels?.[AGENT_LABEL];
        if (agentName !== undefined) wake.agent(`${namespace}/${agentName}`);
        return;
      }
      default: {
        // Every other kind is a child, which is named after its Agent whatever its labels say now.
        const agentName = agentNameOfServiceAccount(name);
        if (agentName !== undefined) wake.agent(`${namespace}/${agentName}`);
      }
    }
  };
}

function readinessOf(object: KubeObject | undefined): string {
  if (object === undefined) return 'absent';
  const { content } = object as ReadObject<unknown, ModelStatus>;
  if (!content.ok) return 'unreadable';
  const ready = content.object.status?.conditions?.find(({ type }) => type === 'Ready');
  return `${ready?.status ?? 'Unknown'} of ${ready?.observedGeneration ?? 0} at ${content.object.metadata.generation}`;
}
