/**
 * Whether it is time to tell people, by an event, that an object became ready or ceased to be. What passes by itself is
 * no news, and neither is what is missing in the first moments of an object: the objects that it needs are applied in
 * the same breath, in any order.
 */
import type { KindObject, KindStatus } from '#crds/kind-definition.ts';
import type { ObjectEvent } from './event-recorder.ts';

export const SETTLING_SECONDS = 10;

export interface ReadinessNews {
  readonly event?: ObjectEvent;
  /** The readiness that people know of now. */
  readonly told: string | undefined;
  /** When what is held back is to be told, unless it has passed by then. */
  readonly recheckSeconds?: number;
}

/** `told` is the readiness that was told last; undefined when none was. */
export function readinessNews(
  object: KindObject<unknown, KindStatus>,
  status: KindStatus,
  told: string | undefined,
  now: Date,
): ReadinessNews {
  const find = (type: string) => status.conditions?.find((condition) => condition.type === type);
  const ready = find('Ready');
  const readiness = readinessOf(status);
  if (ready === undefined || readiness === told || find('Reconciling') !== undefined) return { told };
  // The first "not known yet" is no news.
  if (ready.status === 'Unknown' && told === undefined) return { told };
  if (ready.status === 'True') {
    return { told: readiness, event: { type: 'Normal', reason: 'Ready', note: ready.message } };
  }
  const ageSeconds = (now.getTime() - Date.parse(object.metadata.creationTimestamp ?? '')) / 1000;
  if (told === undefined && find('Stalled') === undefined && ageSeconds < SETTLING_SECONDS) {
    return { told, recheckSeconds: SETTLING_SECONDS - Math.max(0, ageSeconds) };
  }
  return { told: readiness, event: { type: 'Warning', reason: 'NotReady', note: ready.message } };
}

/** What can be told of a status; undefined while there is nothing to tell. */
export function readinessOf(status: KindStatus | undefined): string | undefined {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready === undefined ? undefined : `${ready.status} ${ready.reason}`;
}
