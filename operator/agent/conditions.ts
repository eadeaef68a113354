/** The conditions of an Agent, each one sentence on what was observed and how to mend it. Pure. */
import type { AgentConditionClaim } from '#crds/agent.ts';
import { currentConditionStatus } from '../runtime/read-kind.ts';
import type { ObservedAgent } from './observe.ts';

export function acceptedClaim({ outputSchema }: ObservedAgent): AgentConditionClaim {
  if (outputSchema?.ok === false) {
    return {
      type: 'Accepted',
      status: 'False',
      reason: 'OutputSchemaInvalid',
      message: `spec.output.schema is not a JSON Schema that can be checked: ${outputSchema.message}. Correct it; the last good configuration stays until then.`,
    };
  }
  return { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'The spec is accepted.' };
}

export function childNameTakenClaim(
  taken: readonly { readonly object: string; readonly by: string }[],
): AgentConditionClaim {
  const list = taken.map(({ object, by }) => `${object} belongs to ${by}`).join('; ');
  return {
    type: 'Accepted',
    status: 'False',
    reason: 'ChildNameTaken',
    message: `The Agent needs names that are taken: ${list}. Delete or rename them, or give the Agent another name; they are not overwritten.`,
  };
}

type Check = (observed: ObservedAgent) => AgentConditionClaim | undefined;

/** In the order in which a person would mend them. */
const REFERENCE_CHECKS: readonly Check[] = [rolloutFails, promptVersionFails, modelsFail];

export function resolvedRefsClaim(observed: ObservedAgent): AgentConditionClaim {
  for (const check of REFERENCE_CHECKS) {
    const claim = check(observed);
    if (claim !== undefined) return claim;
  }
  return {
    type: 'ResolvedRefs',
    status: 'True',
    reason: 'Resolved',
    message: `PromptVersion ${observed.wanted?.metadata.name ?? ''} and every allowed Model exist, and at least one Model is ready.`,
  };
}

function unresolved(
  reason: (AgentConditionClaim & { readonly type: 'ResolvedRefs' })['reason'],
  message: string,
): AgentConditionClaim {
  return { type: 'ResolvedRefs', status: 'False', reason, message };
}

function rolloutFails({ agent, rollout }: ObservedAgent): AgentConditionClaim | undefined {
  const { name } = agent.spec.promptRef;
  if (name === undefined) return undefined;
  if (rollout === undefined) {
    return unresolved(
      'RolloutNotFound',
      `spec.promptRef.name names CanaryRollout ${name}, which does not exist in namespace ${agent.metadata.namespace}: create it, or name another.`,
    );
  }
  if (rollout.status?.stable === undefined) {
    return unresolved(
      'RolloutHasNoStable',
      `CanaryRollout ${name} has no stable version yet: its conditions say why.`,
    );
  }
  return undefined;
}

function promptVersionFails({ agent, rollout, wanted }: ObservedAgent): AgentConditionClaim | undefined {
  const name = agent.spec.promptRef.version ?? rollout?.status?.stable?.name ?? '';
  const by =
    agent.spec.promptRef.version === undefined
      ? `CanaryRollout ${rollout?.metadata.name ?? ''}`
      : 'spec.promptRef.version';
  if (wanted === undefined) {
    return unresolved(
      'PromptVersionNotFound',
      `${by} names PromptVersion ${name}, which does not exist in namespace ${agent.metadata.namespace}: create it, or name another.`,
    );
  }
  const accepted = currentConditionStatus(wanted, 'Accepted');
  if (accepted === 'True') return undefined;
  return unresolved(
    'PromptVersionNotAccepted',
    accepted === undefined
      ? `PromptVersion ${name} has not been checked yet.`
      : `PromptVersion ${name} is not accepted: its condition Accepted says why. Name another version.`,
  );
}

function modelsFail({ agent, models }: ObservedAgent): AgentConditionClaim | undefined {
  const missing = models.filter(({ model }) => model === undefined).map(({ name }) => name);
  if (missing.length > 0) {
    return unresolved(
      'ModelNotFound',
      `spec.modelPolicy.allow names ${missing.join(', ')}, and no such Model exists in namespace ${agent.metadata.namespace}: create it, or take it off the list.`,
    );
  }
  const isAnyReady = models.some(
    ({ model }) => model !== undefined && currentConditionStatus(model, 'Ready') === 'True',
  );
  if (isAnyReady) return undefined;
  return unresolved(
    'ModelNotReady',
    `No Model of spec.modelPolicy.allow is ready (${models.map(({ name }) => name).join(', ')}): their conditions say why.`,
  );
}
