/** POST /v1/embeddings. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { TokenUsage } from '#domain/chat/token-usage.ts';
import type { EmbeddingsRequest, EmbeddingsResponse } from '#domain/model-providers/openai-chat.ts';
import { embeddingsNeeds } from '#domain/routing/request-needs.ts';
import { callModel } from '../call-model.ts';
import { parseEmbeddingsBody } from '../request-body.ts';
import { RoutedRequest } from '../routed-request.ts';
import type { RouterParts } from '../router-parts.ts';
import { agentOf, answerSafely, sendFailure, sendRefusal, sendWhole } from './replies.ts';

export function registerEmbeddings(app: FastifyInstance, parts: RouterParts): void {
  app.post('/v1/embeddings', (request, reply) =>
    answerSafely(parts, reply, async () => {
      const body = parseEmbeddingsBody(request.body);
      if (!body.ok) return sendRefusal(reply, body.refusal);
      const embeddings = body.value;
      using routed = new RoutedRequest({
        parts,
        requestId: request.id,
        agent: agentOf(request),
        needs: embeddingsNeeds(embeddings),
        requestedModel: embeddings.model,
        headers: request.headers,
        response: reply.raw,
        isStream: false,
      });
      const refusal = routed.refusal();
      if (refusal === undefined) return await answerEmbeddings(parts, routed, embeddings, reply);
      routed.finish('refused', refusal.code);
      return sendRefusal(reply, refusal, routed.headers());
    }),
  );
}

async function answerEmbeddings(
  parts: RouterParts,
  routed: RoutedRequest,
  embeddings: EmbeddingsRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const result = await routed.ask((attempt, deadlineMilliseconds) => {
    const encodingFormat = embeddings.encoding_format ?? 'float';
    const context = { model: attempt.model.providerModel, encodingFormat };
    return callModel<{ readonly response: EmbeddingsResponse; readonly usage: TokenUsage | undefined }>({
      connections: parts.connections,
      attempt,
      deadlineMilliseconds,
      cancellation: routed.cancellation,
      build: (dialect, target) => dialect.embeddingsRequest(embeddings, target),
      parse: (dialect, answer) => dialect.parseEmbeddingsResponse(answer, context),
    });
  });
  if (!result.ok) return sendFailure(routed, result, reply);
  using attempt = result.attempt;
  const { response, usage: told } = result.value;
  if (told !== undefined) attempt.told(told);
  attempt.servedBy(response.model);
  const { usage } = attempt.end(undefined);
  const annotation = routed.annotation(attempt.model);
  routed.finish('answered');
  const tokens = usage?.inputTokens ?? 0;
  const answer = {
    ...response,
    ...(told === undefined && { usage: { prompt_tokens: tokens, total_tokens: tokens } }),
    capataz: annotation,
  };
  return sendWhole(reply, JSON.stringify(answer), {
    ...routed.headers(attempt.model),
    'x-capataz-cost-nano-usd': String(annotation.costNanoUsd),
  });
}
