/** What is observed of a CanaryRollout, where a test says nothing else. */
import type { CanaryRollout } from '#crds/canary-rollout.ts';
import type { PromptVersion } from '#crds/prompt-version.ts';
import { NO_OUTCOMES } from '#domain/rollout/rollout-observation.ts';
import type { ObservedCanaryRollout } from '../canary-rollout/observe.ts';

export function observedRollout(
  given: Pick<ObservedCanaryRollout, 'rollout' | 'wanted'> & Partial<ObservedCanaryRollout>,
): ObservedCanaryRollout {
  return {
    served: { stable: versionOf(given.rollout, 'stable'), candidate: versionOf(given.rollout, 'candidate') },
    repositoryExists: false,
    agentUids: ['agent-0', 'agent-1'],
    outcomes: { ...NO_OUTCOMES, salt: given.rollout.status?.exposure?.salt },
    environmentDrift: undefined,
    gate: undefined,
    command: undefined,
    rollbackTarget: undefined,
    storedRevision: 0,
    freshSalt: 'salt',
    ...given,
  };
}

/** The object of a version that the status names. */
function versionOf(
  { metadata, spec, status }: CanaryRollout,
  arm: 'stable' | 'candidate',
): PromptVersion | undefined {
  const version = status?.[arm];
  return (
    version && {
      apiVersion: '',
      kind: 'PromptVersion',
      metadata: { ...metadata, name: version.name, uid: version.name },
      spec: { prompt: spec.prompt, text: `Text of ${version.name}`, digest: version.digest },
    }
  );
}
