/** With which codes a call of a provider can fail, and what each says to callers: part of the table in failure-codes.ts. */

/** The `type` of an error in OpenAI's shape, which clients of that format branch on. */
export type ErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'not_found_error'
  | 'rate_limit_error'
  | 'timeout_error'
  | 'api_error';

export interface FailureDescription {
  /** HTTP status with which a process of ours tells it. */
  readonly status: number;
  readonly type: ErrorType;
  /** One sentence for the reference page. */
  readonly meaning: string;
}

/** What a provider's answer, or the lack of one, can mean. */
export const PROVIDER_FAILURES = {
  rate_limited: {
    status: 429,
    type: 'rate_limit_error',
    meaning: "The provider's rate limit is reached.",
  },
  overloaded: { status: 503, type: 'api_error', meaning: 'The provider says that it is overloaded.' },
  unavailable: {
    status: 503,
    type: 'api_error',
    meaning: 'The provider fails, or no Model became available in time.',
  },
  key_refused: { status: 503, type: 'api_error', meaning: 'The provider refuses the key.' },
  model_not_found: {
    status: 404,
    type: 'not_found_error',
    meaning: 'There is no such Model, or its provider does not know `spec.model`. The message says which.',
  },
  request_refused: {
    status: 400,
    type: 'invalid_request_error',
    meaning: 'The provider refuses the request as wrong.',
  },
  context_length_exceeded: {
    status: 400,
    type: 'invalid_request_error',
    meaning: "The request is longer than the Model's context.",
  },
  content_refused: {
    status: 400,
    type: 'invalid_request_error',
    meaning: 'The provider refuses the content.',
  },
  unsupported: {
    status: 400,
    type: 'invalid_request_error',
    meaning: 'The Model, or its provider, cannot do what the request asks for.',
  },
  answer_malformed: {
    status: 502,
    type: 'api_error',
    meaning: "The provider's answer cannot be read.",
  },
} as const satisfies Record<string, FailureDescription>;
export type ProviderFailureCode = keyof typeof PROVIDER_FAILURES;

/** What else can become of one attempt. */
export const ATTEMPT_FAILURES = {
  ...PROVIDER_FAILURES,
  unreachable: { status: 502, type: 'api_error', meaning: 'There is no connection to the provider.' },
  timed_out: {
    status: 504,
    type: 'timeout_error',
    meaning: 'The provider did not answer within `spec.timeouts`.',
  },
  deadline_exceeded: { status: 504, type: 'timeout_error', meaning: "The caller's deadline passed." },
  answer_cut: {
    status: 502,
    type: 'api_error',
    meaning: 'The answer was cut off before its end.',
  },
  cancelled: { status: 499, type: 'api_error', meaning: 'The caller left. It is seen in logs only.' },
  internal_error: {
    status: 500,
    type: 'api_error',
    meaning: "A mistake of ours. The process's log has it under the request's id.",
  },
} as const satisfies Record<string, FailureDescription>;
export type AttemptFailureCode = keyof typeof ATTEMPT_FAILURES;
