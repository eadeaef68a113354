/** POST /v1/chat/completions, as JSON or as a stream. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { FAILURES } from '#domain/failures/failure-codes.ts';
import type { Parsed, ProviderDialect } from '#domain/model-providers/dialect.ts';
import type { ChatCompletion, ChatRequest } from '#domain/model-providers/openai-chat.ts';
import type { TokenUsage } from '#domain/model-providers/token-usage.ts';
import { chatNeeds, estimateTokens } from '#domain/routing/request-needs.ts';
import type { RoutableModel } from '#domain/routing/routable-model.ts';
import { callModel, speaksOpenAi } from '../call-model.ts';
import { errorBody } from '../openai-error.ts';
import { SHUTTING_DOWN, invalidRequest, refusalOfCut } from '../refusals.ts';
import { annotate, usageOfPlainAnswer } from '../plain-answer.ts';
import { type CommittedStream, type StreamEnd, attemptStream } from '../relay-stream.ts';
import { parseChatBody } from '../request-body.ts';
import { RoutedRequest, reportEstimate } from '../routed-request.ts';
import type { RouterParts } from '../router-parts.ts';
import { agentOf, sendError, sendFailure, sendWhole, singleHeader } from './replies.ts';

export function registerChatCompletions(app: FastifyInstance, parts: RouterParts): void {
  app.post('/v1/chat/completions', async (request, reply) => {
    const body = parseChatBody(request.body);
    if (!body.ok) return sendError(reply, invalidRequest(body.message));
    const chat = body.value;
    const routed = new RoutedRequest({
      parts,
      agent: agentOf(request),
      needs: chatNeeds(chat),
      requestedModel: chat.model,
      deadlineHeader: singleHeader(request.headers['x-capataz-deadline-ms']),
      response: reply.raw,
      isStream: chat.stream === true,
    });
    const refusal = routed.refusal();
    if (refusal !== undefined) {
      routed.finish('refused', FAILURES[refusal.code].status, { errorCode: refusal.code });
      return sendError(reply, refusal, routed.headers(undefined));
    }
    return chat.stream === true
      ? await answerStream(parts, routed, chat, reply)
      : await answerWhole(parts, routed, chat, reply);
  });
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
  let callStartedAt = 0;
  const result = await routed.ask((model, deadlineMilliseconds) => {
    callStartedAt = parts.now();
    return callModel<WholeChat>({
      connections: parts.connections,
      model,
      deadlineMilliseconds,
      cancellation: routed.cancellation,
      build: (dialect, target) => dialect.chatRequest(chat, target),
      parse: (dialect, answer, text) => parseWholeChat(parts, routed, model, dialect, answer, text),
    });
  });
  if (!result.ok) return sendFailure(routed, result, reply);
  const { model, value } = result;
  routed.callFinished(model, (parts.now() - callStartedAt) / 1000);
  const usage = value.usage ?? routed.estimatedUsage(estimateTokens(JSON.stringify(value).length));
  const { costNanoUsd } = routed.settle(model, usage, value.usage === undefined);
  const annotation = routed.annotation(model);
  const body =
    'text' in value
      ? annotate(value.text, annotation)
      : JSON.stringify({
          ...value.completion,
          ...(value.usage === undefined && { usage: reportEstimate(usage) }),
          capataz: annotation,
        });
  routed.finish('answered', 200);
  return sendWhole(reply, body, { ...routed.headers(model), 'x-capataz-cost-nano-usd': String(costNanoUsd) });
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
    id: `chatcmpl-${routed.requestId}`,
    createdSeconds: Math.floor(parts.epochSeconds()),
    model: model.providerModel,
  });
}

async function answerStream(
  parts: RouterParts,
  routed: RoutedRequest,
  chat: ChatRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  let callStartedAt = 0;
  const result = await routed.ask<CommittedStream>((model, deadlineMilliseconds) => {
    callStartedAt = parts.now();
    return attemptStream({
      connections: parts.connections,
      model,
      request: chat,
      deadlineMilliseconds,
      cancellation: routed.cancellation,
      response: reply.raw,
      headers: () => routed.headers(model),
      requestId: routed.requestId,
      createdSeconds: Math.floor(parts.epochSeconds()),
      now: parts.now,
    });
  });
  if (!result.ok) return sendFailure(routed, result, reply);
  // From here on the answer is written past fastify.
  reply.hijack();
  const { model, value } = result;
  const end = await value.ended;
  const seconds = (parts.now() - callStartedAt) / 1000;
  if (end.kind === 'cut' && end.failure !== undefined) {
    parts.health.failed(model, end.failure);
    parts.metrics.callFinished(model, 'chat', seconds, end.failure.code);
  } else routed.callFinished(model, seconds);
  settleStream(routed, model, end);
  finishStream(parts, routed, chat, model, value, end);
  return reply;
}

/**
 * A complete stream costs what the provider said. A cut one costs at least what was passed on: providers bill tokens
 * that they made, whether or not they arrived, and the last word on them is missing.
 */
function settleStream(routed: RoutedRequest, model: RoutableModel, end: StreamEnd): void {
  const told = end.usage?.usage;
  if (told !== undefined && end.kind === 'complete') {
    routed.settle(model, told, false);
    return;
  }
  const estimate = routed.estimatedUsage(estimateTokens(end.outputCharacters));
  if (told === undefined) routed.settle(model, estimate, true);
  else {
    const outputTokens = Math.max(told.outputTokens, estimate.outputTokens);
    routed.settle(model, { ...told, outputTokens }, outputTokens !== told.outputTokens);
  }
}

function finishStream(
  parts: RouterParts,
  routed: RoutedRequest,
  chat: ChatRequest,
  model: RoutableModel,
  { client }: CommittedStream,
  end: StreamEnd,
): void {
  const { firstTokenAt, rest } = end;
  if (end.kind === 'complete') {
    client.end(`${rest}${usageEvent(routed, chat, model, end)}data: [DONE]\n\n`);
    routed.finish('answered', 200, { firstTokenAt });
    return;
  }
  if (end.kind === 'cancelled' && !parts.drain.isOver) {
    client.destroy();
    routed.finish('cancelled', 499, { errorCode: 'cancelled', firstTokenAt });
    return;
  }
  const error = end.kind === 'cut' && end.failure !== undefined ? refusalOfCut(end.failure) : SHUTTING_DOWN;
  client.end(`${rest}data: ${errorBody(error)}\n\n`);
  routed.finish('cut', 200, { errorCode: error.code, firstTokenAt });
}

/** The usage chunk goes to those who asked for it, with what the answer cost. */
function usageEvent(routed: RoutedRequest, chat: ChatRequest, model: RoutableModel, end: StreamEnd): string {
  if (chat.stream_options?.include_usage !== true) return '';
  const usage =
    end.usage?.reported ?? reportEstimate(routed.estimatedUsage(estimateTokens(end.outputCharacters)));
  const chunk = {
    ...end.identity,
    object: 'chat.completion.chunk',
    choices: [],
    usage,
    capataz: routed.annotation(model),
  };
  return `data: ${JSON.stringify(chunk)}\n\n`;
}
