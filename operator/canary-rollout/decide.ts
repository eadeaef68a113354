import type { CanaryRolloutConditionClaim, CanaryRolloutStatus } from '#crds/canary-rollout.ts';
import type { Decision } from '../runtime/decision.ts';
import type { ObjectEvent } from '../runtime/event-recorder.ts';
import { type Outlook, READY, RECONCILING, WAITING, statusOfClaims } from '../runtime/kind-status.ts';
import { lastConditionStatus } from '../runtime/read-kind.ts';
import { readyClaim, resolvedRefsClaim } from './conditions.ts';
import type { ObservedCanaryRollout } from './observe.ts';
import { refusalRecord, releaseRecord } from './rollout-records.ts';

/** The wanted version becomes stable as soon as it can be served; until then what was stable stays it. */
export function decideCanaryRollout(
  observed: ObservedCanaryRollout,
  now: Date,
): Decision<CanaryRolloutStatus> {
  const { rollout, wanted } = observed;
  const resolvedRefs = resolvedRefsClaim(observed);
  const before = rollout.status?.stable;
  const stable =
    resolvedRefs.status === 'True' && wanted !== undefined
      ? { name: wanted.metadata.name, digest: wanted.spec.digest }
      : before;
  const claims = [resolvedRefs, readyClaim(resolvedRefs, stable)] as const;
  const outlook = outlookOf(observed, resolvedRefs);
  const status = {
    ...statusOfClaims(rollout, claims, outlook, now),
    ...(stable === undefined ? {} : { stable }),
  };
  if (stable !== undefined && stable.digest !== before?.digest) {
    return {
      status,
      events: [stableChanged(stable, before)],
      records: [releaseRecord(rollout, before, stable, now)],
    };
  }
  const refusal = outlook.kind === 'stalled' ? refusalRecord(rollout, resolvedRefs, now) : undefined;
  return { status, ...(refusal !== undefined && { records: [refusal] }) };
}

/** A version is immutable and so is its prompt: one that was refused is never right, one that is missing may come. */
function outlookOf({ wanted }: ObservedCanaryRollout, resolvedRefs: CanaryRolloutConditionClaim): Outlook {
  if (resolvedRefs.status === 'True') return READY;
  if (wanted === undefined) return WAITING;
  const isUnchecked =
    resolvedRefs.reason === 'PromptVersionNotAccepted' &&
    lastConditionStatus(wanted, 'Accepted') === undefined;
  return isUnchecked ? RECONCILING : { kind: 'stalled', because: resolvedRefs };
}

function stableChanged(
  stable: NonNullable<CanaryRolloutStatus['stable']>,
  before: CanaryRolloutStatus['stable'],
): ObjectEvent {
  const from = before === undefined ? '' : ` instead of ${before.name}`;
  return {
    type: 'Normal',
    reason: 'StableChanged',
    note: `PromptVersion ${stable.name} is stable${from}.`,
  };
}
