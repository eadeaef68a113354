/** The local model server: a small chat model and an embedding model behind OpenAI's API, without a key. */
import './home-directory.ts';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { loadChatModel } from '#adapters/llama/chat-model.ts';
import { loadEmbeddingModel } from '#adapters/llama/embedding-model.ts';
import { loadLlamaLibrary } from '#adapters/llama/llama-library.ts';
import { createLogger } from '#telemetry/logger.ts';
import { startMetricsServer } from '#telemetry/metrics-server.ts';
import { buildLocalModelApp } from './app.ts';
import { LocalModelConfig } from './config.ts';
import { createLocalModelMetrics } from './metrics.ts';

const parsed = LocalModelConfig.safeParse(process.env);
if (!parsed.success) {
  process.stderr.write(`The environment is not valid:\n${z.prettifyError(parsed.error)}\n`);
  process.exit(1);
}
const config = parsed.data;
const logger = createLogger('local-model', config.logLevel);
const metrics = createLocalModelMetrics();
const shutdown = new AbortController();
let state: 'loading' | 'ready' | 'stopping' = 'loading';
let stop: () => Promise<void> = async () => {};

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    state = 'stopping';
    logger.info({ signal }, 'stopping');
    void stop().then(() => process.exit(0));
  });
}

try {
  const metricsServer = await startMetricsServer({
    port: config.metricsPort,
    registry: metrics.registry,
    isReady: () => state === 'ready' || { ready: false, reason: `the server is ${state}` },
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
  });
  stop = async () => {
    const drained = app.close();
    await Promise.race([drained, sleep(config.drainSeconds * 1000)]);
    shutdown.abort(new Error('the server is stopping'));
    await Promise.race([drained, sleep(1000)]);
    await metricsServer.close();
  };
  await app.listen({ port: config.port, host: '::' });
  if (state === 'loading') state = 'ready';
  logger.info({ threads, contextTokens, parallelGenerations }, 'ready');
} catch (error) {
  logger.fatal({ error }, 'the server could not start');
  process.exit(1);
}
