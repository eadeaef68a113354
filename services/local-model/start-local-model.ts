/** Puts the local model server together from its settings and runs it until `stop`. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { loadChatModel } from '#adapters/llama/chat-model.ts';
import { loadEmbeddingModel } from '#adapters/llama/embedding-model.ts';
import { loadLlamaLibrary } from '#adapters/llama/llama-library.ts';
import { Drain } from '#process/drain.ts';
import { type Readiness, startHealthServer } from '#process/health-server.ts';
import { startHttpServiceAt } from '#process/http/loopback.ts';
import type { RunningProcess } from '#process/run-process.ts';
import type { Logger } from '#telemetry/logger.ts';
import { buildLocalModelApp } from './app.ts';
import type { LocalModelConfig } from './config.ts';
import { createLocalModelMetrics } from './metrics.ts';

export async function startLocalModel(config: LocalModelConfig, logger: Logger): Promise<RunningProcess> {
  const metrics = createLocalModelMetrics();
  const shutdown = new AbortController();
  const drain = new Drain();
  drain.add(() => shutdown.abort(new Error('the server is stopping')));
  let readiness: Readiness = { ready: false, reason: 'the models are being loaded' };
  const healthServer = await startHealthServer({
    port: config.metricsPort,
    ...config.listening,
    registry: metrics.registry,
    isReady: () => readiness,
    drain,
  });
  const { threads, contextTokens, parallelGenerations } = config;
  const llama = await loadLlamaLibrary(threads, logger);
  const modelAt = (id: string, file: string): { id: string; modelPath: string; threads: number } => ({
    id,
    modelPath: join(config.modelsDirectory, file),
    threads,
  });
  const chatModel = await loadChatModel(llama, {
    ...modelAt('smollm2-135m-instruct', 'smollm2-135m-instruct-q4_1.gguf'),
    // With the system message of its own template the model answers "What is the capital of France?" in circles.
    defaultSystemText: 'You are a helpful assistant.',
    contextTokens,
    parallelGenerations,
  });
  const embeddingModel = await loadEmbeddingModel(
    llama,
    modelAt('all-minilm-l6-v2', 'all-minilm-l6-v2.gguf'),
  );
  const app = buildLocalModelApp({
    chatModel,
    embeddingModel,
    metrics,
    logger,
    queueLength: config.queueLength,
    defaultOutputTokens: config.outputTokens,
    newId: randomUUID,
    now: Date.now,
    elapsed: () => performance.now(),
    shutdown: shutdown.signal,
    drain,
  });
  const service = await startHttpServiceAt(config.listening, {
    app,
    port: config.port,
    drain,
    times: config,
  });
  readiness = { ready: true };
  logger.info({ threads, contextTokens, parallelGenerations }, 'the models are loaded');
  return {
    port: service.port,
    metricsPort: healthServer.port,
    stop: async () => {
      await service.stop();
      await healthServer.close();
    },
  };
}
