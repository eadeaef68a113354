/** POST /v1/embeddings. */
import type { FastifyInstance } from 'fastify';
import { FAILURES } from '#domain/failures/failure-codes.ts';
import type { EmbeddingsResponse } from '#domain/model-providers/openai-chat.ts';
import type { TokenUsage } from '#domain/model-providers/token-usage.ts';
import { embeddingsNeeds } from '#domain/routing/request-needs.ts';
import { callModel } from '../call-model.ts';
import { invalidRequest } from '../refusals.ts';
import { parseEmbeddingsBody } from '../request-body.ts';
import { RoutedRequest } from '../routed-request.ts';
import type { RouterParts } from '../router-parts.ts';
import { agentOf, sendError, sendFailure, sendWhole, singleHeader } from './replies.ts';

export function registerEmbeddings(app: FastifyInstance, parts: RouterParts): void {
  app.post('/v1/embeddings', async (request, reply) => {
    const body = parseEmbeddingsBody(request.body);
    if (!body.ok) return sendError(reply, invalidRequest(body.message));
    const embeddings = body.value;
    const routed = new RoutedRequest({
      parts,
      agent: agentOf(request),
      needs: embeddingsNeeds(embeddings),
      requestedModel: embeddings.model,
      deadlineHeader: singleHeader(request.headers['x-capataz-deadline-ms']),
      response: reply.raw,
      isStream: false,
    });
    const refusal = routed.refusal();
    if (refusal !== undefined) {
      routed.finish('refused', FAILURES[refusal.code].status, { errorCode: refusal.code });
      return sendError(reply, refusal, routed.headers(undefined));
    }
    let callStartedAt = 0;
    const result = await routed.ask((model, deadlineMilliseconds) => {
      callStartedAt = parts.now();
      const context = {
        model: model.providerModel,
        encodingFormat: embeddings.encoding_format ?? ('float' as const),
      };
      return callModel<{ readonly response: EmbeddingsResponse; readonly usage: TokenUsage | undefined }>({
        connections: parts.connections,
        model,
        deadlineMilliseconds,
        cancellation: routed.cancellation,
        build: (dialect, target) => dialect.embeddingsRequest(embeddings, target),
        parse: (dialect, answer) => dialect.parseEmbeddingsResponse(answer, context),
      });
    });
    if (!result.ok) return sendFailure(routed, result, reply);
    const { model, value } = result;
    routed.callFinished(model, (parts.now() - callStartedAt) / 1000);
    const usage = value.usage ?? routed.estimatedUsage(0);
    const { costNanoUsd } = routed.settle(model, usage, value.usage === undefined);
    routed.finish('answered', 200);
    const reported = { prompt_tokens: usage.inputTokens, total_tokens: usage.inputTokens };
    const answer = {
      ...value.response,
      ...(value.usage === undefined && { usage: reported }),
      capataz: routed.annotation(model),
    };
    const headers = { ...routed.headers(model), 'x-capataz-cost-nano-usd': String(costNanoUsd) };
    return sendWhole(reply, JSON.stringify(answer), headers);
  });
}
