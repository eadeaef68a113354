/** The status of an Agent, from what was decided, what became of the children and what is seen of the pods. Pure. */
import { z } from 'zod';
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';
import type { AgentConditionClaim, AgentStatus } from '#crds/agent.ts';
import { mergeConditions } from '#crds/conditions.ts';
import type { AgentConfiguration } from '#domain/agent/agent-configuration.ts';
import { agentChildName } from '#domain/agent/agent-names.ts';
import { selectorLabels } from './children.ts';
import type { ObservedAgent } from './observe.ts';
import type { PodSummary } from './pod-summary.ts';

const MESSAGE_MAXIMUM_LENGTH = 4096;
const MAXIMUM_TROUBLES = 3;

export interface AgentFacts {
  readonly observed: ObservedAgent;
  readonly accepted: AgentConditionClaim;
  readonly resolvedRefs: AgentConditionClaim;
  readonly configuration: AgentConfiguration | undefined;
  /** As it is after this pass. */
  readonly deployment: KubeObject | undefined;
  /** What the API server said to children that it did not take, or that others keep changing. */
  readonly problems: readonly string[];
}

export function agentStatus(facts: AgentFacts, now: Date): AgentStatus {
  const { agent } = facts.observed;
  const { name, namespace, generation } = agent.metadata;
  const rollout = readDeployment(facts.deployment);
  const claims = [facts.accepted, facts.resolvedRefs, readyClaim(facts)].map(
    ({ type, status, reason, message }) => ({
      type,
      status,
      reason,
      message: message.slice(0, MESSAGE_MAXIMUM_LENGTH),
    }),
  );
  const prompt = facts.configuration?.prompt ?? agent.status?.prompt;
  return {
    conditions: [...mergeConditions(agent.status?.conditions ?? [], claims, generation, now)],
    ...(facts.deployment === undefined
      ? {}
      : { endpoint: `http://${agentChildName(name)}.${namespace}.svc:8080` }),
    replicas: rollout?.status.replicas ?? 0,
    readyReplicas: rollout?.status.readyReplicas ?? 0,
    selector: Object.entries(selectorLabels(name))
      .map(([label, value]) => `${label}=${value}`)
      .join(','),
    ...(prompt === undefined ? {} : { prompt: { version: prompt.version, digest: prompt.digest } }),
  };
}

const DeploymentProgress = z.object({
  metadata: z.object({ generation: z.int().default(0) }),
  spec: z.object({ replicas: z.int().default(1) }),
  status: z
    .object({
      observedGeneration: z.int().default(0),
      replicas: z.int().default(0),
      updatedReplicas: z.int().default(0),
      readyReplicas: z.int().default(0),
      availableReplicas: z.int().default(0),
      conditions: z
        .array(z.object({ type: z.string(), status: z.string(), message: z.string().default('') }))
        .default([]),
    })
    .prefault({}),
});
type DeploymentProgress = z.infer<typeof DeploymentProgress>;

function readDeployment(deployment: KubeObject | undefined): DeploymentProgress | undefined {
  return deployment === undefined ? undefined : DeploymentProgress.safeParse(deployment).data;
}

function readyClaim(facts: AgentFacts): AgentConditionClaim {
  const { accepted, resolvedRefs, configuration, problems, observed } = facts;
  const notReady = (
    reason: 'NotAccepted' | 'RefsNotResolved' | 'PodsNotReady' | 'ScaledToZero',
    message: string,
  ): AgentConditionClaim => ({ type: 'Ready', status: 'False', reason, message });
  const deployment = readDeployment(facts.deployment);
  const isServing = configuration !== undefined && (deployment?.status.readyReplicas ?? 0) > 0;
  const serving = isServing
    ? ` PromptVersion ${configuration.prompt.version} goes on serving meanwhile.`
    : '';

  if (accepted.status !== 'True') return notReady('NotAccepted', `${accepted.message}${serving}`);
  if (resolvedRefs.status !== 'True') return notReady('RefsNotResolved', `${resolvedRefs.message}${serving}`);
  if (problems.length > 0) return notReady('PodsNotReady', problems.join(' '));
  if (deployment === undefined) return notReady('PodsNotReady', 'The Deployment is being made.');
  if (deployment.spec.replicas === 0) {
    return notReady('ScaledToZero', 'spec.replicas is 0: nothing answers until it is raised.');
  }
  const trouble = describeRollout(deployment, observed);
  return trouble === undefined
    ? {
        type: 'Ready',
        status: 'True',
        reason: 'PodsReady',
        message: 'Every pod is ready and serves the present spec.',
      }
    : notReady('PodsNotReady', trouble);
}

/** What is missing until every pod is of the present template and ready; undefined when nothing is. */
function describeRollout(
  { metadata, spec, status }: DeploymentProgress,
  observed: ObservedAgent,
): string | undefined {
  if (status.observedGeneration < metadata.generation) {
    return 'The Deployment was changed and has not been looked at yet.';
  }
  // While the autoscaler adds pods, the fewest pods are what was promised.
  const promised = observed.agent.spec.autoscaling?.minReplicas ?? spec.replicas;
  const isComplete = status.updatedReplicas === status.replicas && status.updatedReplicas >= promised;
  if (isComplete && status.availableReplicas >= promised) return undefined;
  const failure = status.conditions.find(
    ({ type, status }) => type === 'ReplicaFailure' && status === 'True',
  );
  const progress = isComplete
    ? `${status.availableReplicas} of ${spec.replicas} pods are ready`
    : `${status.updatedReplicas} of ${spec.replicas} pods are of the present template, ${status.availableReplicas} are ready`;
  const why = failure === undefined ? describeTroubles(observed.pods) : `: ${failure.message}`;
  return `${progress}${why.replace(/\.+$/, '')}.`;
}

function describeTroubles(pods: readonly PodSummary[]): string {
  const troubles = pods
    .filter((pod) => !pod.isReady && pod.trouble !== undefined)
    .map((pod) => `${pod.metadata.name}: ${pod.trouble ?? ''}`)
    .sort();
  if (troubles.length === 0) return '';
  const more = troubles.length > MAXIMUM_TROUBLES ? `; and ${troubles.length - MAXIMUM_TROUBLES} more` : '';
  return `: ${troubles.slice(0, MAXIMUM_TROUBLES).join('; ')}${more}`;
}
