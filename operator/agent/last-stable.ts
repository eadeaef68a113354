/**
 * What rollouts served last. Whoever deletes a rollout, its document and its versions at once takes no prompt from the
 * agents that follow: they are pinned to what they served, and their pods can still be made anew.
 */
import { objectKey } from '#adapters/kubernetes/kube-object.ts';
import type { CanaryRollout } from '#crds/canary-rollout.ts';
import type { PromptVersion } from '#crds/prompt-version.ts';

const MAXIMUM_ROLLOUTS = 10_000;

export interface LastStable {
  readonly note: (rollout: CanaryRollout | undefined, stable: PromptVersion | undefined) => void;
  readonly of: (rolloutKey: string) => PromptVersion | undefined;
}

export function createLastStable(): LastStable {
  const versions = new Map<string, PromptVersion>();
  return {
    note: (rollout, stable) => {
      if (rollout === undefined || stable?.spec.digest !== rollout.status?.stable?.digest || !stable) return;
      const key = objectKey(rollout.metadata);
      versions.delete(key);
      versions.set(key, stable);
      const [oldest] = versions.keys();
      if (versions.size > MAXIMUM_ROLLOUTS && oldest !== undefined) versions.delete(oldest);
    },
    of: (rolloutKey) => versions.get(rolloutKey),
  };
}
