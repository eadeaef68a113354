/** The event that tells of a condition's change, if it did change. */
import type { Condition } from '#crds/conditions.ts';
import type { ObjectEvent } from './event-recorder.ts';

export function transitionEvent(
  type: 'Ready' | 'Accepted',
  before: readonly Condition[] | undefined,
  after: readonly Condition[],
): ObjectEvent | undefined {
  const previous = before?.find((condition) => condition.type === type);
  const next = after.find((condition) => condition.type === type);
  if (next === undefined) return undefined;
  if (previous?.status === next.status && previous.reason === next.reason) return undefined;
  // The first "not known yet" is no news.
  if (next.status === 'Unknown' && previous === undefined) return undefined;
  return next.status === 'True'
    ? { type: 'Normal', reason: type, note: next.message }
    : { type: 'Warning', reason: `Not${type}`, note: next.message };
}
