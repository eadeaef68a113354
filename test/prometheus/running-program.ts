/** A program that serves on a port of its own, until it is disposed of. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePorts } from '#cluster/control-plane/free-ports.ts';

const ATTEMPTS = 3;
const READY_MILLISECONDS = 30_000;

export interface RunningProgram extends AsyncDisposable {
  readonly url: string;
  /** All that it wrote. */
  readonly output: () => string;
}

/** Resolves once GET /-/ready answers. A stranger may take the port before: then it is tried on another one. */
export async function runProgram(
  path: string,
  directory: string,
  argumentsOn: (address: string) => readonly string[],
): Promise<RunningProgram> {
  for (let attempt = 1; ; attempt += 1) {
    const [port = 0] = await findFreePorts(1);
    const address = `127.0.0.1:${port}`;
    const child = spawn(path, argumentsOn(address), { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
    const written: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => written.push(text));
    }
    const output = (): string => written.join('');
    if (await becomesReady(child, `http://${address}/-/ready`)) {
      return { url: `http://${address}`, output, [Symbol.asyncDispose]: () => end(child) };
    }
    await end(child);
    if (attempt === ATTEMPTS) throw new Error(`${path} did not become ready:\n${output()}`);
  }
}

async function becomesReady(child: ChildProcess, url: string): Promise<boolean> {
  const until = performance.now() + READY_MILLISECONDS;
  while (child.exitCode === null && performance.now() < until) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok === true) return true;
    await sleep(50);
  }
  return false;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}
