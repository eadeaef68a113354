/** The HTTP side of the local model server, without a port: main.ts listens, tests listen on one of their own. */
import type { FastifyInstance } from 'fastify';
import type { ChatModel, EmbeddingModel } from '#adapters/llama/language-model.ts';
import type { Drain } from '#process/drain.ts';
import { createHttpApp } from '#process/http/http-service.ts';
import { REQUEST_ID_HEADER, requestIdOf } from '#process/http/request-id.ts';
import type { Logger } from '#telemetry/logger.ts';
import { AdmissionQueue } from './admission-queue.ts';
import type { LocalModelMetrics } from './metrics.ts';
import { sendRefusal } from './refusals.ts';
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
  readonly drain: Drain;
  /** Aborted when answers must end because the process does. */
  readonly shutdown: AbortSignal;
}

/** Far above what fits into the context: longer texts get a sentence with their length, not just "too large". */
const BODY_MAXIMUM_BYTES = 8 * 1024 * 1024;

export function buildLocalModelApp(dependencies: LocalModelDependencies): FastifyInstance {
  const app = createHttpApp({
    logger: dependencies.logger,
    drain: dependencies.drain,
    requestId: ({ headers }) => requestIdOf(headers[REQUEST_ID_HEADER], dependencies.newId),
    paths: '/v1/chat/completions, /v1/embeddings and /v1/models',
    largestBodyBytes: BODY_MAXIMUM_BYTES,
    body: 'json',
    refuse: (refusal, _request, reply) => sendRefusal(reply, refusal),
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

  registerChatCompletions(app, { ...dependencies, queue: chatQueue });
  registerEmbeddings(app, { ...dependencies, queue: embeddingsQueue });
  registerModels(app, dependencies);
  return app;
}
