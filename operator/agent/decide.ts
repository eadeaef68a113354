/**
 * What an Agent is to be served with, and what is to be said of it. Pure.
 *
 *   accepted, follows a rollout with a stable version -> the present spec; the prompt is the rollout's document
 *   accepted, and its version can be served           -> that prompt with the present spec
 *   accepted, and it cannot                           -> the last good prompt with the present spec, when there is one
 *   not accepted                                      -> the last good configuration as it was, when there is one
 *   none of these                                     -> no pods are made; pods that exist are left as they are
 */
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';
import type { AgentStatus } from '#crds/agent.ts';
import type { PromptVersion } from '#crds/prompt-version.ts';
import type { AgentConfiguration, PromptOfAgent } from '#domain/agent/agent-configuration.ts';
import { buildAgentConfiguration } from '#domain/agent/build-agent-configuration.ts';
import { reviseConfiguration } from '#domain/agent/revise-configuration.ts';
import { ROLLOUT_CHILD_PREFIX } from '#domain/rollout/rollout-document.ts';
import type { Decision, ObservedChildren } from '../runtime/decision.ts';
import { agentChildren } from './children.ts';
import { type References, acceptedClaim, resolveReferences } from './conditions.ts';
import type { ObservedAgent } from './observe.ts';
import { ROLLOUT_VOLUME } from './pod-template.ts';
import { probeObstacle, wantedProbes } from './probes/decide-probes.ts';
import { CRON_JOBS, DEPLOYMENTS, HORIZONTAL_POD_AUTOSCALERS } from './resources.ts';
import { readDeployment } from './deployment-progress.ts';
import { agentStatus } from './status.ts';

/** Golden sets are not watched: one that comes or goes is seen by then. */
const GOLDEN_SET_RECHECK_SECONDS = 300;

export function decideAgent(
  observed: ObservedAgent,
  now: Date,
  children: ObservedChildren,
): Decision<AgentStatus> {
  const { agent, podSettings } = observed;
  const deployment = children.live.get(DEPLOYMENTS.kind);
  const spec = acceptedClaim(observed, []);
  const references = resolveReferences(observed, deployment !== undefined);
  const isRunning = deployment !== undefined;
  const configuration = decideConfiguration(observed, spec.status === 'True', isRunning, references, now);
  const mayRun = configuration !== undefined || deployment !== undefined;
  const mountedRollout = rolloutToMount(configuration, deployment);
  const probes = wantedProbes(observed.probes, {
    settings: podSettings,
    mountedRollout,
    isServing: spec.status === 'True' && references.isServable && hasReadyPods(deployment),
    obstacle: observed.probes && probeObstacle(agent, observed.probes, podSettings),
  });
  const wanted = agentChildren({
    agent,
    settings: podSettings,
    configuration: configuration === undefined ? undefined : JSON.stringify(configuration),
    formerConfiguration: formerConfigurationText(observed, references, deployment, now),
    mountedRollout,
    liveReplicas: readReplicas(deployment),
    probes,
  });
  const taken = children.problems.filter((problem) => problem.kind === 'taken');
  return {
    children: mayRun ? wanted : [],
    unwanted: [
      ...(agent.spec.autoscaling === undefined ? [HORIZONTAL_POD_AUTOSCALERS] : []),
      ...(probes === undefined ? [CRON_JOBS] : []),
    ],
    ...(observed.probes !== undefined && { recheckSeconds: GOLDEN_SET_RECHECK_SECONDS }),
    status: agentStatus(
      {
        observed,
        accepted: acceptedClaim(observed, taken),
        references,
        configuration,
        deployment,
        problems: children.problems,
      },
      now,
    ),
  };
}

function decideConfiguration(
  { agent, rollout, wanted, previous, lastConfiguration }: ObservedAgent,
  isAccepted: boolean,
  isRunning: boolean,
  { isServable }: References,
  now: Date,
): AgentConfiguration | undefined {
  if (!isAccepted) return lastConfiguration;
  const revised = (prompt: PromptOfAgent | undefined): AgentConfiguration =>
    reviseConfiguration(buildAgentConfiguration(agent, prompt), lastConfiguration, now);
  if (rollout?.status?.stable !== undefined) {
    // Pods are begun only when all references are good; those that run follow the document, whatever became of its versions.
    return isServable || isRunning ? revised(undefined) : undefined;
  }
  if (isServable && wanted !== undefined) return revised(promptOf(wanted));
  const prompt = previous === undefined ? lastConfiguration?.prompt : promptOf(previous);
  // Without any text at hand, pods that have one in memory go on with it.
  return prompt === undefined && lastConfiguration === undefined ? undefined : revised(prompt);
}

function promptOf({ metadata, spec }: PromptVersion): PromptOfAgent {
  return { name: spec.prompt, version: metadata.name, digest: spec.digest, text: spec.text };
}

/** While the prompt is not the rollout's, what is mounted stays: a broken reference restarts no pod. */
function rolloutToMount(
  configuration: AgentConfiguration | undefined,
  deployment: KubeObject | undefined,
): string | undefined {
  if (configuration !== undefined && configuration.prompt === undefined) return configuration.rollout;
  const volumes = readDeployment(deployment)?.spec.template.spec.volumes ?? [];
  const mounted = volumes.find(({ name }) => name === ROLLOUT_VOLUME)?.configMap?.name;
  return mounted?.startsWith(ROLLOUT_CHILD_PREFIX) === true
    ? mounted.slice(ROLLOUT_CHILD_PREFIX.length)
    : undefined;
}

/**
 * For pods of version 0.1 until the last of them is replaced: they are told of releases, and of a way back, as ever. After
 * that a release writes nothing for the Agent.
 */
function formerConfigurationText(
  { agent, wanted, previous, lastFormerConfiguration: last }: ObservedAgent,
  { isServable }: References,
  deployment: KubeObject | undefined,
  now: Date,
): string | undefined {
  if (!mayHaveFormerPods(deployment, last !== undefined)) return undefined;
  const version = isServable ? wanted : previous;
  const prompt = version === undefined ? last?.prompt : promptOf(version);
  if (prompt === undefined) return undefined;
  return JSON.stringify(reviseConfiguration(buildAgentConfiguration(agent, prompt), last, now));
}

/** A later change of the template makes pods of two kinds as well, which both know the present layout. */
function mayHaveFormerPods(deployment: KubeObject | undefined, isFormerWritten: boolean): boolean {
  const progress = readDeployment(deployment);
  if (progress === undefined) return false;
  const { metadata, spec, status } = progress;
  const isOfPresentTemplate = spec.template.spec.volumes.some(({ name }) => name === ROLLOUT_VOLUME);
  if (!isOfPresentTemplate) return true;
  const isReplaced =
    status.observedGeneration >= metadata.generation && status.updatedReplicas === status.replicas;
  return isFormerWritten && !isReplaced;
}

function hasReadyPods(deployment: KubeObject | undefined): boolean {
  const progress = readDeployment(deployment);
  return progress !== undefined && progress.spec.replicas > 0 && progress.status.readyReplicas > 0;
}

function readReplicas(deployment: KubeObject | undefined): number | undefined {
  const { spec } = (deployment ?? {}) as { readonly spec?: { readonly replicas?: number } };
  return spec?.replicas;
}
