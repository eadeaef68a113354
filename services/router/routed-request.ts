/**
 * One request of an agent from its arrival to its end: chooses the models, keeps the deadline, adds up what its attempts
 * cost, and tells how it ended exactly once. Whoever makes one disposes of it.
 */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { Cancellation } from '#adapters/model-providers/cancellation.ts';
import {
  type CallContext,
  type Writable,
  copyOptionalContext,
  readCallHeaders,
} from '#domain/facts/call-context.ts';
import type { RequestFact, RequestOutcome } from '#domain/facts/request-fact.ts';
import { FAILURES, type FailureCode } from '#domain/failures/failure-codes.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import type { AnswerAnnotation } from '#domain/dialects/dialect.ts';
import { type AttemptCharge, addCharges } from '#domain/pricing/charge-attempt.ts';
import { hearsTrace } from '#domain/tracing/told-to-models.ts';
import { readTraceContext } from '#domain/tracing/trace-context.ts';
import { type ModelChoice, chooseModels, describeChoice } from '#domain/routing/choose-models.ts';
import type { RequestNeeds } from '#domain/routing/request-needs.ts';
import type { RoutableAgent, RoutableModel } from '#domain/routing/routable-model.ts';
import { Attempt } from './attempt.ts';
import { type AttemptResult, type FailoverResult, answerWithFailover } from './failover.ts';
import {
  CALLER_LEFT,
  SHUTTING_DOWN,
  refusalOfFailures,
  refusalOfLimits,
  refusalOfNoModel,
} from './refusals.ts';
import type { RouterParts } from './router-parts.ts';
import type { Admission } from './target-health.ts';

export interface RoutedRequestOptions {
  readonly parts: RouterParts;
  readonly requestId: string;
  readonly agent: RoutableAgent;
  readonly needs: RequestNeeds;
  readonly requestedModel: string;
  readonly headers: IncomingHttpHeaders;
  readonly response: ServerResponse;
  readonly isStream: boolean;
}

const LONGEST_DEADLINE_MILLISECONDS = 3_600_000;
/** The longest limits of providers are by the day; what is above that is no time. */

export class RoutedRequest implements Disposable {
  readonly choice: ModelChoice;
  readonly cancellation = new Cancellation();
  readonly context: CallContext;
  readonly #options: RoutedRequestOptions;
  readonly #startedAt: number;
  readonly #startedAtEpochMilliseconds: number;
  readonly #decision: string;
  /** No attempt begins after it. */
  readonly #deadline: number;
  /** Whether the caller set it: only then it ends attempts too, and is his when it does. */
  readonly #isDeadlineGiven: boolean;
  readonly #deadlineProblem: string | undefined;
  readonly #end = (): void => this.cancellation.cancel();
  #attempts = 0;
  #charge: AttemptCharge = { source: 'none' };
  #costNanoUsd: number | null = 0;
  #lastAsked: RoutableModel | undefined;
  #firstContentAt: number | undefined;
  #isFinished = false;

  constructor(options: RoutedRequestOptions) {
    const { parts, agent, needs, requestedModel, requestId, isStream, headers, response } = options;
    this.#options = options;
    this.#startedAt = parts.now();
    this.#startedAtEpochMilliseconds = parts.epochMilliseconds();
    const { models } = parts.registry.snapshot();
    this.choice = chooseModels({
      requestedModel,
      needs,
      agent,
      findModel: (name) => models.get(`${agent.namespace}/${name}`),
      healthOf: parts.health.healthOf,
      random: parts.random,
    });
    this.#decision = describeChoice(this.choice);
    const trace = parts.spans.enter(readTraceContext(headers));
    this.context = {
      requestId,
      ...readCallHeaders(headers),
      ...(trace !== undefined && { trace }),
      caller: { namespace: agent.namespace, agent: agent.name },
      operation: needs.operation,
      // What was asked for is the caller's own text unless it names a Model that the policy knows.
      ...(this.choice.rejected[0]?.reason !== 'notAllowed' && { modelAsked: requestedModel }),
      isStream,
    };
    const deadline = readDeadline(headers['x-capataz-deadline-ms']);
    this.#deadlineProblem = typeof deadline === 'string' ? deadline : undefined;
    this.#isDeadlineGiven = typeof deadline === 'number';
    // Who gave no deadline gets time enough for each model that may have to be asked.
    const totals = this.choice.candidates.map(({ model }) => model.timeouts.totalMilliseconds);
    const enough = totals.reduce((sum, total) => sum + total, 0);
    this.#deadline =
      this.#startedAt +
      (typeof deadline === 'number' ? deadline : Math.min(enough, LONGEST_DEADLINE_MILLISECONDS));
    // Last, so that nothing is left behind when something above throws.
    response.once('close', this.#end);
    parts.drain.add(this.#end);
  }

  /** The reason not even to try. */
  refusal(): Refusal | undefined {
    if (this.#deadlineProblem !== undefined) {
      return { code: 'invalid_deadline', message: this.#deadlineProblem };
    }
    if (this.choice.candidates.length > 0) return undefined;
    return refusalOfNoModel(this.#options.requestedModel, this.choice);
  }

  async ask<Value>(
    ask: (attempt: Attempt, deadlineMilliseconds: number) => Promise<AttemptResult<Value>>,
  ): Promise<FailoverResult<Value>> {
    const { parts, agent } = this.#options;
    return await answerWithFailover<Value>({
      candidates: this.choice.candidates,
      deadline: this.#deadline,
      cancellation: this.cancellation,
      now: parts.now,
      random: parts.random,
      health: parts.health,
      retryBudget: parts.retryBudgets.of(`${agent.namespace}/${agent.name}`),
      rereadKey: parts.registry.rereadKey,
      begin: (model, admission) => this.#begin(model, admission),
      ask: (attempt, left) => ask(attempt, this.#isDeadlineGiven ? left : Infinity),
      onFailure: ({ failure: { code, cause } }) => {
        if (code === 'internal_error') parts.mistakes.report(cause, this.context.requestId);
      },
    });
  }

  /** What the caller is told when nobody answered. */
  refusalOf(result: FailoverResult<unknown> & { readonly ok: false }): Refusal {
    const { parts } = this.#options;
    if (parts.drain.isOver) return SHUTTING_DOWN;
    if (this.cancellation.isCancelled) return CALLER_LEFT;
    const isLimited = !result.hasAsked && this.choice.candidates.every(({ mustWait }) => mustWait);
    return isLimited
      ? refusalOfLimits(this.choice)
      : refusalOfFailures(result.failures, parts.now() >= this.#deadline);
  }

  annotation(model: RoutableModel): AnswerAnnotation {
    return {
      requestId: this.context.requestId,
      model: model.name,
      attempts: this.#attempts,
      costNanoUsd: this.#costNanoUsd,
    };
  }

  headers(model?: RoutableModel): Record<string, string> {
    return {
      'x-request-id': this.context.requestId,
      'x-capataz-request-id': this.context.requestId,
      'x-capataz-attempts': String(this.#attempts),
      'x-capataz-decision': this.#decision,
      ...(model === undefined ? {} : { 'x-capataz-model': model.name }),
      ...(this.#options.parts.drain.isDraining ? { connection: 'close' } : {}),
    };
  }

  /** The longest silence that any of the models is given, which a caller who does not read is given too. */
  longestIdleSeconds(): number {
    const idle = this.choice.candidates.map(({ model }) => model.timeouts.idleMilliseconds);
    return Math.max(...idle) / 1000;
  }

  /** The first content of a stream goes to the caller. */
  begins(): void {
    this.#firstContentAt = this.#options.parts.now();
  }

  /** A second call changes nothing. `status` where it is not that of the failure, or 200. */
  finish(outcome: RequestOutcome, failureCode?: FailureCode, status?: number): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    const { parts, response } = this.#options;
    response.off('close', this.#end);
    parts.drain.delete(this.#end);
    const { usage, source } = this.#charge;
    const { context } = this;
    const fact: Writable<RequestFact> = {
      kind: 'request',
      requestId: context.requestId,
      caller: context.caller,
      operation: context.operation,
      isStream: context.isStream,
      outcome,
      status: status ?? (failureCode === undefined ? 200 : FAILURES[failureCode].status),
      attempts: this.#attempts,
      decision: this.#decision,
      startedAtEpochMilliseconds: this.#startedAtEpochMilliseconds,
      durationMilliseconds: parts.now() - this.#startedAt,
      usageSource: source,
      costNanoUsd: this.#costNanoUsd,
    };
    copyOptionalContext(fact, context);
    if (failureCode !== undefined) fact.failureCode = failureCode;
    if (this.#lastAsked !== undefined) fact.model = this.#lastAsked.name;
    if (usage !== undefined) fact.usage = usage;
    if (this.#firstContentAt !== undefined) {
      fact.firstTokenMilliseconds = this.#firstContentAt - this.#startedAt;
    }
    parts.facts.publish(fact);
  }

  [Symbol.dispose](): void {
    this.finish('failed', 'internal_error');
  }

  #begin(model: RoutableModel, admission: Admission): Attempt {
    const { parts, needs } = this.#options;
    const trace = parts.spans.within(this.context.trace);
    this.#attempts += 1;
    this.#lastAsked = model;
    return new Attempt({
      model,
      number: this.#attempts,
      admission,
      context: this.context,
      trace,
      isTraceTold: trace !== undefined && hearsTrace(model.endpoint, parts.traceToModels),
      estimatedInputTokens: needs.estimatedInputTokens,
      now: parts.now,
      epochMilliseconds: parts.epochMilliseconds,
      onEnd: (fact, charge) => {
        this.#charge = addCharges(this.#charge, charge);
        const { costNanoUsd } = fact;
        // A cost that is not known makes the sum unknown.
        this.#costNanoUsd =
          this.#costNanoUsd === null || costNanoUsd === null ? null : this.#costNanoUsd + costNanoUsd;
        parts.facts.publish(fact);
      },
    });
  }
}

/** Milliseconds, undefined when there is no header, or a sentence on what is wrong with it. */
function readDeadline(header: string | string[] | undefined): number | string | undefined {
  if (header === undefined) return undefined;
  const milliseconds = typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : 0;
  return milliseconds > 0 && milliseconds <= LONGEST_DEADLINE_MILLISECONDS
    ? milliseconds
    : `The header x-capataz-deadline-ms must be a whole number from 1 to ${LONGEST_DEADLINE_MILLISECONDS}.`;
}
