/**
 * Spans of facts: one of each request as its caller saw it, and in it one of each attempt. Tokens and cost stand on
 * attempts alone, so that whoever adds spans up counts nothing twice.
 */
import { totalInputTokens } from '#domain/chat/token-usage.ts';
import { telemetryNameOf } from '#domain/dialects/dialects.ts';
import type { AttemptFact } from '#domain/facts/attempt-fact.ts';
import type { CallContext } from '#domain/facts/call-context.ts';
import type { FactSubscriber } from '#domain/facts/fact-stream.ts';
import type { RequestFact } from '#domain/facts/request-fact.ts';
import { SAMPLED, type SpanContext } from '#domain/tracing/trace-context.ts';
import { CAPATAZ, GEN_AI, HTTP_STATUS } from '#telemetry/gen-ai-attributes.ts';
import type { SpanAttributes } from '#telemetry/tracing/tracing.ts';
import type { SubscriberMeans } from './fact-subscribers.ts';

export function factSpans({ tracing, writeLater }: SubscriberMeans): FactSubscriber {
  const name = 'spans';
  if (!tracing.isOn) return { name };
  return {
    name,
    attempt: (fact) => {
      const { trace: context } = fact;
      if (context === undefined || !isSampled(context)) return;
      writeLater(() =>
        tracing.tell({
          ...fact,
          context,
          name: `${fact.operation} ${fact.providerModel}`,
          kind: 'client',
          attributes: attemptAttributes(fact),
          errorType: fact.failureCode,
        }),
      );
    },
    request: (fact) => {
      const { trace: context } = fact;
      if (context === undefined || !isSampled(context)) return;
      writeLater(() =>
        tracing.tell({
          ...fact,
          context,
          name: fact.modelAsked === undefined ? fact.operation : `${fact.operation} ${fact.modelAsked}`,
          kind: 'server',
          attributes: requestAttributes(fact),
          errorType: fact.failureCode,
        }),
      );
    },
  };
}

function isSampled({ flags }: SpanContext): boolean {
  return (flags & SAMPLED) !== 0;
}

function requestAttributes(fact: RequestFact): SpanAttributes {
  return {
    ...callAttributes(fact),
    [GEN_AI.requestModel]: fact.modelAsked,
    [GEN_AI.requestStream]: fact.isStream,
    [HTTP_STATUS]: fact.status,
    [CAPATAZ.model]: fact.model,
    [CAPATAZ.attempts]: fact.attempts,
    [CAPATAZ.decision]: fact.decision,
    [CAPATAZ.timeToFirstTokenMilliseconds]: fact.firstTokenMilliseconds,
  };
}

function attemptAttributes(fact: AttemptFact): SpanAttributes {
  const { usage } = fact;
  return {
    ...callAttributes(fact),
    [GEN_AI.providerName]: telemetryNameOf(fact.provider),
    [GEN_AI.requestModel]: fact.providerModel,
    [GEN_AI.requestStream]: fact.isStream,
    [GEN_AI.responseModel]: fact.modelServed,
    [CAPATAZ.model]: fact.model.name,
    [CAPATAZ.attempt]: fact.attempt,
    [CAPATAZ.timeToFirstTokenMilliseconds]: fact.firstTokenMilliseconds,
    [CAPATAZ.usageSource]: fact.usageSource,
    [CAPATAZ.costNanoUsd]: fact.costNanoUsd ?? undefined,
    ...(usage !== undefined && {
      [GEN_AI.inputTokens]: totalInputTokens(usage),
      [GEN_AI.cacheReadInputTokens]: usage.cachedInputTokens,
      [GEN_AI.cacheCreationInputTokens]: usage.cacheWriteTokens,
      [GEN_AI.outputTokens]: usage.outputTokens,
      [GEN_AI.reasoningOutputTokens]: usage.reasoningTokens,
    }),
  };
}

function callAttributes(fact: CallContext & Pick<RequestFact | AttemptFact, 'outcome'>): SpanAttributes {
  return {
    [GEN_AI.operationName]: fact.operation,
    [GEN_AI.agentName]: fact.caller.agent,
    [CAPATAZ.namespace]: fact.caller.namespace,
    [CAPATAZ.requestId]: fact.requestId,
    [CAPATAZ.outcome]: fact.outcome,
    [CAPATAZ.runId]: fact.run?.id,
    [CAPATAZ.step]: fact.run?.step,
    [CAPATAZ.promptVersion]: fact.prompt?.name,
    [CAPATAZ.promptDigest]: fact.prompt?.digest,
  };
}
