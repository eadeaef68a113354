import type { PromptVersionConditionClaim, PromptVersionStatus } from '#crds/prompt-version.ts';
import type { Decision } from '../runtime/decision.ts';
import { READY, statusOfClaims } from '../runtime/kind-status.ts';
import { acceptedClaim } from './conditions.ts';
import type { ObservedPromptVersion } from './observe.ts';

/** A version never changes: one that is not accepted never will be. */
export function decidePromptVersion(
  observed: ObservedPromptVersion,
  now: Date,
): Decision<PromptVersionStatus> {
  const { promptVersion, parsed } = observed;
  const accepted = acceptedClaim(observed);
  const isAccepted = accepted.status === 'True';
  const ready: PromptVersionConditionClaim = isAccepted
    ? { ...accepted, type: 'Ready', reason: 'Accepted' }
    : { ...accepted, type: 'Ready', reason: 'NotAccepted' };
  const outlook = isAccepted ? READY : ({ kind: 'stalled', because: accepted } as const);
  const variables = isAccepted && parsed.ok ? [...parsed.prompt.variables] : undefined;
  return {
    status: {
      ...statusOfClaims(promptVersion, [accepted, ready], outlook, now),
      ...(variables === undefined ? {} : { variables }),
    },
  };
}
