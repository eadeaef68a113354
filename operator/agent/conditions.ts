/** The conditions of an Agent, each one sentence on what was observed and how to mend it. Pure. */
import type { AgentConditionClaim } from '#crds/agent.ts';
import type { Model } from '#crds/model.ts';
import type { ChildProblem } from '../runtime/decision.ts';
import { currentConditionStatus, lastConditionStatus } from '#adapters/kubernetes/read-kind.ts';
import type { ObservedAgent } from './observe.ts';
import { probeObstacle } from './probes/decide-probes.ts';

type TakenName = ChildProblem & { readonly kind: 'taken' };

export function acceptedClaim(
  { outputSchema, toolProblem }: ObservedAgent,
  taken: readonly TakenName[],
): AgentConditionClaim {
  if (taken.length > 0) return childNameTaken(taken);
  if (outputSchema?.ok === false) {
    return {
      type: 'Accepted',
      status: 'False',
      reason: 'OutputSchemaInvalid',
      message: `spec.output.schema is not a JSON Schema that can be checked: ${outputSchema.message}. Correct it; the last good configuration stays until then.`,
    };
  }
  if (toolProblem !== undefined) {
    return {
      type: 'Accepted',
      status: 'False',
      reason: 'ToolInvalid',
      message: `${toolProblem}. Correct it; the last good configuration stays until then.`,
    };
  }
  return { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'The spec is accepted.' };
}

function childNameTaken(taken: readonly TakenName[]): AgentConditionClaim {
  const list = taken.map(({ object, by }) => `${object} belongs to ${by}`).join('; ');
  return {
    type: 'Accepted',
    status: 'False',
    reason: 'ChildNameTaken',
    message: `The Agent needs names that are taken: ${list}. Delete or rename them, or give the Agent another name; they are not overwritten.`,
  };
}

/** What the references of an Agent come to. */
export interface References {
  readonly claim: AgentConditionClaim;
  /** Whether the Agent can run with them: of several allowed Models it needs one. */
  readonly isServable: boolean;
  /** Whether it can never run with them, because what they name never changes. */
  readonly isHopeless: boolean;
}

/** `isRunning`: pods were made before, so that nothing is to be taken from them but for a reason that is known. */
export function resolveReferences(observed: ObservedAgent, isRunning: boolean): References {
  return (
    rolloutFails(observed) ??
    promptVersionFails(observed) ??
    modelsFail(observed, isRunning) ??
    probesFail(observed) ?? {
      claim: {
        type: 'ResolvedRefs',
        status: 'True',
        reason: 'Resolved',
        message: `PromptVersion ${observed.wanted?.metadata.name ?? ''} and every allowed Model exist, and ${describeReadyModels(observed)}.`,
      },
      isServable: true,
      isHopeless: false,
    }
  );
}

/** Whoever runs needs no probes: it is said, and nothing else follows from it. */
function probesFail({ agent, probes, podSettings }: ObservedAgent): References | undefined {
  const obstacle = probes && probeObstacle(agent, probes, podSettings);
  return obstacle === undefined ? undefined : unresolved('ProbesNotPossible', obstacle, { isServable: true });
}

function unresolved(
  reason: (AgentConditionClaim & { readonly type: 'ResolvedRefs' })['reason'],
  message: string,
  { isServable = false, isHopeless = false } = {},
): References {
  return { claim: { type: 'ResolvedRefs', status: 'False', reason, message }, isServable, isHopeless };
}

function rolloutFails({ agent, rollout }: ObservedAgent): References | undefined {
  const { name } = agent.spec.promptRef;
  if (name === undefined) return undefined;
  if (rollout === undefined) {
    return unresolved(
      'RolloutNotFound',
      `spec.promptRef.name names CanaryRollout ${name}, which does not exist in namespace ${agent.metadata.namespace}: create it, or name another.`,
    );
  }
  if (rollout.status?.stable !== undefined) return undefined;
  return unresolved(
    'RolloutHasNoStable',
    `CanaryRollout ${name} has no stable version yet: its conditions say why.`,
  );
}

function promptVersionFails({ agent, rollout, wanted }: ObservedAgent): References | undefined {
  const pinned = agent.spec.promptRef.version;
  const name = pinned ?? rollout?.status?.stable?.name ?? '';
  if (wanted === undefined) {
    const by =
      pinned === undefined ? `CanaryRollout ${rollout?.metadata.name ?? ''}` : 'spec.promptRef.version';
    return unresolved(
      'PromptVersionNotFound',
      `${by} names PromptVersion ${name}, which does not exist in namespace ${agent.metadata.namespace}: create it, or name another.`,
    );
  }
  const accepted = lastConditionStatus(wanted, 'Accepted');
  if (accepted === 'True') return undefined;
  if (accepted === undefined) {
    return unresolved('PromptVersionNotAccepted', `PromptVersion ${name} has not been checked yet.`);
  }
  return unresolved(
    'PromptVersionNotAccepted',
    `PromptVersion ${name} is not accepted: its condition Accepted says why. Name another version.`,
    // A rollout may still be given another version; a version never changes.
    { isHopeless: pinned !== undefined },
  );
}

function modelsFail(observed: ObservedAgent, isRunning: boolean): References | undefined {
  const { agent, models } = observed;
  const isAnyUsable = models.some(({ model }) => model !== undefined && isUsable(model, isRunning));
  const missing = models.filter(({ model }) => model === undefined).map(({ name }) => name);
  if (missing.length > 0) {
    const rest = isAnyUsable ? `; until then ${describeReadyModels(observed)}` : '';
    return unresolved(
      'ModelNotFound',
      `spec.modelPolicy.allow names ${missing.join(', ')}, and no such Model exists in namespace ${agent.metadata.namespace}: create it, or take it off the list${rest}.`,
      { isServable: isAnyUsable },
    );
  }
  if (isAnyUsable) return undefined;
  return unresolved(
    'ModelNotReady',
    `No Model of spec.modelPolicy.allow is ready (${models.map(({ name }) => name).join(', ')}): their conditions say why.`,
  );
}

/**
 * Pods are made for a Model that is known to work. Those that run are only given up on one that is known to fail: while
 * an edited Model waits for its first look, or the router cannot be asked, they go on answering.
 */
function isUsable(model: Model, isRunning: boolean): boolean {
  return isRunning
    ? lastConditionStatus(model, 'Ready') !== 'False'
    : currentConditionStatus(model, 'Ready') === 'True';
}

function describeReadyModels({ models }: ObservedAgent): string {
  const isReady = models.some(
    ({ model }) => model !== undefined && currentConditionStatus(model, 'Ready') === 'True',
  );
  return isReady ? 'at least one Model is ready' : 'no Model is known to fail';
}
