/** POST /v1/chat/completions, as JSON or as a stream. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { TokenUsage } from '#domain/chat/token-usage.ts';
import type { Parsed, ProviderDialect } from '#domain/model-providers/dialect.ts';
import type { ChatCompletion, ChatRequest } from '#domain/model-providers/openai-chat.ts';
import { estimateTokens } from '#domain/pricing/estimate-tokens.ts';
import { chatNeeds } from '#domain/routing/request-needs.ts';
import type { RoutableModel } from '#domain/routing/routable-model.ts';
import type { Attempt } from '../attempt.ts';
import { callModel, speaksOpenAi } from '../call-model.ts';
import { errorBody } from '../openai-error.ts';
import { annotate, usageOfPlainAnswer } from '../plain-answer.ts';
import { SHUTTING_DOWN, refusalOfCut } from '../refusals.ts';
import { type CommittedStream, type StreamEnd, attemptStream } from '../relay-stream.ts';
import { parseChatBody } from '../request-body.ts';
import { RoutedRequest } from '../routed-request.ts';
import type { RouterParts } from '../router-parts.ts';
import { StreamingCaller } from '../streaming-caller.ts';
import { agentOf, answerSafely, reportEstimate, sendFailure, sendRefusal, sendWhole } from './replies.ts';

export function registerChatCompletions(app: FastifyInstance, parts: RouterParts): void {
  app.post('/v1/chat/completions', (request, reply) =>
    answerSafely(parts, reply, async () => {
      const body = parseChatBody(request.body);
      if (!body.ok) return sendRefusal(reply, body.refusal);
      const chat = body.value;
      using routed = new RoutedRequest({
        parts,
        requestId: request.id,
        agent: agentOf(request),
        needs: chatNeeds(chat),
        requestedModel: chat.model,
        headers: request.headers,
        response: reply.raw,
        isStream: chat.stream === true,
      });
      const refusal = routed.refusal();
      if (refusal !== undefined) {
        routed.finish('refused', refusal.code);
        return sendRefusal(reply, refusal, routed.headers());
      }
      return chat.stream === true
        ? await answerStream(parts, routed, chat, reply)
        : await answerWhole(parts, routed, chat, reply);
    }),
  );
}

/** An answer that is passed on as it came, or one that was translated. */
type WholeChat =
  | { readonly text: string; readonly usage: TokenUsage }
  | { readonly completion: ChatCompletion; readonly usage: TokenUsage | undefined };

async function answerWhole(
  parts: RouterParts,
  routed: RoutedRequest,
  chat: ChatRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const result = await routed.ask((attempt, deadlineMilliseconds) =>
    callModel<WholeChat>({
      connections: parts.connections,
      attempt,
      deadlineMilliseconds,
      cancellation: routed.cancellation,
      build: (dialect, target) => dialect.chatRequest(chat, target),
      parse: (dialect, answer, text) => parseWholeChat(parts, routed, attempt.model, dialect, answer, text),
    }),
  );
  if (!result.ok) return sendFailure(routed, result, reply);
  const { value } = result;
  using attempt = result.attempt;
  if (value.usage === undefined) attempt.received(estimateTokens(JSON.stringify(value)));
  else attempt.told(value.usage);
  if ('completion' in value) attempt.servedBy(value.completion.model);
  const { usage } = attempt.end(undefined);
  const annotation = routed.annotation(attempt.model);
  const body =
    'text' in value
      ? annotate(value.text, annotation)
      : JSON.stringify({
          ...value.completion,
          ...(value.usage === undefined && usage !== undefined && { usage: reportEstimate(usage) }),
          capataz: annotation,
        });
  routed.finish('answered');
  return sendWhole(reply, body, {
    ...routed.headers(attempt.model),
    'x-capataz-cost-nano-usd': String(annotation.costNanoUsd),
  });
}

function parseWholeChat(
  parts: RouterParts,
  routed: RoutedRequest,
  model: RoutableModel,
  dialect: ProviderDialect,
  answer: unknown,
  text: string,
): Parsed<WholeChat> {
  const plainUsage = speaksOpenAi(model) ? usageOfPlainAnswer(answer) : undefined;
  if (plainUsage !== undefined) return { ok: true, value: { text, usage: plainUsage } };
  return dialect.parseChatResponse(answer, {
    id: `chatcmpl-${routed.context.requestId}`,
    createdSeconds: createdSeconds(parts),
    model: model.providerModel,
  });
}

async function answerStream(
  parts: RouterParts,
  routed: RoutedRequest,
  chat: ChatRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  using caller = new StreamingCaller(reply, {
    keepAliveSeconds: parts.keepAliveSeconds,
    stallSeconds: routed.longestIdleSeconds(),
    headers: (model) => routed.headers(model),
  });
  const result = await routed.ask<CommittedStream>((attempt, deadlineMilliseconds) =>
    attemptStream({
      connections: parts.connections,
      attempt,
      request: chat,
      deadlineMilliseconds,
      cancellation: routed.cancellation,
      caller,
      requestId: routed.context.requestId,
      createdSeconds: createdSeconds(parts),
      onCommit: () => routed.begins(),
    }),
  );
  if (result.ok) {
    using attempt = result.attempt;
    finishStream(parts, routed, chat, attempt, caller, await result.value.ended);
    return reply;
  }
  if (!caller.isOpen) return sendFailure(routed, result, reply);
  // Comments have gone out, so the head has: the refusal can only be an event.
  const refusal = routed.refusalOf(result);
  caller.end(`data: ${errorBody(refusal)}\n\n`);
  routed.finish(refusal.code === 'cancelled' ? 'cancelled' : 'failed', refusal.code, 200);
  return reply;
}

function finishStream(
  parts: RouterParts,
  routed: RoutedRequest,
  chat: ChatRequest,
  attempt: Attempt,
  caller: StreamingCaller,
  end: StreamEnd,
): void {
  const { failure, rest } = end;
  const { usage } = attempt.end(failure);
  if (failure === undefined) {
    caller.end(`${rest}${usageEvent(routed, chat, attempt, end, usage)}data: [DONE]\n\n`);
    routed.finish('answered');
    return;
  }
  if (failure.code === 'cancelled' && !parts.drain.isOver) {
    caller.destroy();
    routed.finish('cancelled', 'cancelled');
    return;
  }
  if (failure.code === 'internal_error') parts.mistakes.report(failure.cause, routed.context.requestId);
  const refusal = failure.code === 'cancelled' ? SHUTTING_DOWN : refusalOfCut(failure);
  caller.end(`${rest}data: ${errorBody(refusal)}\n\n`);
  routed.finish('cut', refusal.code, 200);
}

/** The usage chunk goes to those who asked for it, with what the answer cost. */
function usageEvent(
  routed: RoutedRequest,
  chat: ChatRequest,
  { model }: Attempt,
  { identity, reportedUsage }: StreamEnd,
  usage: TokenUsage | undefined,
): string {
  if (chat.stream_options?.include_usage !== true) return '';
  const chunk = {
    ...identity,
    object: 'chat.completion.chunk',
    choices: [],
    usage: reportedUsage ?? (usage && reportEstimate(usage)),
    capataz: routed.annotation(model),
  };
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

function createdSeconds({ epochMilliseconds }: RouterParts): number {
  return Math.floor(epochMilliseconds() / 1000);
}
