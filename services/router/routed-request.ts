/**
 * One request of an agent from its arrival to its line in the log: chooses the models, keeps the deadline, and settles
 * usage, cost and figures exactly once, however the request ends.
 */
import type { ServerResponse } from 'node:http';
import { Cancellation } from '#adapters/model-providers/cancellation.ts';
import type { OpenAiUsage, RouterAnnotation } from '#domain/model-providers/openai-chat.ts';
import type { TokenUsage } from '#domain/model-providers/token-usage.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import { costNanoUsd } from '#domain/pricing/token-price.ts';
import type { AttemptFailure } from '#domain/routing/attempt-failure.ts';
import { type ModelChoice, chooseModels, describeChoice } from '#domain/routing/choose-models.ts';
import type { RequestNeeds } from '#domain/routing/request-needs.ts';
import type { RoutableAgent, RoutableModel } from '#domain/routing/routable-model.ts';
import { type AttemptResult, type FailoverResult, answerWithFailover } from './failover.ts';
import {
  CALLER_LEFT,
  SHUTTING_DOWN,
  refusalOfFailures,
  refusalOfLimits,
  refusalOfNoModel,
} from './refusals.ts';
import type { Outcome } from './router-metrics.ts';
import type { RouterParts } from './router-parts.ts';

export interface RoutedRequestOptions {
  readonly parts: RouterParts;
  readonly agent: RoutableAgent;
  readonly needs: RequestNeeds;
  readonly requestedModel: string;
  readonly deadlineHeader: string | undefined;
  readonly response: ServerResponse;
  readonly isStream: boolean;
}

export interface SettledUsage {
  readonly usage: TokenUsage;
  readonly costNanoUsd: number | null;
}

const LONGEST_DEADLINE_MILLISECONDS = 3_600_000;

export class RoutedRequest {
  readonly requestId: string;
  readonly choice: ModelChoice;
  readonly cancellation = new Cancellation();
  readonly startedAt: number;
  /** Attempts begun so far. */
  attempts = 0;
  readonly #options: RoutedRequestOptions;
  readonly #deadline: number;
  readonly #deadlineProblem: string | undefined;
  readonly #end = (): void => this.cancellation.cancel();
  #settled: (SettledUsage & { readonly model: RoutableModel; readonly isEstimated: boolean }) | undefined;
  #isFinished = false;
  #answeredBy: RoutableModel | undefined;
  #asked: RoutableModel | undefined;

  constructor(options: RoutedRequestOptions) {
    const { parts, agent, needs, requestedModel, response } = options;
    this.#options = options;
    this.requestId = parts.newRequestId();
    this.startedAt = parts.now();
    const { models } = parts.registry.snapshot();
    this.choice = chooseModels({
      requestedModel,
      needs,
      agent,
      findModel: (name) => models.get(`${agent.namespace}/${name}`),
      healthOf: parts.health.healthOf,
      random: parts.random,
    });
    const deadline = readDeadline(options.deadlineHeader);
    this.#deadlineProblem = typeof deadline === 'string' ? deadline : undefined;
    const longestTotal = Math.max(
      0,
      ...this.choice.candidates.map(({ model }) => model.timeouts.totalMilliseconds),
    );
    this.#deadline = this.startedAt + (typeof deadline === 'number' ? deadline : longestTotal);
    response.once('close', this.#end);
    parts.drain.add(this.#end);
  }

  /** The reason not even to try. */
  refusal(): Refusal | undefined {
    if (this.#deadlineProblem !== undefined)
      return { code: 'invalid_deadline', message: this.#deadlineProblem };
    if (this.choice.candidates.length > 0) return undefined;
    return refusalOfNoModel(this.#options.requestedModel, this.choice);
  }

  async ask<Value>(
    attempt: (model: RoutableModel, deadlineMilliseconds: number) => Promise<AttemptResult<Value>>,
  ): Promise<FailoverResult<Value>> {
    const { parts, needs } = this.#options;
    const result = await answerWithFailover<Value>({
      candidates: this.choice.candidates,
      deadline: this.#deadline,
      cancellation: this.cancellation,
      now: parts.now,
      random: parts.random,
      health: parts.health,
      retryBudget: parts.retryBudget,
      rereadKey: parts.registry.rereadKey,
      attempt: (model, deadlineMilliseconds) => {
        this.attempts += 1;
        this.#asked = model;
        return attempt(model, deadlineMilliseconds);
      },
      onFailure: ({ model, failure, seconds }) => {
        parts.metrics.callFinished(model, needs.operation, seconds, failure.code);
        parts.logger.warn(
          { requestId: this.requestId, model: model.id, failure: failure.code, reason: ownWords(failure) },
          'an attempt failed',
        );
      },
    });
    if (result.ok) this.#answeredBy = result.model;
    return result;
  }

  /** What the caller is told when nobody answered. */
  errorOf(result: FailoverResult<unknown> & { readonly ok: false }): Refusal {
    if (this.#options.parts.drain.isOver) return SHUTTING_DOWN;
    if (this.cancellation.isCancelled) return CALLER_LEFT;
    if (result.attempts === 0 && this.choice.candidates.every(({ mustWait }) => mustWait)) {
      return refusalOfLimits(this.choice);
    }
    return refusalOfFailures(result.failures, this.#options.parts.now() >= this.#deadline);
  }

  callFinished(model: RoutableModel, seconds: number): void {
    this.#options.parts.metrics.callFinished(model, this.#options.needs.operation, seconds);
  }

  /** Charges the agent. A second call changes nothing: no request is charged twice. */
  settle(model: RoutableModel, usage: TokenUsage, isEstimated: boolean): SettledUsage {
    if (this.#settled !== undefined) return this.#settled;
    const { parts, agent, needs } = this.#options;
    const cost = model.price === undefined ? null : costNanoUsd(model.price.price, usage);
    this.#settled = { usage, costNanoUsd: cost, model, isEstimated };
    const { operation } = needs;
    parts.metrics.usageSettled({ agent, model, operation, usage, costNanoUsd: cost ?? 0, isEstimated });
    return this.#settled;
  }

  /** For a call whose usage the provider never told: what was sent, and what came back so far. */
  estimatedUsage(outputTokens: number): TokenUsage {
    const { estimatedInputTokens } = this.#options.needs;
    return { inputTokens: estimatedInputTokens, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens };
  }

  annotation(model: RoutableModel): RouterAnnotation {
    const cost = this.#settled?.costNanoUsd ?? null;
    return { requestId: this.requestId, model: model.name, attempts: this.attempts, costNanoUsd: cost };
  }

  headers(model: RoutableModel | undefined): Record<string, string> {
    return {
      'x-capataz-request-id': this.requestId,
      'x-capataz-attempts': String(this.attempts),
      'x-capataz-decision': describeChoice(this.choice),
      ...(model === undefined ? {} : { 'x-capataz-model': model.name }),
      ...(this.#options.parts.drain.isDraining ? { connection: 'close' } : {}),
    };
  }

  /** Writes the one line and the figures of this request. A second call changes nothing. */
  finish(outcome: Outcome, status: number, ending: Ending = {}): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    const { parts, agent, needs, response } = this.#options;
    response.off('close', this.#end);
    parts.drain.delete(this.#end);
    const now = parts.now();
    const { firstTokenAt, errorCode = '' } = ending;
    parts.metrics.requestFinished({
      agent,
      operation: needs.operation,
      outcome,
      errorCode,
      seconds: (now - this.startedAt) / 1000,
      attempts: this.attempts,
      ...(firstTokenAt === undefined ? {} : this.#pace(firstTokenAt, now)),
    });
    parts.logger.info({ ...this.#describe(now, ending), status, outcome }, 'request finished');
  }

  #pace(firstTokenAt: number, now: number): Pace {
    const secondsToFirstToken = (firstTokenAt - this.startedAt) / 1000;
    const tokensAfterFirst = (this.#settled?.usage.outputTokens ?? 0) - 1;
    if (tokensAfterFirst < 1) return { secondsToFirstToken };
    return { secondsToFirstToken, secondsPerOutputToken: (now - firstTokenAt) / 1000 / tokensAfterFirst };
  }

  #describe(now: number, { errorCode, firstTokenAt }: Ending): Record<string, unknown> {
    const { parts, agent, needs, isStream, requestedModel } = this.#options;
    return {
      requestId: this.requestId,
      namespace: agent.namespace,
      agent: agent.name,
      operation: needs.operation,
      stream: isStream,
      // What was asked for is the caller's text unless it names a Model that the policy knows.
      requested: this.choice.rejected[0]?.reason === 'notAllowed' ? undefined : requestedModel,
      model: (this.#answeredBy ?? this.#asked)?.name,
      decision: parts.logger.isLevelEnabled('debug') ? describeChoice(this.choice) : undefined,
      error: errorCode,
      attempts: this.attempts,
      milliseconds: Math.round(now - this.startedAt),
      firstTokenMilliseconds: firstTokenAt && Math.round(firstTokenAt - this.startedAt),
      ...(this.#settled && {
        usage: this.#settled.usage,
        usageEstimated: this.#settled.isEstimated,
        costNanoUsd: this.#settled.costNanoUsd,
      }),
    };
  }
}

/** Providers quote prompts in their refusals, so only what the router says itself may be logged. */
function ownWords(failure: AttemptFailure): string | undefined {
  return failure.code === 'unreachable' || failure.code === 'timed_out' ? failure.message : undefined;
}

export interface Ending {
  readonly errorCode?: string;
  readonly firstTokenAt?: number;
}

interface Pace {
  readonly secondsToFirstToken: number;
  readonly secondsPerOutputToken?: number;
}

/** OpenAI's `usage` for an answer whose provider told none. */
export function reportEstimate(usage: TokenUsage): OpenAiUsage {
  const { inputTokens, outputTokens } = usage;
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  };
}

/** Milliseconds, undefined when there is no header, or a sentence on what is wrong with it. */
function readDeadline(header: string | undefined): number | string | undefined {
  if (header === undefined) return undefined;
  const milliseconds = /^\d{1,9}$/.test(header) ? Number(header) : 0;
  return milliseconds > 0 && milliseconds <= LONGEST_DEADLINE_MILLISECONDS
    ? milliseconds
    : `The header x-capataz-deadline-ms must be a whole number from 1 to ${LONGEST_DEADLINE_MILLISECONDS}.`;
}
