/** What a caller is told when he gets no answer, or none that is whole. */
import type { AttemptFailureCode } from '#domain/failures/failure-codes.ts';
import { FAILURES } from '#domain/failures/failure-codes.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import type { AttemptFailure } from '#domain/routing/attempt-failure.ts';
import { type ModelChoice, explainNoModel } from '#domain/routing/choose-models.ts';
import type { FailedAttempt } from './failover.ts';

/** The caller left before the answer was whole. Nobody reads this; it is for the log. */
export const CALLER_LEFT: Refusal = { code: 'cancelled', message: 'The caller left.' };
export const SHUTTING_DOWN: Refusal = {
  code: 'shutting_down',
  message: 'This replica of the router is shutting down: ask again, another one will answer.',
  retryAfterSeconds: 1,
};
/** Before anything is asked: what cannot be recorded is not begun. */
export const AUDIT_UNAVAILABLE: Refusal = {
  code: 'audit_unavailable',
  message:
    "The router has no room for more records of the ledger, which has been away for too long: bring the ledger back, or give the router's spool more room.",
  retryAfterSeconds: 5,
};
export const NOT_RECORDED: Refusal = {
  code: 'not_recorded',
  message:
    "The model has answered, but the disk of the router's spool takes no records, and an answer that is not recorded is none: give the spool room.",
};
export const INTERNAL_ERROR: Refusal = {
  code: 'internal_error',
  message: "The router made a mistake: its log has it under this request's id.",
};

export function invalidRequest(message: string, param?: string): Refusal {
  return { code: 'invalid_request', message, ...(param === undefined ? {} : { param }) };
}

/** What the caller is told of the failure that decided. */
export function refusalOfFailures(failures: readonly FailedAttempt[], isDeadlineOver: boolean): Refusal {
  const decisive = decisiveFailure(failures)?.failure;
  if (decisive === undefined) {
    return {
      code: isDeadlineOver ? 'deadline_exceeded' : 'unavailable',
      message: 'No model became available in time: ask again, or give the request a longer deadline.',
    };
  }
  const { code, retryAfterSeconds } = decisive;
  return {
    code,
    message: tellAll(failures),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}

/** The end of a stream that was cut after its first content: the cause keeps its code. */
export function refusalOfCut(failure: AttemptFailure): Refusal {
  return { code: failure.code, message: `The answer was cut off: ${tell(failure)}` };
}

/** Every model has said when it may be asked again, and none of them soon enough. */
export function refusalOfLimits({ candidates }: ModelChoice): Refusal {
  const soonest = Math.min(...candidates.map(({ benchedMilliseconds }) => benchedMilliseconds));
  return {
    code: 'rate_limited',
    message: `${candidates.map(({ model }) => model.name).join(', ')}: ${WORDS_OF_CODE.rate_limited}`,
    retryAfterSeconds: soonest / 1000,
  };
}

/** Reasons that pass by themselves are the router's state; the others are the caller's or the author's to mend. */
export function refusalOfNoModel(requestedModel: string, { rejected }: ModelChoice): Refusal {
  const message = explainNoModel(requestedModel, rejected);
  if (rejected.some(({ reason }) => reason === 'keyUnavailable' || reason === 'keyRefused')) {
    return { code: 'no_model_available', message };
  }
  if (rejected.every(({ reason }) => reason === 'notAllowed')) {
    return { code: 'model_not_allowed', message, param: 'model' };
  }
  if (rejected.every(({ reason }) => reason === 'notFound')) {
    return { code: 'model_not_found', message, param: 'model' };
  }
  return { code: 'no_eligible_model', message };
}

/** A failure that the caller can mend by changing the request tells him more than that another model was busy. */
function decisiveFailure(failures: readonly FailedAttempt[]): FailedAttempt | undefined {
  const isCallers = ({ failure }: FailedAttempt): boolean =>
    FAILURES[failure.code].type === 'invalid_request_error';
  return failures.findLast(isCallers) ?? failures.at(-1);
}

function tellAll(failures: readonly FailedAttempt[]): string {
  const last = new Map(failures.map(({ model, failure }) => [model.name, tell(failure)]));
  return [...last].map(([name, message]) => `${name}: ${message}`).join(' ');
}

/**
 * A provider's own words are passed on only where the caller needs them to mend the request. Elsewhere they may tell of
 * the account, the key or another's affairs, and help nobody who reads them here.
 */
function tell(failure: AttemptFailure): string {
  return withFullStop(wordsOf(failure.code) ?? failure.message);
}

function wordsOf(code: AttemptFailureCode): string | undefined {
  return (WORDS_OF_CODE as Readonly<Partial<Record<AttemptFailureCode, string>>>)[code];
}

function withFullStop(sentence: string): string {
  return /[.!?…]$/.test(sentence) ? sentence : `${sentence}.`;
}

const WORDS_OF_CODE = {
  rate_limited: 'The provider limits the number of requests.',
  overloaded: 'The provider is overloaded.',
  unavailable: 'The provider failed.',
  answer_cut: 'The provider broke off its answer.',
  answer_malformed: 'The provider answered with something that cannot be read.',
  key_refused: 'The provider refuses the key that is in the Secret of the Model.',
  model_not_found: 'The provider does not know the model that the Model object names.',
  internal_error: INTERNAL_ERROR.message,
} as const satisfies Readonly<Partial<Record<AttemptFailureCode, string>>>;
