/**
 * What an Agent is to be served with. Pure.
 *
 *   accepted and resolved      -> the wanted prompt with the present spec
 *   accepted, refs not resolved-> the last good prompt with the present spec, when there is one
 *   not accepted               -> the last good configuration as it was, when there is one
 *   none of these              -> no pods are made; pods that exist are left as they are
 */
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';
import type { AgentConditionClaim } from '#crds/agent.ts';
import type { AgentConfiguration } from '#domain/agent/agent-configuration.ts';
import { buildAgentConfiguration } from '#domain/agent/build-agent-configuration.ts';
import { reviseConfiguration } from '#domain/agent/revise-configuration.ts';
import type { PromptVersion } from '#crds/prompt-version.ts';
import type { DesiredChild } from '../runtime/child-applier.ts';
import { agentChildren } from './children.ts';
import { acceptedClaim, resolvedRefsClaim } from './conditions.ts';
import type { ObservedAgent } from './observe.ts';
import type { PodSettings } from './pod-template.ts';

export interface AgentDecision {
  readonly accepted: AgentConditionClaim;
  readonly resolvedRefs: AgentConditionClaim;
  /** What the pods are told; undefined while there is nothing to tell. */
  readonly configuration: AgentConfiguration | undefined;
  readonly children: readonly DesiredChild[];
}

export function decideAgent(observed: ObservedAgent, settings: PodSettings, now: Date): AgentDecision {
  const accepted = acceptedClaim(observed);
  const resolvedRefs = resolvedRefsClaim(observed);
  const configuration = decideConfiguration(observed, accepted, resolvedRefs, now);
  const { agent, deployment } = observed;
  const mayRun = configuration !== undefined || deployment !== undefined;
  return {
    accepted,
    resolvedRefs,
    configuration,
    children: mayRun
      ? agentChildren({
          agent,
          settings,
          configuration: configuration === undefined ? undefined : JSON.stringify(configuration),
          liveReplicas: readReplicas(deployment),
        })
      : [],
  };
}

function decideConfiguration(
  { agent, wanted, previous, lastConfiguration }: ObservedAgent,
  accepted: AgentConditionClaim,
  resolvedRefs: AgentConditionClaim,
  now: Date,
): AgentConfiguration | undefined {
  if (accepted.status !== 'True') return lastConfiguration;
  if (resolvedRefs.status === 'True' && wanted !== undefined) {
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
