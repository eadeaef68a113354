import type { CanaryRolloutConditionClaim } from '#crds/canary-rollout.ts';
import type { Advance } from '#domain/rollout/advance-rollout.ts';
import type { RolloutProgress } from '#domain/rollout/rollout-observation.ts';
import { wantedBy, wantedName } from '#domain/rollout/wanted-version.ts';
import { lastConditionStatus } from '#adapters/kubernetes/read-kind.ts';
import type { ObservedCanaryRollout } from './observe.ts';
import { documentSizeProblem } from './rollout-document-child.ts';

export function resolvedRefsClaim({
  rollout,
  wanted,
  served,
  repositoryExists,
}: ObservedCanaryRollout): CanaryRolloutConditionClaim {
  const refuse = (
    reason:
      | 'PromptRepositoryNotFound'
      | 'PromptNotInRepository'
      | 'PromptVersionNotFound'
      | 'PromptMismatch'
      | 'PromptVersionNotAccepted'
      | 'PromptVersionTooLarge',
    message: string,
  ): CanaryRolloutConditionClaim => ({ type: 'ResolvedRefs', status: 'False', reason, message });

  const { prompt, versionRef, source } = rollout.spec;
  if (versionRef === undefined) {
    const name = source?.repositoryRef.name ?? '';
    return repositoryExists
      ? refuse(
          'PromptNotInRepository',
          `PromptRepository ${name} has applied no commit with the prompt ${prompt} yet: its status says what it has applied, and why not another commit.`,
        )
      : refuse(
          'PromptRepositoryNotFound',
          `spec.source names PromptRepository ${name}, which does not exist in namespace ${rollout.metadata.namespace}: create it, or name another.`,
        );
  }
  if (wanted === undefined) {
    return refuse(
      'PromptVersionNotFound',
      `${wantedBy(rollout.spec)} names PromptVersion ${versionRef.name}, which does not exist in namespace ${rollout.metadata.namespace}: create it, or name another.`,
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
  const isStable = served.stable?.spec.digest === wanted.spec.digest;
  const tooLarge = documentSizeProblem(isStable ? undefined : served.stable, wanted);
  if (tooLarge !== undefined) return refuse('PromptVersionTooLarge', tooLarge);
  return {
    type: 'ResolvedRefs',
    status: 'True',
    reason: 'Resolved',
    message: `PromptVersion ${versionRef.name} exists and is accepted.`,
  };
}

/** What the present gate names and cannot be used; it holds up the candidate, and nothing that is served. */
export function gateReferencesClaim(
  { gate }: ObservedCanaryRollout,
  { progress }: Advance,
): CanaryRolloutConditionClaim | undefined {
  const isHeldUp = progress.gate?.verdict === 'Running' && progress.gate.job === undefined;
  return gate?.obstacle === undefined || progress.step?.kind !== 'gate' || !isHeldUp
    ? undefined
    : { type: 'ResolvedRefs', status: 'False', reason: 'GateNotRunnable', message: gate.obstacle };
}

export function readyClaim(
  { rollout, served }: ObservedCanaryRollout,
  resolvedRefs: CanaryRolloutConditionClaim,
  { progress, activity }: Advance,
): CanaryRolloutConditionClaim {
  const { stable, phase } = progress;
  const ready = (
    reason: 'Releasing' | 'RolledBack' | 'NoStable' | 'PreviousStableServing',
    message: string,
  ): CanaryRolloutConditionClaim => ({ type: 'Ready', status: 'False', reason, message });
  if (stable !== undefined && phase === 'Idle') {
    const message = `PromptVersion ${stable.name} is stable.`;
    return { type: 'Ready', status: 'True', reason: 'Stable', message };
  }
  if (phase === 'RolledBack') return ready('RolledBack', activity);
  if (stable === undefined) {
    return ready(
      'NoStable',
      `No version has been served yet. ${phase === 'Refused' ? resolvedRefs.message : activity}`,
    );
  }
  const missing =
    served.stable === undefined
      ? ` Its object was deleted, and agents go on with what was stored for them: create it again in namespace ${rollout.metadata.namespace}.`
      : '';
  return phase === 'Refused'
    ? ready('PreviousStableServing', `PromptVersion ${stable.name} goes on serving. ${resolvedRefs.message}`)
    : ready('Releasing', `PromptVersion ${stable.name} is stable.${missing} ${activity}`);
}

export function promotedClaim(
  { rollout: { spec } }: ObservedCanaryRollout,
  resolvedRefs: CanaryRolloutConditionClaim,
  { progress: { phase } }: Advance,
): CanaryRolloutConditionClaim {
  if (phase === 'Idle') {
    const message = `PromptVersion ${wantedName(spec)} is stable.`;
    return { type: 'Promoted', status: 'True', reason: 'Promoted', message };
  }
  if (phase === 'RolledBack') {
    const message = `PromptVersion ${wantedName(spec)} was given up: Ready says why.`;
    return { type: 'Promoted', status: 'False', reason: 'RolledBack', message };
  }
  if (phase === 'Refused') {
    return { type: 'Promoted', status: 'False', reason: 'NotServable', message: resolvedRefs.message };
  }
  const message = `PromptVersion ${wantedName(spec)} is not stable yet: Progressing says how far it is.`;
  return { type: 'Promoted', status: 'False', reason: 'Releasing', message };
}

export function progressingClaim({ progress: { phase }, activity }: Advance): CanaryRolloutConditionClaim {
  return phase === undefined || phase === 'Progressing'
    ? { type: 'Progressing', status: 'True', reason: 'Releasing', message: activity }
    : { type: 'Progressing', status: 'False', reason: phase, message: activity };
}

/** None before the first command. */
export function commandClaim(progress: RolloutProgress): readonly CanaryRolloutConditionClaim[] {
  const { lastCommandId, lastCommandProblem } = progress;
  if (lastCommandProblem !== undefined) {
    return [{ type: 'CommandAccepted', status: 'False', reason: 'Refused', message: lastCommandProblem }];
  }
  if (lastCommandId === undefined) return [];
  const message = `Command ${lastCommandId} was obeyed.`;
  return [{ type: 'CommandAccepted', status: 'True', reason: 'Obeyed', message }];
}
