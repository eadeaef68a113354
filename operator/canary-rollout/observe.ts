import type { CanaryRollout } from '#crds/canary-rollout.ts';
import type { PromptVersion } from '#crds/prompt-version.ts';

export interface ObservedCanaryRollout {
  readonly rollout: CanaryRollout;
  /** What spec.versionRef names, when it exists. */
  readonly wanted: PromptVersion | undefined;
}

export function observeCanaryRollout(
  rollout: CanaryRollout,
  getPromptVersion: (key: string) => PromptVersion | undefined,
): ObservedCanaryRollout {
  const { namespace } = rollout.metadata;
  return { rollout, wanted: getPromptVersion(`${namespace}/${rollout.spec.versionRef.name}`) };
}
