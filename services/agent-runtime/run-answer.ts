/**
 * How the end of a run is told over HTTP. Only a checked output is ever 200.
 *
 * A run that ends by its own limits or without an answer has the status of domain/failures/failure-codes.ts. A failed
 * model call keeps the router's code, and its status where the status is true for the caller as well:
 *
 *     429, 5xx, 499   as the router says (Retry-After too)
 *     400             422: this input and this agent yield no answer, and nothing of the caller's request is malformed
 *     401, 403, 404   502: the agent is not allowed what it asks for, which is no fault of its caller
 *
 * The body of a failure has `error: {code, message, type, param}` with one sentence for people.
 */
import { type ErrorType, FAILURES, type FailureCode, RUN_FAILURES } from '#domain/failures/failure-codes.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import type { RunResult } from '#domain/conversation/run-agent.ts';
import type { ServedConfiguration } from './served-configuration.ts';

export interface HttpFailure extends Refusal {
  readonly status: number;
  readonly type: ErrorType;
  /** False when the same request again would only cost again. Clients of OpenAI heed the header x-should-retry. */
  readonly isWorthRetrying: boolean;
}

const CODES_WORTH_RETRYING: ReadonlySet<FailureCode> = new Set([
  'too_many_runs',
  'unconfigured',
  'configuration_not_understood',
  'audit_unavailable',
  'shutting_down',
  'rate_limited',
  'overloaded',
  'unavailable',
  'unreachable',
  'timed_out',
  'no_model_available',
  'token_review_unavailable',
]);

export function refuse(refusal: Refusal): HttpFailure {
  const { status, type } = FAILURES[refusal.code];
  return { ...refusal, status, type, isWorthRetrying: CODES_WORTH_RETRYING.has(refusal.code) };
}

/** Undefined when the run succeeded. A client must not repeat by itself a run that has done something already. */
export function failureOfRun(result: RunResult): HttpFailure | undefined {
  if (result.status === 'succeeded') return undefined;
  const { reason: code, message } = result;
  const retryAfterSeconds =
    code === 'shutting_down' ? 1 : result.status === 'failed' ? result.retryAfterSeconds : undefined;
  const refusal = { code, message, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
  const failure = { ...refuse(refusal), ...(result.effects > 0 ? { isWorthRetrying: false } : {}) };
  return Object.hasOwn(RUN_FAILURES, code) ? failure : { ...failure, ...toldToCaller(failure) };
}

function toldToCaller({ status, type }: HttpFailure): Pick<HttpFailure, 'status' | 'type'> {
  if (status === 400) return { status: 422, type };
  return status < 429 ? { status: 502, type: 'api_error' } : { status, type };
}

/** A fault of ours: the log knows more, the caller need not. */
export const INTERNAL_ERROR: HttpFailure = refuse({
  code: 'internal_error',
  message: "the agent failed; its pod's log says why",
});

export function errorBody({ code, message, type, param }: HttpFailure): {
  readonly error: Readonly<Record<'code' | 'message' | 'type', string>> & { readonly param: string | null };
} {
  return { error: { code, message, type, param: param ?? null } };
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
  const { prompt, rollout, arm } = configuration;
  const { name, version, digest } = prompt;
  return { name, version, digest, ...(rollout === undefined ? {} : { rollout, arm }) };
}
