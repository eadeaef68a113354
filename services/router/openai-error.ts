/** Everything that can go wrong, in the error shape of OpenAI (https://platform.openai.com/docs/guides/error-codes). */
import type { AttemptFailure } from '#domain/routing/attempt-failure.ts';
import type { FailedAttempt } from './failover.ts';

export interface OpenAiError {
  readonly status: number;
  readonly type:
    | 'invalid_request_error'
    | 'authentication_error'
    | 'permission_error'
    | 'not_found_error'
    | 'rate_limit_error'
    | 'timeout_error'
    | 'api_error';
  readonly code: string;
  /** One sentence: what, where and how to mend it. */
  readonly message: string;
  readonly retryAfterSeconds?: number;
}

export function errorBody({ message, type, code }: OpenAiError): string {
  return JSON.stringify({ error: { message, type, param: null, code } });
}

export function invalidRequest(message: string, code = 'invalid_request', status = 400): OpenAiError {
  return { status, type: 'invalid_request_error', code, message };
}

/** What the caller is told of the last failure, which is the one that decided. */
export function errorOfFailures(failures: readonly FailedAttempt[], isDeadlineOver: boolean): OpenAiError {
  const decisive = decisiveFailure(failures);
  if (decisive === undefined) {
    const message = 'No model became available in time: ask again, or give the request a longer deadline.';
    return isDeadlineOver
      ? { status: 504, type: 'timeout_error', code: 'deadline_exceeded', message }
      : { status: 503, type: 'api_error', code: 'upstream_unavailable', message };
  }
  const { failure } = decisive;
  const { retryAfterSeconds } = failure;
  return {
    ...SHAPE_OF_KIND[failure.kind],
    message: tellAll(failures),
    ...(failure.kind === 'timedOut' && failure.limit === 'deadline' ? { code: 'deadline_exceeded' } : {}),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}

/** A failure that the caller can mend by changing the request tells him more than that another model was busy. */
function decisiveFailure(failures: readonly FailedAttempt[]): FailedAttempt | undefined {
  return failures.findLast(({ failure }) => SHAPE_OF_KIND[failure.kind].status < 429) ?? failures.at(-1);
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
  return withFullStop(WORDS_OF_KIND[failure.kind] ?? failure.message);
}

function withFullStop(sentence: string): string {
  return /[.!?…]$/.test(sentence) ? sentence : `${sentence}.`;
}

const WORDS_OF_KIND: Readonly<Partial<Record<AttemptFailure['kind'], string>>> = {
  rateLimited: 'The provider limits the number of requests.',
  overloaded: 'The provider is overloaded.',
  unavailable: 'The provider failed or broke off its answer.',
  malformed: 'The provider answered with something that cannot be read.',
  keyRefused: 'The provider refuses the key that is in the Secret of the Model.',
  notFound: 'The provider does not know the model that the Model object names.',
};

const SHAPE_OF_KIND: Readonly<Record<AttemptFailure['kind'], Pick<OpenAiError, 'status' | 'type' | 'code'>>> =
  {
    badRequest: { status: 400, type: 'invalid_request_error', code: 'upstream_refused_request' },
    unsupported: { status: 400, type: 'invalid_request_error', code: 'unsupported_by_model' },
    contextTooLong: { status: 400, type: 'invalid_request_error', code: 'context_length_exceeded' },
    contentRefused: { status: 400, type: 'invalid_request_error', code: 'content_refused' },
    rateLimited: { status: 429, type: 'rate_limit_error', code: 'upstream_rate_limited' },
    notFound: { status: 502, type: 'api_error', code: 'upstream_model_not_found' },
    malformed: { status: 502, type: 'api_error', code: 'upstream_malformed' },
    connectionFailed: { status: 502, type: 'api_error', code: 'upstream_unreachable' },
    overloaded: { status: 503, type: 'api_error', code: 'upstream_overloaded' },
    unavailable: { status: 503, type: 'api_error', code: 'upstream_unavailable' },
    keyRefused: { status: 503, type: 'api_error', code: 'upstream_key_refused' },
    timedOut: { status: 504, type: 'timeout_error', code: 'upstream_timeout' },
    cancelled: { status: 499, type: 'api_error', code: 'cancelled' },
  };

/** The error event that ends a stream which was cut after its first byte. */
export function streamError(failure: AttemptFailure): OpenAiError {
  const shape = SHAPE_OF_KIND[failure.kind];
  return { ...shape, code: `stream_${shape.code}`, message: `The answer was cut off: ${tell(failure)}` };
}
