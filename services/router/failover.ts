/**
 * Asks one model after the other until one answers, nobody is left or the time is over. All of it happens before the
 * first byte goes to the client; what happens after that is the stream's own affair.
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
} from '#domain/routing/plan-attempt.ts';
import type { RetryBudget } from '#domain/routing/retry-budget.ts';
import type { RoutableModel } from '#domain/routing/routable-model.ts';
import type { TargetHealthRegistry } from './target-health.ts';

export type AttemptResult<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly failure: AttemptFailure };

export interface FailedAttempt {
  readonly model: RoutableModel;
  readonly failure: AttemptFailure;
}

export type FailoverResult<Value> =
  | { readonly ok: true; readonly value: Value; readonly model: RoutableModel; readonly attempts: number }
  | { readonly ok: false; readonly failures: readonly FailedAttempt[]; readonly attempts: number };

export interface FailoverOptions<Value> {
  readonly candidates: readonly Candidate[];
  /** By the same clock as `now`, in milliseconds. */
  readonly deadline: number;
  readonly cancellation: Cancellation;
  readonly now: () => number;
  readonly random: () => number;
  readonly health: TargetHealthRegistry;
  readonly retryBudget: RetryBudget;
  /** The model with the key that its Secret holds now. */
  readonly rereadKey: (model: RoutableModel) => Promise<RoutableModel | undefined>;
  /** Must settle soon after the cancellation, and never reject. */
  readonly attempt: (model: RoutableModel, deadlineMilliseconds: number) => Promise<AttemptResult<Value>>;
  readonly onFailure: (attempt: FailedAttempt & { readonly seconds: number }) => void;
}

const NOT_ADMITTED: AttemptFailure = {
  code: 'unavailable',
  message: 'It failed several times in a row and is left to rest.',
};

export async function answerWithFailover<Value>(
  options: FailoverOptions<Value>,
): Promise<FailoverResult<Value>> {
  const { deadline, cancellation, now, retryBudget } = options;
  retryBudget.requestStarted();
  const startedAt = now();
  const targets: TargetProgress[] = options.candidates.map((candidate) => ({
    candidate,
    attempts: 0,
    notBefore: candidate.mustWait ? startedAt + candidate.benchedMilliseconds : startedAt,
  }));
  const failures: FailedAttempt[] = [];
  let attempts = 0;
  for (;;) {
    if (cancellation.isCancelled) return { ok: false, failures, attempts };
    const plan =
      failures.length === 0 && isFit(options.candidates[0])
        ? ASK_THE_FIRST
        : planAttempt(targets, now(), deadline, () => retryBudget.takeRetry());
    if (plan.kind === 'giveUp') return { ok: false, failures, attempts };
    const target = targets[plan.index];
    if (target === undefined) return { ok: false, failures, attempts };
    if (plan.waitMilliseconds > 0) {
      await pause(plan.waitMilliseconds, cancellation);
      continueWhenDue(targets, plan.index, now());
    }
    const outcome = await askTarget(target, options);
    attempts += outcome.attempts;
    if (outcome.result.ok) {
      return { ok: true, value: outcome.result.value, model: outcome.model, attempts };
    }
    const { failure } = outcome.result;
    failures.push({ model: outcome.model, failure });
    targets[plan.index] = {
      ...target,
      // What was not admitted was not asked, but asking again would end the same way.
      attempts: outcome.attempts === 0 ? ATTEMPTS_PER_TARGET : target.attempts + 1,
      lastFailure: failure,
      notBefore: now() + pauseMilliseconds(failure, options.random),
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

interface TargetOutcome<Value> {
  readonly result: AttemptResult<Value>;
  readonly model: RoutableModel;
  readonly attempts: number;
}

async function askTarget<Value>(
  { candidate }: TargetProgress,
  options: FailoverOptions<Value>,
): Promise<TargetOutcome<Value>> {
  const { model, benchedMilliseconds } = candidate;
  if (!options.health.admit(model, benchedMilliseconds > 0)) {
    return { result: { ok: false, failure: NOT_ADMITTED }, model, attempts: 0 };
  }
  const result = await askOnce(model, options);
  if (result.ok || result.failure.code !== 'key_refused' || model.key.state !== 'resolved') {
    return { result, model, attempts: 1 };
  }
  // The Secret may have changed while this request was on its way, faster than the watch.
  const current = await options.rereadKey(model);
  if (current?.key.state !== 'resolved' || current.key.digest === model.key.digest) {
    return { result, model, attempts: 1 };
  }
  options.health.admit(current, true);
  return { result: await askOnce(current, options), model: current, attempts: 2 };
}

async function askOnce<Value>(
  model: RoutableModel,
  options: FailoverOptions<Value>,
): Promise<AttemptResult<Value>> {
  const startedAt = options.now();
  const result = withoutKey(await options.attempt(model, Math.max(1, options.deadline - startedAt)), model);
  if (result.ok) options.health.succeeded(model);
  else {
    options.health.failed(model, result.failure);
    options.onFailure({ model, failure: result.failure, seconds: (options.now() - startedAt) / 1000 });
  }
  return result;
}

/** The dialects scrub what looks like a key; here the key itself is known, whatever it looks like. */
function withoutKey<Value>(result: AttemptResult<Value>, { key }: RoutableModel): AttemptResult<Value> {
  if (result.ok || key.state !== 'resolved' || !result.failure.message.includes(key.value)) return result;
  const message = result.failure.message.replaceAll(key.value, '[redacted]');
  return { ok: false, failure: { ...result.failure, message } };
}

async function pause(milliseconds: number, cancellation: Cancellation): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  cancellation.add(resolve);
  await promise;
  clearTimeout(timer);
  cancellation.delete(resolve);
}
