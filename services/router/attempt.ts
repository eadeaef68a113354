/**
 * One attempt at one model, from its admission to its one end. Whoever holds it ends it, at the latest by disposing of
 * it: then the target's health, the books and all subscribers of facts have heard of it exactly once.
 */
import type { FinishReason, ServedBy } from '#domain/chat/chat-answer.ts';
import type { TokenUsage } from '#domain/chat/token-usage.ts';
import type { ProviderRequest } from '#domain/dialects/dialect.ts';
import { type AttemptFact, attemptOutcome } from '#domain/facts/attempt-fact.ts';
import { type CallContext, type Writable, copyOptionalContext } from '#domain/facts/call-context.ts';
import { type AttemptCharge, chargeAttempt } from '#domain/pricing/charge-attempt.ts';
import { costNanoUsd } from '#domain/pricing/token-price.ts';
import type { AttemptFailure } from '#domain/routing/attempt-failure.ts';
import type { RoutableModel } from '#domain/routing/routable-model.ts';
import { type SpanContext, writeTraceparent } from '#domain/tracing/trace-context.ts';
import type { Admission } from './target-health.ts';

export interface AttemptOptions {
  readonly model: RoutableModel;
  /** Counts the attempts of the request from 1. */
  readonly number: number;
  readonly admission: Admission;
  readonly context: CallContext;
  readonly trace: SpanContext | undefined;
  /** Whether the model may hear of it. */
  readonly isTraceTold: boolean;
  readonly estimatedInputTokens: number;
  readonly now: () => number;
  readonly epochMilliseconds: () => number;
  readonly onEnd: (fact: AttemptFact, charge: AttemptCharge) => void;
}

const WEIGHT_OF_FINISH: Readonly<Record<FinishReason, number>> = {
  stop: 0,
  tool_calls: 1,
  length: 2,
  content_filter: 3,
};
const NOT_ENDED: AttemptFailure = { code: 'internal_error', message: 'The attempt was given up unfinished.' };

export class Attempt implements Disposable {
  readonly model: RoutableModel;
  readonly #options: AttemptOptions;
  readonly #startedAt: number;
  readonly #startedAtEpochMilliseconds: number;
  #firstContentAt: number | undefined;
  #wasSent = false;
  #told: TokenUsage | undefined;
  #outputTokens = 0;
  #modelServed: string | undefined;
  #fingerprint: string | undefined;
  #finishReason: FinishReason | undefined;
  #fact: AttemptFact | undefined;

  constructor(options: AttemptOptions) {
    this.#options = options;
    this.model = options.model;
    this.#startedAt = options.now();
    this.#startedAtEpochMilliseconds = options.epochMilliseconds();
  }

  /** As it goes out. */
  requestOf(request: ProviderRequest): ProviderRequest {
    const { trace, isTraceTold } = this.#options;
    if (trace === undefined || !isTraceTold) return request;
    return { ...request, headers: { ...request.headers, traceparent: writeTraceparent(trace) } };
  }

  /** From now on the provider may bill it. */
  readonly sent = (): void => {
    this.#wasSent = true;
  };

  /** The first content of a stream has come, and goes to the caller. */
  begins(): void {
    this.#firstContentAt = this.#options.now();
    this.#options.admission.answers();
  }

  /** What the provider said; the last word counts. */
  told(usage: TokenUsage): void {
    this.#told = usage;
  }

  /** What is not told takes nothing back; the last word counts. */
  servedBy({ servedModel, fingerprint }: ServedBy): void {
    this.#modelServed = servedModel ?? this.#modelServed;
    this.#fingerprint = fingerprint ?? this.#fingerprint;
  }

  /** Why a choice of the answer ended. Of several that counts which says most of the answer. */
  finished(reason: FinishReason): void {
    const known = this.#finishReason;
    if (known === undefined || WEIGHT_OF_FINISH[reason] > WEIGHT_OF_FINISH[known])
      this.#finishReason = reason;
  }

  /** Tokens of the answer that have come, as estimated. */
  received(tokens: number): void {
    this.#outputTokens += tokens;
  }

  /** `failure` is undefined when the answer came whole. A second end changes nothing. */
  end(failure: AttemptFailure | undefined): AttemptFact {
    if (this.#fact !== undefined) return this.#fact;
    const { admission, estimatedInputTokens, onEnd } = this.#options;
    admission.end(failure);
    const charge = chargeAttempt({
      failureCode: failure?.code,
      wasSent: this.#wasSent,
      told: this.#told,
      estimatedInputTokens,
      estimatedOutputTokens: this.#outputTokens,
    });
    this.#fact = this.#factOf(failure, charge);
    onEnd(this.#fact, charge);
    return this.#fact;
  }

  [Symbol.dispose](): void {
    this.end(NOT_ENDED);
  }

  /** Written out field by field: it is made for every attempt, and spreading costs ten times as much. */
  #factOf(failure: AttemptFailure | undefined, { usage, source }: AttemptCharge): AttemptFact {
    const { model, number, context, trace, now } = this.#options;
    const { namespace, name, price } = model;
    const fact: Writable<AttemptFact> = {
      kind: 'attempt',
      requestId: context.requestId,
      caller: context.caller,
      operation: context.operation,
      isStream: context.isStream,
      attempt: number,
      model: { namespace, name },
      provider: model.provider,
      providerModel: model.providerModel,
      startedAtEpochMilliseconds: this.#startedAtEpochMilliseconds,
      durationMilliseconds: now() - this.#startedAt,
      outcome: attemptOutcome(failure?.code, this.#firstContentAt !== undefined),
      usageSource: source,
      costNanoUsd: usage === undefined ? 0 : price === undefined ? null : costNanoUsd(price.price, usage),
    };
    copyOptionalContext(fact, context);
    if (trace !== undefined) fact.trace = trace;
    if (failure !== undefined) fact.failureCode = failure.code;
    if (usage !== undefined) fact.usage = usage;
    if (this.#modelServed !== undefined) fact.modelServed = this.#modelServed;
    if (this.#fingerprint !== undefined) fact.fingerprint = this.#fingerprint;
    if (this.#finishReason !== undefined) fact.finishReason = this.#finishReason;
    if (this.#firstContentAt !== undefined) {
      fact.firstTokenMilliseconds = this.#firstContentAt - this.#startedAt;
    }
    return fact;
  }
}
