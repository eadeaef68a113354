/**
 * Asks one model after the other until one answers, nobody is left or the time is over. All of it happens before the
 * first content goes to the caller; what happens after that is the stream's own affair.
 */
import type { Cancellation } from '#adapters/model-providers/cancellation.ts';
import type { AttemptFailure } from '#domain/routing/attempt-failure.ts';
import type { Candidate } from '#domain/routing/choose-models.ts';
import {
  ATTEMPTS_PER_TARGET,
  type NextAttempt,
  type TargetProgress,
  pauseMilliseconds,
  planAttempt,
  spread,
} from '#domain/routing/plan-attempt.ts';
import type { RetryBudget } from '#domain/routing/retry-budget.ts';
import type { RoutableModel } from '#domain/routing/routable-model.ts';
import type { Attempt } from './attempt.ts';
import type { Admission, TargetHealthRegistry } from './target-health.ts';

export type AttemptResult<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly failure: AttemptFailure };

export interface FailedAttempt {
  readonly model: RoutableModel;
  readonly failure: AttemptFailure;
}

/** An answer's attempt is not over yet: whoever gets it ends it. */
export type FailoverResult<Value> =
  | { readonly ok: true; readonly value: Value; readonly attempt: Attempt }
  | { readonly ok: false; readonly failures: readonly FailedAttempt[]; readonly hasAsked: boolean };

export interface FailoverOptions<Value> {
  readonly candidates: readonly Candidate[];
  /** No attempt begins after it. By the same clock as `now`, in milliseconds. */
  readonly deadline: number;
  readonly cancellation: Cancellation;
  readonly now: () => number;
  readonly random: () => number;
  readonly health: TargetHealthRegistry;
  readonly retryBudget: RetryBudget;
  /** The model with the key that its Secret holds now. */
  readonly rereadKey: (model: RoutableModel) => Promise<RoutableModel | undefined>;
  readonly begin: (model: RoutableModel, admission: Admission) => Attempt;
  /** `deadlineMilliseconds` is what is left. Must settle soon after the cancellation. What it throws is a failed attempt. */
  readonly ask: (attempt: Attempt, deadlineMilliseconds: number) => Promise<AttemptResult<Value>>;
  readonly onFailure: (attempt: FailedAttempt) => void;
}

const NOT_ADMITTED: AttemptFailure = {
  code: 'unavailable',
  message: 'It failed several times in a row and is left to rest.',
};

export async function answerWithFailover<Value>(
  options: FailoverOptions<Value>,
): Promise<FailoverResult<Value>> {
  const { deadline, cancellation, now, random, retryBudget } = options;
  retryBudget.requestStarted();
  const startedAt = now();
  const targets: TargetProgress[] = options.candidates.map((candidate) => ({
    candidate,
    attempts: 0,
    notBefore: candidate.mustWait ? startedAt + spread(candidate.benchedMilliseconds, random) : startedAt,
  }));
  const failures: FailedAttempt[] = [];
  let hasAsked = false;
  for (;;) {
    if (cancellation.isCancelled) return { ok: false, failures, hasAsked };
    const plan =
      failures.length === 0 && isFit(options.candidates[0])
        ? ASK_THE_FIRST
        : planAttempt(targets, now(), deadline, () => retryBudget.takeRetry());
    if (plan.kind === 'giveUp') return { ok: false, failures, hasAsked };
    const target = targets[plan.index];
    if (target === undefined) return { ok: false, failures, hasAsked };
    if (plan.waitMilliseconds > 0) {
      await pause(plan.waitMilliseconds, cancellation);
      if (cancellation.isCancelled) continue;
      continueWhenDue(targets, plan.index, now());
    }
    const outcome = await askTarget(target.candidate, options);
    if (outcome.ok) return outcome;
    const { failure, model, wasAdmitted } = outcome;
    hasAsked ||= wasAdmitted;
    failures.push({ model, failure });
    targets[plan.index] = {
      ...target,
      // What was not admitted was not asked, but asking again would end the same way.
      attempts: wasAdmitted ? target.attempts + 1 : ATTEMPTS_PER_TARGET,
      lastFailure: failure,
      notBefore: now() + pauseMilliseconds(failure, random),
    };
  }
}

/** What the plan says at the start, unless the first candidate must rest. */
const ASK_THE_FIRST: NextAttempt = { kind: 'ask', index: 0, waitMilliseconds: 0, isRetry: false };

function isFit(candidate: Candidate | undefined): boolean {
  return candidate?.benchedMilliseconds === 0;
}

/** Timers may fire a little early; the plan must not say "wait" again for that. */
function continueWhenDue(targets: TargetProgress[], index: number, now: number): void {
  const target = targets[index];
  if (target !== undefined) targets[index] = { ...target, notBefore: Math.min(target.notBefore, now) };
}

type TargetOutcome<Value> =
  | { readonly ok: true; readonly value: Value; readonly attempt: Attempt }
  | (FailedAttempt & { readonly ok: false; readonly wasAdmitted: boolean });

async function askTarget<Value>(
  { model, benchedMilliseconds }: Candidate,
  options: FailoverOptions<Value>,
): Promise<TargetOutcome<Value>> {
  const first = await askOnce(model, benchedMilliseconds > 0, options);
  if (first.ok || first.failure.code !== 'key_refused' || model.key.state !== 'resolved') return first;
  // The Secret may have changed while this request was on its way, faster than the watch.
  const current = await options.rereadKey(model);
  if (current?.key.state !== 'resolved' || current.key.digest === model.key.digest) return first;
  const second = await askOnce(current, true, options);
  return second.ok || second.wasAdmitted ? second : first;
}

async function askOnce<Value>(
  model: RoutableModel,
  isLastResort: boolean,
  options: FailoverOptions<Value>,
): Promise<TargetOutcome<Value>> {
  const admission = options.health.admit(model, isLastResort);
  if (admission === undefined) return { ok: false, failure: NOT_ADMITTED, model, wasAdmitted: false };
  const attempt = beginOrLeave(model, admission, options);
  const result = await askSafely(attempt, options);
  if (result.ok) return { ok: true, value: result.value, attempt };
  const failure = withoutKey(result.failure, model);
  attempt.end(failure);
  options.onFailure({ model, failure });
  return { ok: false, failure, model, wasAdmitted: true };
}

function beginOrLeave<Value>(
  model: RoutableModel,
  admission: Admission,
  { begin }: FailoverOptions<Value>,
): Attempt {
  try {
    return begin(model, admission);
  } catch (error) {
    admission[Symbol.dispose]();
    throw error;
  }
}

async function askSafely<Value>(
  attempt: Attempt,
  { ask, deadline, now }: FailoverOptions<Value>,
): Promise<AttemptResult<Value>> {
  try {
    return await ask(attempt, Math.max(1, deadline - now()));
  } catch (error) {
    const failure = {
      code: 'internal_error',
      message: 'The attempt could not be made',
      cause: error,
    } as const;
    return { ok: false, failure };
  }
}

/** The dialects scrub what looks like a key; here the key itself is known, whatever it looks like. */
function withoutKey(failure: AttemptFailure, { key }: RoutableModel): AttemptFailure {
  if (key.state !== 'resolved' || !failure.message.includes(key.value)) return failure;
  return { ...failure, message: failure.message.replaceAll(key.value, '[redacted]') };
}

async function pause(milliseconds: number, cancellation: Cancellation): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  cancellation.add(resolve);
  await promise;
  clearTimeout(timer);
  cancellation.delete(resolve);
}
