/** What the benches share in starting processes on free ports of 127.0.0.1 and ending them on every path. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = new URL('../../', import.meta.url).pathname;
const START_TIMEOUT_MILLISECONDS = 30_000;
const END_TIMEOUT_MILLISECONDS = 5_000;

/** Processes of one bench, with their logs in a folder that goes with them. */
export class Processes implements AsyncDisposable {
  readonly directory: string;
  readonly #children: ChildProcess[] = [];

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(name: string): Promise<Processes> {
    return new Processes(await mkdtemp(join(tmpdir(), `${name}-`)));
  }

  /** Starts a TypeScript file, or a script of a package, with the Node of the checkout. Yields the process id. */
  startNode(options: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<number> {
    return this.start(process.execPath, options, { NODE_ENV: 'production', ...environment });
  }

  async start(
    program: string,
    options: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<number> {
    // A log that is written, as in earnest, but to a file that nobody watches.
    const log = await open(join(this.directory, `${this.#children.length}.log`), 'a');
    const child = spawn(program, options, {
      cwd: ROOT,
      env: { ...process.env, ...environment },
      stdio: ['ignore', log.fd, log.fd],
    });
    this.#children.push(child);
    await log.close();
    return child.pid ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map(endChild));
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Asked first: a server with workers of its own must have the time to end them. */
async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const impatience = setTimeout(() => child.kill('SIGKILL'), END_TIMEOUT_MILLISECONDS);
  await exited;
  clearTimeout(impatience);
}

export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

export async function listening(port: number): Promise<void> {
  await until(async () => {
    await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: '{}' }).then((response) =>
      response.text(),
    );
    return true;
  }, `nothing listens on port ${port}`);
}

export async function ready(metricsPort: number): Promise<void> {
  await until(
    async () => (await fetch(`http://127.0.0.1:${metricsPort}/readyz`)).ok,
    `the process with metrics on port ${metricsPort} did not become ready`,
  );
}

async function until(isSo: () => Promise<boolean>, complaint: string): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MILLISECONDS;
  while (!(await isSo().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(complaint);
    await sleep(100);
  }
}

/** User and system time of a process (proc(5), stat: fields 14 and 15, in ticks of 10 ms). */
export async function processorMicroseconds(processId: number): Promise<number> {
  const stat = await readFile(`/proc/${processId}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** The largest resident set that a process has had (proc(5), status: VmHWM). */
export async function peakMemoryBytes(processId: number): Promise<number> {
  const status = await readFile(`/proc/${processId}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}
