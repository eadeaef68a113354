/** The status of an Agent, from what was decided, what became of the children and what is seen of the pods. Pure. */
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';
import type { Agent, AgentConditionClaim, AgentStatus } from '#crds/agent.ts';
import type { CanaryRollout } from '#crds/canary-rollout.ts';
import type { VersionStatus } from '#crds/rollout-progress.ts';
import type { AgentConfiguration } from '#domain/agent/agent-configuration.ts';
import { chooseArm } from '#domain/rollout/choose-arm.ts';
import { agentChildName } from '#domain/agent/agent-names.ts';
import { type ChildProblem, describeChildProblem } from '../runtime/decision.ts';
import { type Outlook, READY, RECONCILING, WAITING, statusOfClaims } from '../runtime/kind-status.ts';
import { selectorLabels } from './children.ts';
import { type DeploymentProgress, readDeployment } from './deployment-progress.ts';
import type { References } from './conditions.ts';
import type { ObservedAgent } from './observe.ts';
import type { PodSummary } from './pod-summary.ts';

const MAXIMUM_TROUBLES = 3;

export interface AgentFacts {
  readonly observed: ObservedAgent;
  readonly accepted: AgentConditionClaim;
  readonly references: References;
  /** What the pods are told; undefined while there is nothing to tell. */
  readonly configuration: AgentConfiguration | undefined;
  readonly deployment: KubeObject | undefined;
  readonly problems: readonly ChildProblem[];
}

export function agentStatus(facts: AgentFacts, now: Date): AgentStatus {
  const { agent } = facts.observed;
  const { name, namespace } = agent.metadata;
  const rollout = readDeployment(facts.deployment);
  const { claim, outlook } = readiness(facts);
  const served = servedPrompt(facts);
  return {
    ...statusOfClaims(agent, [facts.accepted, facts.references.claim, claim], outlook, now),
    ...(facts.deployment === undefined
      ? {}
      : { endpoint: `http://${agentChildName(name)}.${namespace}.svc:8080` }),
    replicas: rollout?.status.replicas ?? 0,
    readyReplicas: rollout?.status.readyReplicas ?? 0,
    selector: Object.entries(selectorLabels(name))
      .map(([label, value]) => `${label}=${value}`)
      .join(','),
    ...served,
  };
}

/**
 * What the pods serve by what they are told. A release does not wake those that follow it (a flip costs the same
 * however many they are), so that this is true again within a minute or a few.
 */
function servedPrompt({
  observed,
  configuration,
}: AgentFacts): Pick<AgentStatus, 'prompt' | 'rollout' | 'arm'> {
  const { agent, rollout } = observed;
  const pinned = configuration?.prompt;
  if (pinned !== undefined) return { prompt: { version: pinned.version, digest: pinned.digest } };
  const followed =
    configuration && rollout?.status?.stable && followedPrompt(agent, rollout, rollout.status.stable);
  return followed ?? (agent.status?.prompt === undefined ? {} : { prompt: agent.status.prompt });
}

function followedPrompt(
  { metadata: { uid } }: Agent,
  { metadata, status }: CanaryRollout,
  stable: VersionStatus,
): Pick<AgentStatus, 'prompt' | 'rollout' | 'arm'> {
  const { candidate, exposure } = status ?? {};
  const arm =
    candidate !== undefined && exposure?.unit === 'Agent'
      ? chooseArm(exposure, { agentUid: uid, session: '' })
      : 'stable';
  const { name, digest } = (arm === 'candidate' ? candidate : undefined) ?? stable;
  return { rollout: metadata.name, arm, prompt: { version: name, digest } };
}

interface Readiness {
  readonly claim: AgentConditionClaim & { readonly type: 'Ready' };
  readonly outlook: Outlook;
}

type NotReadyReason = 'NotAccepted' | 'RefsNotResolved' | 'PodsNotReady';

function notReady(reason: NotReadyReason, message: string, outlook: Outlook): Readiness {
  return { claim: { type: 'Ready', status: 'False', reason, message }, outlook };
}

function readiness(facts: AgentFacts): Readiness {
  const { accepted, references, configuration, problems, observed } = facts;
  const deployment = readDeployment(facts.deployment);
  const isServing = configuration !== undefined && (deployment?.status.readyReplicas ?? 0) > 0;
  const version = servedPrompt(facts).prompt?.version;
  const serving =
    isServing && version !== undefined ? ` PromptVersion ${version} goes on serving meanwhile.` : '';

  if (accepted.status !== 'True') {
    const isPassing = problems.some((problem) => problem.kind === 'taken' && problem.isPassing);
    const outlook: Outlook = isPassing ? RECONCILING : { kind: 'stalled', because: accepted };
    return notReady('NotAccepted', `${accepted.message}${serving}`, outlook);
  }
  if (!references.isServable) {
    const { claim, isHopeless } = references;
    const outlook: Outlook = isHopeless ? { kind: 'stalled', because: claim } : WAITING;
    return notReady('RefsNotResolved', `${claim.message}${serving}`, outlook);
  }
  if (problems.length > 0) return childrenFail(problems);
  if (deployment === undefined) return notReady('PodsNotReady', 'The Deployment is being made.', RECONCILING);
  if (deployment.spec.replicas === 0) {
    // What was asked for is so: a tool that waits for the Agent has nothing to wait for.
    const message = 'spec.replicas is 0, as it was asked for: nothing answers until it is raised.';
    return { claim: { type: 'Ready', status: 'True', reason: 'ScaledToZero', message }, outlook: READY };
  }
  return (
    rolloutFails(deployment, observed) ?? {
      claim: {
        type: 'Ready',
        status: 'True',
        reason: 'PodsReady',
        message: 'Every pod is ready and serves the present spec.',
      },
      outlook: READY,
    }
  );
}

function childrenFail(problems: readonly ChildProblem[]): Readiness {
  const { claim } = notReady('PodsNotReady', problems.map(describeChildProblem).join(' '), WAITING);
  const isFinal = problems.some((problem) => problem.kind === 'refused' && problem.isFinal);
  return { claim, outlook: isFinal ? { kind: 'stalled', because: claim } : WAITING };
}

/** What is missing until every pod is of the present template and ready; undefined when nothing is. */
function rolloutFails(
  { metadata, spec, status }: DeploymentProgress,
  observed: ObservedAgent,
): Readiness | undefined {
  if (status.observedGeneration < metadata.generation) {
    return notReady(
      'PodsNotReady',
      'The Deployment was changed and has not been looked at yet.',
      RECONCILING,
    );
  }
  // While the autoscaler adds pods, the fewest pods are what was promised.
  const promised = observed.agent.spec.autoscaling?.minReplicas ?? spec.replicas;
  const isComplete = status.updatedReplicas === status.replicas && status.updatedReplicas >= promised;
  if (isComplete && status.availableReplicas >= promised) return undefined;
  const progress = isComplete
    ? `${status.availableReplicas} of ${spec.replicas} pods are ready`
    : `${status.updatedReplicas} of ${spec.replicas} pods are of the present template, ${status.availableReplicas} are ready`;
  const condition = (type: string) => status.conditions.find((one) => one.type === type);
  const failure = condition('ReplicaFailure');
  const progressing = condition('Progressing');
  const hasNoProgress = progressing?.status === 'False';
  const troubles = describeTroubles(observed.pods);
  let why = failure?.status === 'True' ? `: ${failure.message}` : troubles;
  if (why === '' && hasNoProgress) why = `: ${progressing.message}`;
  const { claim } = notReady('PodsNotReady', `${progress}${why.replace(/\.+$/, '')}.`, WAITING);
  // As tools see a Deployment of its own: after ten minutes without progress it has failed.
  if (hasNoProgress) return { claim, outlook: { kind: 'stalled', because: claim } };
  return { claim, outlook: why === '' ? RECONCILING : WAITING };
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
