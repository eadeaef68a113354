/** The HTTP side of the local model server, without a port: main.ts listens, tests listen on one of their own. */
import { fastify as createFastify, type FastifyError, type FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ChatModel, EmbeddingModel } from '#adapters/llama/language-model.ts';
import type { Logger } from '#telemetry/logger.ts';
import { AdmissionQueue } from './admission-queue.ts';
import type { LocalModelMetrics } from './metrics.ts';
import { type OpenAiError, badRequest, serverError } from './open-ai-error.ts';
import { registerChatCompletions } from './routes/chat-completions.ts';
import { registerEmbeddings } from './routes/embeddings.ts';
import { registerModels } from './routes/models.ts';

export interface LocalModelDependencies {
  readonly chatModel: ChatModel;
  readonly embeddingModel: EmbeddingModel;
  readonly metrics: LocalModelMetrics;
  readonly logger: Logger;
  readonly queueLength: number;
  readonly defaultOutputTokens: number;
  readonly newId: () => string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds on a clock that never goes back. */
  readonly elapsed: () => number;
  /** Aborted when answers must end because the process does. */
  readonly shutdown: AbortSignal;
}

/** Far above what fits into the context: longer texts get a sentence with their length, not just "too large". */
const BODY_MAXIMUM_BYTES = 8 * 1024 * 1024;

export function buildLocalModelApp(dependencies: LocalModelDependencies): FastifyInstance {
  const app = createFastify({
    bodyLimit: BODY_MAXIMUM_BYTES,
    // Answers to slow clients are bounded by the model, requests by this.
    requestTimeout: 60_000,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
  });
  const { chatModel, metrics, elapsed } = dependencies;
  const chatQueue = new AdmissionQueue({
    places: chatModel.parallelGenerations,
    queueLength: dependencies.queueLength,
    now: elapsed,
  });
  const embeddingsQueue = new AdmissionQueue({
    places: 1,
    queueLength: dependencies.queueLength,
    now: elapsed,
  });
  metrics.observeQueue('chat', chatQueue);
  metrics.observeQueue('embeddings', embeddingsQueue);

  app.setErrorHandler((error, _request, reply) => {
    const answer = describeHttpError(error);
    if (answer.status >= 500) dependencies.logger.error({ error }, 'a request failed');
    return reply.code(answer.status).send({ error: answer.error });
  });
  app.setNotFoundHandler((request, reply) => {
    const { error } = badRequest(
      `There is no ${request.method} ${request.url.split('?', 1)[0]} here: use /v1/chat/completions, /v1/embeddings or /v1/models.`,
    );
    return reply.code(404).send({ error });
  });
  registerChatCompletions(app, { ...dependencies, queue: chatQueue });
  registerEmbeddings(app, { ...dependencies, queue: embeddingsQueue });
  registerModels(app, dependencies);
  return app;
}

function describeHttpError(error: unknown): OpenAiError {
  if (error instanceof z.ZodError) {
    const { path, message } = error.issues[0] ?? { path: [], message: 'The body does not fit' };
    const param = path.join('.');
    return badRequest(`${param === '' ? 'The body' : param}: ${message}.`, 'invalid_value', param || null);
  }
  const { statusCode, message } = error as Partial<FastifyError>;
  if (statusCode === undefined || statusCode >= 500) {
    return serverError('The server failed on this request; its log says why.');
  }
  const sentence = (message ?? 'The request cannot be read').replace(/\.?$/, '.');
  return { ...badRequest(sentence), status: statusCode };
}
