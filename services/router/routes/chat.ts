/** Chat in the dialect of a front, whole or as a stream. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ChatAnswer } from '#domain/chat/chat-answer.ts';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import type { TokenUsage } from '#domain/chat/token-usage.ts';
import type {
  AnswerIdentity,
  FrontDialect,
  PlainAnswer,
  ProviderDialect,
  Read,
} from '#domain/dialects/dialect.ts';
import { providerDialectOf } from '#domain/dialects/dialects.ts';
import { estimateTokens } from '#domain/pricing/estimate-tokens.ts';
import { chatNeeds } from '#domain/routing/request-needs.ts';
import type { RoutableModel } from '#domain/routing/routable-model.ts';
import type { Attempt } from '../attempt.ts';
import { callModel } from '../call-model.ts';
import type { Front } from '../fronts.ts';
import { NOT_RECORDED, SHUTTING_DOWN, refusalOfCut } from '../refusals.ts';
import { type CommittedStream, attemptStream } from '../relay-stream.ts';
import { readBody } from '../request-body.ts';
import { RoutedRequest } from '../routed-request.ts';
import type { RouterParts } from '../router-parts.ts';
import { StreamingCaller } from '../streaming-caller.ts';
import { agentOf, answerSafely, isRecorded, sendFailure, sendRefusal, sendWhole } from './replies.ts';

export function registerChat(app: FastifyInstance, front: Front, parts: RouterParts): void {
  const { dialect, chatPath, readPath } = front;
  app.post(chatPath, (request, reply) =>
    answerSafely(parts, reply, async () => {
      const path = readPath?.(request.params as Readonly<Record<string, string>>);
      if (readPath !== undefined && path === undefined) {
        return sendRefusal(reply, {
          code: 'unknown_path',
          message: `Nothing is served at ${chatPath} but chat.`,
        });
      }
      const body = readBody(request.body, (json) => dialect.readChatRequest(json, path));
      if (!body.ok) return sendRefusal(reply, body.refusal);
      const chat = body.value;
      const routed = new RoutedRequest({
        parts,
        requestId: request.id,
        agent: agentOf(request),
        needs: chatNeeds(chat),
        requestedModel: chat.model,
        headers: request.headers,
        response: reply.raw,
        isStream: chat.stream !== undefined,
      });
      // Of the hot path, where `using` costs a microsecond more than `finally`.
      try {
        const refusal = routed.refusal();
        if (refusal !== undefined) {
          routed.finish('refused', refusal.code);
          return sendRefusal(reply, refusal, routed.headers());
        }
        const conversation = { parts, routed, front: dialect, chat, reply };
        return chat.stream === undefined ? await answerWhole(conversation) : await answerStream(conversation);
      } finally {
        routed[Symbol.dispose]();
      }
    }),
  );
}

interface Conversation {
  readonly parts: RouterParts;
  readonly routed: RoutedRequest;
  readonly front: FrontDialect;
  readonly chat: ChatRequest;
  readonly reply: FastifyReply;
}

/** An answer that is passed on as it came, or one that is told in the front's words. */
type WholeChat =
  | ({ readonly body: string } & PlainAnswer)
  | { readonly answer: ChatAnswer; readonly usage: TokenUsage | undefined };

async function answerWhole(conversation: Conversation): Promise<FastifyReply> {
  const { parts, routed, front, chat, reply } = conversation;
  const result = await routed.ask((attempt, deadlineMilliseconds) =>
    callModel<WholeChat>({
      connections: parts.connections,
      attempt,
      deadlineMilliseconds,
      cancellation: routed.cancellation,
      write: (provider, target) => provider.writeChatRequest(chat, target),
      read: (provider, body) => readWholeChat(front, provider, chat, body),
    }),
  );
  if (!result.ok) return sendFailure(routed, result, reply);
  try {
    return await tellWhole(conversation, result.attempt, result.value);
  } finally {
    result.attempt[Symbol.dispose]();
  }
}

async function tellWhole(
  { parts, routed, front, reply }: Conversation,
  attempt: Attempt,
  value: WholeChat,
): Promise<FastifyReply> {
  if (value.usage === undefined) attempt.received(estimateTokens(JSON.stringify(value)));
  else attempt.told(value.usage);
  if ('answer' in value) {
    attempt.servedBy(value.answer);
    for (const { finishReason } of value.answer.choices) attempt.finished(finishReason);
  } else {
    attempt.servedBy(value);
    attempt.finished(value.finishReason);
  }
  const { usage } = attempt.end(undefined);
  const annotation = routed.annotation(attempt.model);
  const body =
    'body' in value && front.annotatePlainAnswer !== undefined
      ? front.annotatePlainAnswer(value.body, annotation)
      : 'answer' in value
        ? front.writeChatAnswer(
            { ...value.answer, ...(usage !== undefined && { usage }) },
            identityOf(parts, routed, attempt.model),
            annotation,
          )
        : value.body;
  routed.finish('answered');
  return await sendWhole(parts, reply, body, {
    ...routed.headers(attempt.model),
    'x-capataz-cost-nano-usd': String(annotation.costNanoUsd),
  });
}

function readWholeChat(
  front: FrontDialect,
  provider: ProviderDialect,
  chat: ChatRequest,
  body: string,
): Read<WholeChat> {
  const isOwn = front.name === provider.name && front.annotatePlainAnswer !== undefined;
  const plain = isOwn ? provider.readPlainAnswer?.(body, chat) : undefined;
  if (plain !== undefined) return { ok: true, value: { body, ...plain } };
  const read = provider.readChatAnswer(body, chat);
  return read.ok ? { ok: true, value: { answer: read.value, usage: read.value.usage } } : read;
}

async function answerStream(conversation: Conversation): Promise<FastifyReply> {
  const { parts, routed, front, chat, reply } = conversation;
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
      writer: front.createStreamWriter(chat, identityOf(parts, routed, attempt.model)),
      mayRelay: front.name === providerDialectOf(attempt.model.provider).name,
      deadlineMilliseconds,
      cancellation: routed.cancellation,
      caller,
      onCommit: () => routed.begins(),
    }),
  );
  if (!result.ok) return tellNobodyAnswered(conversation, caller, result);
  using attempt = result.attempt;
  const { writer, ended } = result.value;
  const { failure, rest } = await ended;
  const { usage } = attempt.end(failure);
  if (failure === undefined) {
    routed.finish('answered');
    const isTold = await isRecorded(parts);
    caller.end(
      rest + (isTold ? writer.end(usage, routed.annotation(attempt.model)) : writer.fail(NOT_RECORDED)),
    );
  } else if (failure.code === 'cancelled' && !parts.drain.isOver) {
    caller.destroy();
    routed.finish('cancelled', 'cancelled');
  } else {
    if (failure.code === 'internal_error') parts.mistakes.report(failure.cause, routed.context.requestId);
    const refusal = failure.code === 'cancelled' ? SHUTTING_DOWN : refusalOfCut(failure);
    caller.end(rest + writer.fail(refusal));
    routed.finish('cut', refusal.code, 200);
  }
  return reply;
}

/** When comments have gone out, the head has, and the refusal can only be an event. */
function tellNobodyAnswered(
  { routed, front, chat, parts, reply }: Conversation,
  caller: StreamingCaller,
  result: Extract<Awaited<ReturnType<RoutedRequest['ask']>>, { readonly ok: false }>,
): FastifyReply {
  if (!caller.isOpen) return sendFailure(routed, result, reply);
  const refusal = routed.refusalOf(result);
  caller.end(front.createStreamWriter(chat, identityOf(parts, routed)).fail(refusal));
  routed.finish(refusal.code === 'cancelled' ? 'cancelled' : 'failed', refusal.code, 200);
  return reply;
}

/** What stands in an answer whose provider gives nothing of its own. */
function identityOf(
  { epochMilliseconds }: RouterParts,
  { context }: RoutedRequest,
  model?: RoutableModel,
): AnswerIdentity {
  return {
    id: `chatcmpl-${context.requestId}`,
    createdSeconds: Math.floor(epochMilliseconds() / 1000),
    model: model?.providerModel ?? '',
  };
}
