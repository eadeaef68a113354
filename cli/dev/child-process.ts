/** A service of ours as a child: its log lines, its port, and its end on every path. */
import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../exit-codes.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PRELOAD = import.meta.resolve('./child-preload.ts');
const END_MILLISECONDS = 700;
const POLL_MILLISECONDS = 50;
const LAST_ERRORS_CHARACTERS = 2_000;

export type LogLine = Readonly<Record<string, unknown>>;

export interface Service extends AsyncDisposable {
  readonly port: number;
  readonly ready: (withinSeconds: number) => Promise<void>;
  /** Rejects when the process ends by itself. */
  readonly ended: Promise<never>;
}

export async function startService(options: {
  readonly name: 'router' | 'agent-runtime' | 'local-model';
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly onLine: (line: LogLine) => void;
}): Promise<Service> {
  const { name, signal, onLine } = options;
  const main = join(ROOT, 'services', name, 'main.ts');
  if (!existsSync(main)) {
    throw new CommandError(
      'notFound',
      `services/${name} is not here: capataz dev needs a checkout of the repository.`,
    );
  }
  const child = spawn(process.execPath, ['--import', PRELOAD, main], {
    env: {
      ...options.environment,
      CAPATAZ_LOOPBACK_ONLY: 'true',
      CAPATAZ_METRICS_PORT: '0',
      CAPATAZ_DRAIN_LEAD_SECONDS: '0',
      CAPATAZ_DRAIN_SECONDS: '0',
    },
    // The fourth is how a child learns that its parent is gone.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  }) as ChildProcessByStdio<null, Readable, Readable>;
  // The program's last resort, when a second signal ends it at once.
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = `${errors}${text}`.slice(-LAST_ERRORS_CHARACTERS);
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const ended = closed.then((): never => {
    throw new CommandError('failed', `The ${name} has ended. ${errors.trim()}`.trim());
  });
  ended.catch(() => undefined);
  const listening = Promise.withResolvers<LogLine>();
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = parseLine(text);
    if (line === undefined) return;
    if (line['msg'] === 'the process is listening') listening.resolve(line);
    if (line['msg'] === 'the process ends by a fault') errors += JSON.stringify(line['error'] ?? '');
    onLine(line);
  });
  const dispose = async (): Promise<void> => {
    await end(child, closed);
    process.removeListener('exit', kill);
  };
  try {
    const { port, metricsPort } = await Promise.race([listening.promise, ended, aborted(signal)]);
    return {
      port: Number(port),
      ended,
      ready: (withinSeconds) =>
        Promise.race([isReady(Number(metricsPort), name, withinSeconds, signal), ended]),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function parseLine(text: string): LogLine | undefined {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return undefined;
  }
}

async function end(child: ChildProcess, closed: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), END_MILLISECONDS);
  await closed;
  clearTimeout(late);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = (): void => reject(new CommandError('failed', 'It was ended while it started.'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

async function isReady(
  port: number,
  name: string,
  withinSeconds: number,
  signal: AbortSignal,
): Promise<void> {
  let reason = '';
  for (let left = (withinSeconds * 1000) / POLL_MILLISECONDS; left > 0; left -= 1) {
    signal.throwIfAborted();
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal }).catch(() => undefined);
    if (answer?.ok === true) return;
    reason = (await answer?.text().catch(() => '')) ?? '';
    await sleep(POLL_MILLISECONDS);
  }
  throw new CommandError('failed', `The ${name} is not ready after ${withinSeconds} s: ${reason}`);
}
