/**
 * What an Agent is to be served with, and what is to be said of it. Pure.
 *
 *   accepted, and the references can be served -> the wanted prompt with the present spec
 *   accepted, and they cannot                  -> the last good prompt with the present spec, when there is one
 *   not accepted                               -> the last good configuration as it was, when there is one
 *   none of these                              -> no pods are made; pods that exist are left as they are
 */
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';
import type { AgentStatus } from '#crds/agent.ts';
import type { PromptVersion } from '#crds/prompt-version.ts';
import type { AgentConfiguration } from '#domain/agent/agent-configuration.ts';
import { buildAgentConfiguration } from '#domain/agent/build-agent-configuration.ts';
import { reviseConfiguration } from '#domain/agent/revise-configuration.ts';
import type { Decision, ObservedChildren } from '../runtime/decision.ts';
import { agentChildren } from './children.ts';
import { type References, acceptedClaim, resolveReferences } from './conditions.ts';
import type { ObservedAgent } from './observe.ts';
import { DEPLOYMENTS, HORIZONTAL_POD_AUTOSCALERS } from './resources.ts';
import { agentStatus } from './status.ts';

export function decideAgent(
  observed: ObservedAgent,
  now: Date,
  children: ObservedChildren,
): Decision<AgentStatus> {
  const { agent, podSettings } = observed;
  const deployment = children.live.get(DEPLOYMENTS.kind);
  const spec = acceptedClaim(observed, []);
  const references = resolveReferences(observed, deployment !== undefined);
  const configuration = decideConfiguration(observed, spec.status === 'True', references, now);
  const mayRun = configuration !== undefined || deployment !== undefined;
  const wanted = agentChildren({
    agent,
    settings: podSettings,
    configuration: configuration === undefined ? undefined : JSON.stringify(configuration),
    liveReplicas: readReplicas(deployment),
  });
  const taken = children.problems.filter((problem) => problem.kind === 'taken');
  return {
    children: mayRun ? wanted : [],
    unwanted: agent.spec.autoscaling === undefined ? [HORIZONTAL_POD_AUTOSCALERS] : [],
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
  { agent, wanted, previous, lastConfiguration }: ObservedAgent,
  isAccepted: boolean,
  { isServable }: References,
  now: Date,
): AgentConfiguration | undefined {
  if (!isAccepted) return lastConfiguration;
  if (isServable && wanted !== undefined) {
    return reviseConfiguration(buildAgentConfiguration(agent, promptOf(wanted)), lastConfiguration, now);
  }
  const prompt = previous === undefined ? lastConfiguration?.prompt : promptOf(previous);
  return prompt === undefined
    ? undefined
    : reviseConfiguration(buildAgentConfiguration(agent, prompt), lastConfiguration, now);
}

function promptOf({ metadata, spec }: PromptVersion): AgentConfiguration['prompt'] {
  return { name: spec.prompt, version: metadata.name, digest: spec.digest, text: spec.text };
}

function readReplicas(deployment: KubeObject | undefined): number | undefined {
  const { spec } = (deployment ?? {}) as { readonly spec?: { readonly replicas?: number } };
  return spec?.replicas;
}
