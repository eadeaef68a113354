/** Which version a rollout wants: the one that its spec names, or the one that the repository it follows has applied. */
import type { CanaryRollout, CanaryRolloutSpec } from '#crds/canary-rollout.ts';
import type { PromptRepositoryStatus } from '#crds/prompt-repository.ts';

/**
 * The rollout with `spec.versionRef`, also where it follows a repository; without one while the repository has no such
 * prompt. Nothing but what is decided here sees the difference.
 */
export function withWantedVersion(
  rollout: CanaryRollout,
  repository: Pick<PromptRepositoryStatus, 'prompts'> | undefined,
): CanaryRollout {
  const { spec } = rollout;
  if (spec.source === undefined) return rollout;
  const found = repository?.prompts?.find(({ prompt }) => prompt === spec.prompt);
  if (found === undefined) return rollout;
  return { ...rollout, spec: { ...spec, versionRef: { name: found.version } } };
}

/** For sentences. */
export function wantedName({ versionRef, source }: CanaryRolloutSpec): string {
  return versionRef?.name ?? `of PromptRepository ${source?.repositoryRef.name ?? ''}`;
}

/** Who names it, at the beginning of a sentence. */
export function wantedBy({ source }: CanaryRolloutSpec): string {
  return source === undefined ? 'spec.versionRef' : `PromptRepository ${source.repositoryRef.name}`;
}
