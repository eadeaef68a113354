/** The environment of the local model server. */
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { LOOPBACK_VARIABLES, listeningHost } from '#process/http/loopback.ts';
import { PROCESS_VARIABLES, processSettings, seconds, wholeNumber } from '#process/environment.ts';

/**
 * One core is left to the rest of the machine. llama.cpp's threads wait for each other in a busy loop, so as soon as
 * one of them has to share its core all of them crawl: on two busy cores two threads wrote 1 to 14 tokens a second
 * where one wrote 18 to 25.
 */
function defaultThreads(): number {
  return Math.max(1, availableParallelism() - 1);
}

export const LocalModelConfig = z
  .object({
    CAPATAZ_MODELS_DIRECTORY: z.string().min(1).default('/models'),
    ...PROCESS_VARIABLES,
    ...LOOPBACK_VARIABLES,
    CAPATAZ_THREADS: wholeNumber(1, 256).default(defaultThreads),
    CAPATAZ_CONTEXT_TOKENS: wholeNumber(256, 8192).default(4096),
    CAPATAZ_PARALLEL_GENERATIONS: wholeNumber(1, 16).default(2),
    CAPATAZ_QUEUE_LENGTH: wholeNumber(0, 1000).default(32),
    CAPATAZ_OUTPUT_TOKENS: wholeNumber(1, 8192).default(1024),
    CAPATAZ_DRAIN_SECONDS: seconds(0, 600).default(20),
  })
  .transform((environment) => ({
    modelsDirectory: environment.CAPATAZ_MODELS_DIRECTORY,
    ...processSettings(environment),
    listening: listeningHost(environment),
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
