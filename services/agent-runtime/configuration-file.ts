/**
 * The mounted configuration: read at boot, and again every few seconds while the stream is down. It lags behind the
 * stream by up to a minute (the kubelet syncs it), so a content that was read before is never offered again: only a
 * change of the file is news.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '#telemetry/logger.ts';

const POLL_SECONDS = 10;

export interface ConfigurationFile {
  /** Settles when the file has been read once, or could not be. */
  readonly firstRead: Promise<void>;
  readonly close: () => Promise<void>;
}

export function watchConfigurationFile(options: {
  readonly path: string;
  readonly isStreamUp: () => boolean;
  readonly onConfiguration: (text: string) => Promise<unknown>;
  readonly logger: Logger;
  readonly pollSeconds?: number;
  /** An agent that follows no rollout has no file of one. */
  readonly isOptional?: boolean;
}): ConfigurationFile {
  const { path, isStreamUp, onConfiguration, logger } = options;
  const stopping = new AbortController();
  let lastText: string | undefined;
  let lastProblem: string | undefined;

  async function read(): Promise<void> {
    try {
      const text = await readFile(path, 'utf8');
      lastProblem = undefined;
      if (text === lastText) return;
      lastText = text;
      await onConfiguration(text);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      const isExpected = options.isOptional === true && (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (problem !== lastProblem && !isExpected)
        logger.warn({ problem }, 'the mounted configuration cannot be read');
      lastProblem = problem;
    }
  }

  async function poll(): Promise<void> {
    while (!stopping.signal.aborted) {
      await sleep((options.pollSeconds ?? POLL_SECONDS) * 1000, undefined, { signal: stopping.signal }).catch(
        () => undefined,
      );
      if (!stopping.signal.aborted && !isStreamUp()) await read();
    }
  }

  const firstRead = read();
  const polling = firstRead.then(poll);
  return {
    firstRead,
    close: async () => {
      stopping.abort();
      await polling;
    },
  };
}
