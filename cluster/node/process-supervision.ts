import { type ChildProcess, spawn } from 'node:child_process';
import { open, rename, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

export interface SupervisedProcess {
  readonly name: string;
  readonly program: string;
  readonly arguments: readonly string[];
  readonly logFile: string;
}

const LARGEST_LOG_BYTES = 16 * 1024 * 1024;
const STABLE_SECONDS = 30;

/** The pause before the next start: short at first, so that a killed component is back at once. */
export function backoffMilliseconds(consecutiveFailures: number): number {
  return Math.min(5000, 200 * 2 ** Math.min(consecutiveFailures, 10));
}

/**
 * Starts the process again whenever it ends, for ever. Process 1 of the namespace ends with us, and
 * the kernel then ends every process, so there is nothing to stop here.
 */
export async function superviseForever(
  subject: SupervisedProcess,
  tell: (sentence: string) => void,
): Promise<never> {
  let consecutiveFailures = 0;
  for (;;) {
    const startedAt = performance.now();
    const ending = await runOnce(subject);
    const ranSeconds = (performance.now() - startedAt) / 1000;
    consecutiveFailures = ranSeconds > STABLE_SECONDS ? 0 : consecutiveFailures + 1;
    const pauseMilliseconds = backoffMilliseconds(consecutiveFailures - 1);
    tell(
      `${subject.name} ended (${ending}) after ${ranSeconds.toFixed(1)} s and starts again in ${pauseMilliseconds} ms.`,
    );
    await delay(pauseMilliseconds);
  }
}

async function runOnce(subject: SupervisedProcess): Promise<string> {
  await rotateLog(subject.logFile);
  const log = await open(subject.logFile, 'a');
  const { promise, resolve } = Promise.withResolvers<string>();
  try {
    const child: ChildProcess = spawn(subject.program, subject.arguments, {
      stdio: ['ignore', log.fd, log.fd],
    });
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => resolve(code === null ? `signal ${signal}` : `exit code ${code}`));
  } finally {
    await log.close();
  }
  return promise;
}

async function rotateLog(logFile: string): Promise<void> {
  const size = await stat(logFile).then(
    (statistics) => statistics.size,
    () => 0,
  );
  if (size > LARGEST_LOG_BYTES) await rename(logFile, `${logFile}.1`);
}
