import type { CanaryRolloutConditionClaim, CanaryRolloutStatus } from '#crds/canary-rollout.ts';
import { lastConditionStatus } from '../runtime/read-kind.ts';
import type { ObservedCanaryRollout } from './observe.ts';

export function resolvedRefsClaim({ rollout, wanted }: ObservedCanaryRollout): CanaryRolloutConditionClaim {
  const refuse = (
    reason: 'PromptVersionNotFound' | 'PromptMismatch' | 'PromptVersionNotAccepted',
    message: string,
  ): CanaryRolloutConditionClaim => ({ type: 'ResolvedRefs', status: 'False', reason, message });

  const { prompt, versionRef } = rollout.spec;
  if (wanted === undefined) {
    return refuse(
      'PromptVersionNotFound',
      `spec.versionRef names PromptVersion ${versionRef.name}, which does not exist in namespace ${rollout.metadata.namespace}: create it, or name another.`,
    );
  }
  if (wanted.spec.prompt !== prompt) {
    return refuse(
      'PromptMismatch',
      `PromptVersion ${versionRef.name} is a version of prompt ${wanted.spec.prompt}, but this rollout is of prompt ${prompt}: name a version of ${prompt}.`,
    );
  }
  const accepted = lastConditionStatus(wanted, 'Accepted');
  if (accepted !== 'True') {
    return refuse(
      'PromptVersionNotAccepted',
      accepted === undefined
        ? `PromptVersion ${versionRef.name} has not been checked yet.`
        : `PromptVersion ${versionRef.name} is not accepted: its condition Accepted says why.`,
    );
  }
  return {
    type: 'ResolvedRefs',
    status: 'True',
    reason: 'Resolved',
    message: `PromptVersion ${versionRef.name} exists and is accepted.`,
  };
}

export function readyClaim(
  resolvedRefs: CanaryRolloutConditionClaim,
  stable: CanaryRolloutStatus['stable'],
): CanaryRolloutConditionClaim {
  if (resolvedRefs.status === 'True' && stable !== undefined) {
    return {
      type: 'Ready',
      status: 'True',
      reason: 'Stable',
      message: `PromptVersion ${stable.name} is stable.`,
    };
  }
  if (stable === undefined) {
    return {
      type: 'Ready',
      status: 'False',
      reason: 'NoStable',
      message: `No version has been served yet. ${resolvedRefs.message}`,
    };
  }
  return {
    type: 'Ready',
    status: 'False',
    reason: 'PreviousStableServing',
    message: `PromptVersion ${stable.name} goes on serving. ${resolvedRefs.message}`,
  };
}
