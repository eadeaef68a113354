/** Why one attempt at one model came to nothing, and what that says about the model, its key and the request. */
import type { AttemptFailureCode } from '#domain/failures/failure-codes.ts';

export interface AttemptFailure {
  readonly code: AttemptFailureCode;
  /** One sentence; never contains a key. */
  readonly message: string;
  /** What the provider asked for, when it did. */
  readonly retryAfterSeconds?: number;
  /** Given when the endpoint's certificate is at fault: a sentence on how that is mended. */
  readonly certificateRemedy?: string;
  /** What was thrown, for the log alone. */
  readonly cause?: unknown;
}

/**
 * - `alive`: the endpoint did its work; the request or the Model object is at fault.
 * - `failing`: the endpoint is at fault: enough of these in a row open its breaker.
 * - `limited`: the key has used up its share for now.
 * - `keyRefused`: the key is at fault, not the endpoint.
 * - `nothing`: says nothing about the endpoint. A caller who leaves or has little time must not open a breaker.
 */
export type HealthVerdict = 'alive' | 'failing' | 'limited' | 'keyRefused' | 'nothing';

/**
 * - `anywhere`: the same Model may do better next time, another one at once.
 * - `otherModel`: only another Model can help.
 * - `otherProvider`: only another provider can help: this one would say the same again.
 * - `largerContext`: only a Model with more room can help.
 * - `nowhere`: no Model can help: the caller must change the request, or is gone.
 */
export type RetryScope = 'anywhere' | 'otherModel' | 'otherProvider' | 'largerContext' | 'nowhere';

interface Consequence {
  readonly verdict: HealthVerdict;
  readonly retry: RetryScope;
}

const CONSEQUENCES: Readonly<Record<AttemptFailureCode, Consequence>> = {
  rate_limited: { verdict: 'limited', retry: 'anywhere' },
  overloaded: { verdict: 'failing', retry: 'anywhere' },
  unavailable: { verdict: 'failing', retry: 'anywhere' },
  unreachable: { verdict: 'failing', retry: 'anywhere' },
  answer_malformed: { verdict: 'failing', retry: 'anywhere' },
  answer_cut: { verdict: 'failing', retry: 'anywhere' },
  // The provider may still be at work on it, and bills what it makes: the same again would be paid twice.
  timed_out: { verdict: 'failing', retry: 'otherModel' },
  key_refused: { verdict: 'keyRefused', retry: 'otherModel' },
  // A Model object with a wrong name in it; its neighbours need not share that.
  model_not_found: { verdict: 'alive', retry: 'otherModel' },
  unsupported: { verdict: 'nothing', retry: 'otherModel' },
  // A codec that throws on this request need not be the codec of the next Model.
  internal_error: { verdict: 'nothing', retry: 'otherModel' },
  // What one provider refuses, another may take.
  request_refused: { verdict: 'alive', retry: 'otherProvider' },
  context_length_exceeded: { verdict: 'alive', retry: 'largerContext' },
  content_refused: { verdict: 'alive', retry: 'nowhere' },
  deadline_exceeded: { verdict: 'nothing', retry: 'nowhere' },
  cancelled: { verdict: 'nothing', retry: 'nowhere' },
};

export function healthVerdict({ code }: AttemptFailure): HealthVerdict {
  return CONSEQUENCES[code].verdict;
}

export function retryScope({ code }: AttemptFailure): RetryScope {
  return CONSEQUENCES[code].retry;
}
