/** The environment of the local model server. */
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { LOG_LEVELS } from '#telemetry/logger.ts';

/**
 * One core is left to the rest of the machine. llama.cpp's threads wait for each other in a busy loop, so as soon as
 * one of them has to share its core all of them crawl: on two busy cores two threads wrote 1 to 14 tokens a second
 * where one wrote 18 to 25.
 */
function defaultThreads(): number {
  return Math.max(1, availableParallelism() - 1);
}

const wholeNumber = (least: number, most: number, otherwise: number): z.ZodType<number> =>
  z.coerce.number().int().min(least).max(most).default(otherwise);

export const LocalModelConfig = z
  .object({
    CAPATAZ_MODELS_DIRECTORY: z.string().min(1).default('/models'),
    CAPATAZ_PORT: wholeNumber(0, 65_535, 8080),
    CAPATAZ_METRICS_PORT: wholeNumber(0, 65_535, 9090),
    CAPATAZ_LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
    CAPATAZ_THREADS: z.coerce.number().int().min(1).max(256).default(defaultThreads),
    CAPATAZ_CONTEXT_TOKENS: wholeNumber(256, 8192, 4096),
    CAPATAZ_PARALLEL_GENERATIONS: wholeNumber(1, 16, 2),
    CAPATAZ_QUEUE_LENGTH: wholeNumber(0, 1000, 32),
    CAPATAZ_OUTPUT_TOKENS: wholeNumber(1, 8192, 1024),
    CAPATAZ_DRAIN_SECONDS: wholeNumber(0, 600, 20),
  })
  .transform((environment) => ({
    modelsDirectory: environment.CAPATAZ_MODELS_DIRECTORY,
    port: environment.CAPATAZ_PORT,
    metricsPort: environment.CAPATAZ_METRICS_PORT,
    logLevel: environment.CAPATAZ_LOG_LEVEL,
    threads: environment.CAPATAZ_THREADS,
    /** What one conversation may hold, its answer included. */
    contextTokens: environment.CAPATAZ_CONTEXT_TOKENS,
    parallelGenerations: environment.CAPATAZ_PARALLEL_GENERATIONS,
    /** How many requests may wait for a place; the next one is told to come back later. */
    queueLength: environment.CAPATAZ_QUEUE_LENGTH,
    /** Longest answer when a request does not say. */
    outputTokens: environment.CAPATAZ_OUTPUT_TOKENS,
    drainSeconds: environment.CAPATAZ_DRAIN_SECONDS,
  }));
export type LocalModelConfig = z.infer<typeof LocalModelConfig>;
