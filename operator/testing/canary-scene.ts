/** What is observed of a CanaryRollout, where a test says nothing else. */
import { NO_OUTCOMES } from '#domain/rollout/rollout-observation.ts';
import type { ObservedCanaryRollout } from '../canary-rollout/observe.ts';

export function observedRollout(
  given: Pick<ObservedCanaryRollout, 'rollout' | 'wanted'> & Partial<ObservedCanaryRollout>,
): ObservedCanaryRollout {
  return {
    isStableMissing: false,
    agentUids: ['agent-0', 'agent-1'],
    outcomes: { ...NO_OUTCOMES, salt: given.rollout.status?.exposure?.salt },
    gate: given.rollout.status?.gate,
    command: undefined,
    rollbackTarget: undefined,
    storedRevision: 0,
    freshSalt: 'salt',
    ...given,
  };
}
