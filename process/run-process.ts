/**
 * The shell of every process:
 *
 *     environment not valid            one sentence for each variable on stderr, exit 2
 *     start fails, or a fault of ours  one log line, exit 1
 *     SIGTERM, SIGINT                  `stop`, then exit 0; a second signal ends the process at once
 *
 * Log lines are written many at a time: a busy process writes thousands in a second.
 */
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { z } from 'zod';
import { type Logger, createLogger } from '#telemetry/logger.ts';
import { type ProcessSettings, readEnvironment } from './environment.ts';

const LOG_BUFFER_BYTES = 8_192;
const LOG_FLUSH_MILLISECONDS = 200;
const LAST_FLUSH_MILLISECONDS = 1_000;

export interface RunningProcess {
  /** The ports that are listened on, also when 0 was asked for. */
  readonly port?: number;
  readonly metricsPort?: number;
  /** Lets what is under way end within the drain time, and closes everything. */
  readonly stop: () => Promise<void>;
}

export interface ProcessShell {
  readonly logger: Logger;
  /** Writes a line of another kind between those of the log; it must end with a line feed. */
  readonly writeLine: (line: string) => void;
  /** Ends the process with exit code 1: what it was started for can no longer be done. */
  readonly fail: (error: unknown) => void;
}

export interface ProcessDefinition<Settings extends Pick<ProcessSettings, 'logLevel'>> {
  /** As people call it: `router`. It is the component of its log lines. */
  readonly name: string;
  readonly environment: z.ZodType<Settings>;
  readonly start: (settings: Settings, shell: ProcessShell) => Promise<RunningProcess>;
}

export async function runProcess<Settings extends Pick<ProcessSettings, 'logLevel'>>(
  definition: ProcessDefinition<Settings>,
): Promise<void> {
  const environment = readEnvironment(definition.name, definition.environment, process.env);
  if (!environment.ok) {
    process.stderr.write(`${environment.message}\n`);
    process.exit(2);
  }
  const { settings } = environment;
  const destination = pino.destination({
    dest: 1,
    sync: false,
    minLength: LOG_BUFFER_BYTES,
    periodicFlush: LOG_FLUSH_MILLISECONDS,
  });
  const logger = createLogger(definition.name, settings.logLevel, destination);

  const fail = (error: unknown): void => {
    // pino writes all that waits before it returns from `fatal`.
    logger.fatal({ error }, 'the process ends by a fault');
    process.exit(1);
  };
  // Rejections that nobody handles come here too.
  process.on('uncaughtException', fail);

  let running: RunningProcess | undefined;
  let isStopping = false;
  async function stop(signal: NodeJS.Signals): Promise<void> {
    if (isStopping) {
      destination.flushSync();
      process.exit(128 + constants.signals[signal]);
    }
    isStopping = true;
    logger.info({ signal }, 'the process is draining');
    // What has not started yet has nothing under way.
    await running?.stop();
    logger.info('the process has ended');
    const flushed = new Promise<void>((resolve) => {
      destination.flush(() => resolve());
    });
    // A reader of the log that does not read must not keep the process.
    await Promise.race([flushed, sleep(LAST_FLUSH_MILLISECONDS)]);
    process.exit(0);
  }
  process.on('SIGTERM', (signal) => void stop(signal));
  process.on('SIGINT', (signal) => void stop(signal));

  running = await definition.start(settings, {
    logger,
    writeLine: (line) => destination.write(line),
    fail,
  });
  const { port, metricsPort } = running;
  if (port !== undefined) logger.info({ port, metricsPort }, 'the process is listening');
}
