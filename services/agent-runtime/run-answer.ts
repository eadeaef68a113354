/**
 * How the end of a run is told over HTTP. Only a checked output is ever 200.
 *
 *     200  succeeded
 *     402  budget, costUnknown, modelBudgetExceeded: the money of the run or of the agent is used up
 *     422  outputInvalid, outputCut, modelRefused, modelRequestRefused, steps, noProgress: these input and limits yield
 *          no answer
 *     429  modelRateLimited (with Retry-After)
 *     499  cancelled: the caller has left
 *     502  modelUnavailable, modelAnswerCut, modelAnswerMalformed, modelNotAllowed: the router or a provider failed
 *     503  draining (with Retry-After): the pod is shutting down
 *     504  seconds: the time of the run is used up
 *
 * The body of a failure has `error: {code, message, type}` with one sentence for people.
 */
import type { FailureReason, RunResult, StopReason } from '#domain/conversation/run-agent.ts';
import type { ServedConfiguration } from './served-configuration.ts';

export interface HttpFailure {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly retryAfterSeconds?: number;
  /** False when the same request again would only cost again. Clients of OpenAI heed the header x-should-retry. */
  readonly isWorthRetrying: boolean;
}

const STATUS_OF_REASON: Readonly<Record<StopReason | FailureReason, number>> = {
  budget: 402,
  costUnknown: 402,
  modelBudgetExceeded: 402,
  outputInvalid: 422,
  outputCut: 422,
  modelRefused: 422,
  modelRequestRefused: 422,
  steps: 422,
  noProgress: 422,
  modelRateLimited: 429,
  cancelled: 499,
  modelUnavailable: 502,
  modelAnswerCut: 502,
  modelAnswerMalformed: 502,
  modelNotAllowed: 502,
  draining: 503,
  seconds: 504,
};

const REASONS_WORTH_RETRYING: ReadonlySet<string> = new Set([
  'modelRateLimited',
  'modelUnavailable',
  'draining',
]);

/** Undefined when the run succeeded. */
export function failureOfRun(result: RunResult): HttpFailure | undefined {
  if (result.status === 'succeeded') return undefined;
  const retryAfterSeconds =
    result.reason === 'draining' ? 1 : result.status === 'failed' ? result.retryAfterSeconds : undefined;
  return {
    status: STATUS_OF_REASON[result.reason],
    code: result.reason,
    message: result.message,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    isWorthRetrying: REASONS_WORTH_RETRYING.has(result.reason),
  };
}

/** A fault of ours: the log knows more, the caller need not. */
export const INTERNAL_ERROR: HttpFailure = {
  status: 500,
  code: 'internal_error',
  message: "the agent failed; its pod's log says why",
  isWorthRetrying: false,
};

export function errorBody({ status, code, message }: HttpFailure): {
  readonly error: { readonly code: string; readonly message: string; readonly type: string };
} {
  const type = status === 429 ? 'rate_limit_error' : status < 500 ? 'invalid_request_error' : 'server_error';
  return { error: { code, message, type } };
}

/** The body of POST /v1/runs and of the last event of its stream; `output` only when it succeeded. */
export function runBody(result: RunResult, served: ServedConfiguration): Readonly<Record<string, unknown>> {
  const failure = failureOfRun(result);
  return {
    runId: result.runId,
    status: result.status,
    ...(result.status === 'succeeded' ? { output: result.output } : { reason: result.reason }),
    ...(failure === undefined ? {} : errorBody(failure)),
    steps: result.steps,
    repairs: result.repairs,
    usage: result.usage,
    costNanoUsd: result.costNanoUsd,
    durationMilliseconds: result.durationMilliseconds,
    prompt: promptIdentity(served),
    models: result.models,
  };
}

export function promptIdentity({ configuration }: ServedConfiguration): Readonly<Record<string, string>> {
  const { name, version, digest } = configuration.prompt;
  return { name, version, digest };
}
