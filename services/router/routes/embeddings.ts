/** Embeddings in the dialect of a front that has them. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { EmbeddingsRequest } from '#domain/chat/embeddings.ts';
import type { FrontDialect } from '#domain/dialects/dialect.ts';
import { embeddingsNeeds } from '#domain/routing/request-needs.ts';
import { callModel } from '../call-model.ts';
import type { Front } from '../fronts.ts';
import { EMBEDDINGS_BOUNDS, readBody } from '../request-body.ts';
import { RoutedRequest } from '../routed-request.ts';
import type { RouterParts } from '../router-parts.ts';
import { agentOf, answerSafely, sendFailure, sendRefusal, sendWhole } from './replies.ts';

export function registerEmbeddings(app: FastifyInstance, front: Front, parts: RouterParts): void {
  const { embeddingsPath } = front;
  const { readEmbeddingsRequest, writeEmbeddingsAnswer } = front.dialect;
  if (embeddingsPath === undefined || !readEmbeddingsRequest || !writeEmbeddingsAnswer) return;
  app.post(embeddingsPath, (request, reply) =>
    answerSafely(parts, reply, async () => {
      const body = readBody(request.body, readEmbeddingsRequest, EMBEDDINGS_BOUNDS);
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
      if (refusal === undefined) {
        return await answerEmbeddings(parts, routed, embeddings, writeEmbeddingsAnswer, reply);
      }
      routed.finish('refused', refusal.code);
      return sendRefusal(reply, refusal, routed.headers());
    }),
  );
}

async function answerEmbeddings(
  parts: RouterParts,
  routed: RoutedRequest,
  request: EmbeddingsRequest,
  write: NonNullable<FrontDialect['writeEmbeddingsAnswer']>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const result = await routed.ask((attempt, deadlineMilliseconds) =>
    callModel({
      connections: parts.connections,
      attempt,
      deadlineMilliseconds,
      cancellation: routed.cancellation,
      write: (provider, target) => provider.writeEmbeddingsRequest(request, target),
      read: (provider, body) => provider.readEmbeddingsAnswer(body, request),
    }),
  );
  if (!result.ok) return sendFailure(routed, result, reply);
  using attempt = result.attempt;
  const answer = result.value;
  if (answer.usage !== undefined) attempt.told(answer.usage);
  attempt.servedBy(answer);
  const { usage } = attempt.end(undefined);
  const annotation = routed.annotation(attempt.model);
  const identity = {
    id: routed.context.requestId,
    createdSeconds: Math.floor(parts.epochMilliseconds() / 1000),
    model: attempt.model.providerModel,
  };
  const body = write({ ...answer, ...(usage !== undefined && { usage }) }, identity, annotation);
  routed.finish('answered');
  return await sendWhole(parts, reply, body, {
    ...routed.headers(attempt.model),
    'x-capataz-cost-nano-usd': String(annotation.costNanoUsd),
  });
}
