import type { Model, ModelConditionClaim, ModelStatus } from '#crds/model.ts';
import type { Decision } from '../runtime/decision.ts';
import { type Outlook, READY, RECONCILING, WAITING, statusOfClaims } from '../runtime/kind-status.ts';
import { claimsOfProbe, claimsWithoutProbe } from './conditions.ts';
import type { RememberedProbe } from './probe-memory.ts';

export interface ObservedModel extends RememberedProbe {
  readonly model: Model;
}

export function decideModel(
  { model, answer, nextProbeSeconds }: ObservedModel,
  now: Date,
): Decision<ModelStatus> {
  const claims =
    answer.kind === 'probed'
      ? claimsOfProbe(model, answer.probe, now)
      : claimsWithoutProbe(model, answer.message, now);
  return {
    status: statusOfClaims(model, claims, outlookOf(claims), now),
    recheckSeconds: nextProbeSeconds,
  };
}

/** Only a price is the Model's own to tell; Secrets, endpoints and keys may come right beside it. */
function outlookOf(claims: readonly ModelConditionClaim[]): Outlook {
  const ready = claims.find(({ type }) => type === 'Ready');
  if (ready?.status === 'True') return READY;
  const price = claims.find(({ type }) => type === 'PriceKnown');
  if (price?.status === 'False') return { kind: 'stalled', because: price };
  return ready?.status === 'Unknown' && ready.reason === 'NotReachable' ? RECONCILING : WAITING;
}
