/** The one llama.cpp library of the process, on the processor only, from the prebuilt package. */
import { type Llama, LlamaLogLevel, getLlama } from 'node-llama-cpp';
import type { Logger } from '#telemetry/logger.ts';

/**
 * `threads` must be set: the library's own guess in a container makes it up to a hundred times slower. More threads
 * than free cores are slower than one, because llama.cpp's threads wait for each other in a busy loop.
 */
export async function loadLlamaLibrary(threads: number, logger: Logger): Promise<Llama> {
  return await getLlama({
    gpu: false,
    // Never compile or download: in a read-only image both can only fail, minutes later.
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    maxThreads: threads,
    logLevel: LlamaLogLevel.warn,
    logger: (level, message) => {
      const isError = level === LlamaLogLevel.error || level === LlamaLogLevel.fatal;
      logger[isError ? 'error' : 'debug']({ text: message.trim() }, 'llama.cpp said something');
    },
  });
}
