/** Why one attempt at one model came to nothing, and what that says about the model, its key and the request. */
import type { ProviderFailure } from '#domain/model-providers/dialect.ts';

export const TIME_LIMITS = ['connect', 'firstByte', 'idle', 'total', 'deadline'] as const;
export type TimeLimit = (typeof TIME_LIMITS)[number];

export type AttemptFailure =
  | ProviderFailure
  | {
      readonly kind: 'connectionFailed' | 'unsupported';
      readonly message: string;
      readonly retryAfterSeconds?: undefined;
    }
  | {
      readonly kind: 'timedOut';
      readonly limit: TimeLimit;
      readonly message: string;
      readonly retryAfterSeconds?: undefined;
    }
  | { readonly kind: 'cancelled'; readonly message: string; readonly retryAfterSeconds?: undefined };

export type AttemptFailureKind = AttemptFailure['kind'];

/**
 * - `alive`: the endpoint did its work; the request or the Model object is at fault.
 * - `failing`: the endpoint is at fault: enough of these in a row open its breaker.
 * - `limited`: the key has used up its share for now.
 * - `keyRefused`: the key is at fault, not the endpoint.
 * - `nothing`: says nothing about the endpoint. A caller who leaves or has little time must not open a breaker.
 */
export type HealthVerdict = 'alive' | 'failing' | 'limited' | 'keyRefused' | 'nothing';

const VERDICT_OF_KIND: Readonly<Record<AttemptFailureKind, HealthVerdict>> = {
  rateLimited: 'limited',
  keyRefused: 'keyRefused',
  overloaded: 'failing',
  unavailable: 'failing',
  malformed: 'failing',
  connectionFailed: 'failing',
  timedOut: 'failing',
  badRequest: 'alive',
  contextTooLong: 'alive',
  contentRefused: 'alive',
  notFound: 'alive',
  unsupported: 'nothing',
  cancelled: 'nothing',
};

export function healthVerdict(failure: AttemptFailure): HealthVerdict {
  return isCallersDeadline(failure) ? 'nothing' : VERDICT_OF_KIND[failure.kind];
}

/**
 * - `anywhere`: the same model may do better next time, another one at once.
 * - `elsewhere`: only another model can help.
 * - `largerContext`: only a model with more room can help.
 * - `nowhere`: no model can help: the caller must change the request, or is gone.
 */
export type RetryScope = 'anywhere' | 'elsewhere' | 'largerContext' | 'nowhere';

const SCOPE_OF_KIND: Readonly<Record<AttemptFailureKind, RetryScope>> = {
  rateLimited: 'anywhere',
  overloaded: 'anywhere',
  unavailable: 'anywhere',
  malformed: 'anywhere',
  connectionFailed: 'anywhere',
  timedOut: 'anywhere',
  keyRefused: 'elsewhere',
  unsupported: 'elsewhere',
  // A Model object with a wrong name in it; its neighbours need not share that.
  notFound: 'elsewhere',
  contextTooLong: 'largerContext',
  badRequest: 'nowhere',
  contentRefused: 'nowhere',
  cancelled: 'nowhere',
};

export function retryScope(failure: AttemptFailure): RetryScope {
  return isCallersDeadline(failure) ? 'nowhere' : SCOPE_OF_KIND[failure.kind];
}

function isCallersDeadline(failure: AttemptFailure): boolean {
  return failure.kind === 'timedOut' && failure.limit === 'deadline';
}
