/**
 * AttemptFact: what became of one attempt of a model call. Every attempt yields exactly one, whatever becomes of it, and
 * everything that counts calls, tokens or money reads these and nothing else.
 */
import type { Provider } from '#crds/model.ts';
import type { FinishReason } from '#domain/chat/chat-answer.ts';
import type { TokenUsage } from '#domain/chat/token-usage.ts';
import type { AttemptFailureCode } from '#domain/failures/failure-codes.ts';
import type { UsageSource } from '#domain/pricing/charge-attempt.ts';
import type { CallContext } from './call-context.ts';

/**
 * - `answered`: whole, to its end.
 * - `refused`: the provider said no, or cannot do what is asked.
 * - `cut`: the answer had begun to reach the caller and stopped before its end.
 * - `malformed`: what came cannot be read.
 * - `failed`: the provider broke down or could not be reached, or we made a mistake.
 */
export type AttemptOutcome =
  | 'answered'
  | 'refused'
  | 'cut'
  | 'timed_out'
  | 'malformed'
  | 'cancelled'
  | 'failed';

export interface AttemptFact extends CallContext {
  readonly kind: 'attempt';
  /** Counts the attempts of one request from 1. */
  readonly attempt: number;
  /** The Model object. */
  readonly model: { readonly namespace: string; readonly name: string };
  readonly provider: Provider;
  /** The model's name at the provider, as it was asked for. */
  readonly providerModel: string;
  /** The model that the provider says has answered. */
  readonly modelServed?: string;
  /** The provider's mark of that model and of what it runs on, as it gives it. */
  readonly fingerprint?: string;
  /** Why the model stopped; absent when it did not come to an end. */
  readonly finishReason?: FinishReason;
  readonly startedAtEpochMilliseconds: number;
  readonly durationMilliseconds: number;
  /** From the start of the attempt to its first content; streams only. */
  readonly firstTokenMilliseconds?: number;
  readonly outcome: AttemptOutcome;
  /** Absent when it answered. */
  readonly failureCode?: AttemptFailureCode;
  /** Absent when nothing was used. */
  readonly usage?: TokenUsage;
  readonly usageSource: UsageSource;
  /** Null when the price is not known. */
  readonly costNanoUsd: number | null;
}

const OUTCOMES: Readonly<Record<AttemptFailureCode, AttemptOutcome>> = {
  rate_limited: 'refused',
  overloaded: 'refused',
  key_refused: 'refused',
  model_not_found: 'refused',
  request_refused: 'refused',
  context_length_exceeded: 'refused',
  content_refused: 'refused',
  unsupported: 'refused',
  unavailable: 'failed',
  unreachable: 'failed',
  internal_error: 'failed',
  answer_malformed: 'malformed',
  answer_cut: 'cut',
  timed_out: 'timed_out',
  deadline_exceeded: 'timed_out',
  cancelled: 'cancelled',
};

/** `hasBegun`: content has reached the caller, so whatever ends the answer now cuts it. */
export function attemptOutcome(code: AttemptFailureCode | undefined, hasBegun: boolean): AttemptOutcome {
  if (code === undefined) return 'answered';
  return hasBegun && code !== 'cancelled' ? 'cut' : OUTCOMES[code];
}
