/** A process of ours under a test's hand: its lines, its end, its ports. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface StartedProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly lines: () => readonly Record<string, unknown>[];
  readonly errors: () => string;
  /** Exit code and signal. */
  readonly exited: Promise<readonly unknown[]>;
  /** Resolves once it listens. */
  readonly ports: () => Promise<{ readonly port: number; readonly metricsPort: number }>;
  /** Resolves with the line once it is there. */
  readonly line: (message: string) => Promise<Record<string, unknown>>;
}

export function startProcess(path: string, environment: Readonly<Record<string, string>>): StartedProcess {
  const child = spawn(process.execPath, [path], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'close');
  const parsed: Record<string, unknown>[] = [];
  let output = '';
  let begun = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    begun += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const lines = (): readonly Record<string, unknown>[] => {
    // Each line once: who waits for one asks often, and there may be thousands.
    const complete = begun.split('\n');
    begun = complete.pop() ?? '';
    parsed.push(...complete.map((text) => JSON.parse(text) as Record<string, unknown>));
    return parsed;
  };
  const line = async (message: string): Promise<Record<string, unknown>> => {
    for (;;) {
      const found = lines().find(({ msg }) => msg === message);
      if (found !== undefined) return found;
      if (child.exitCode !== null) throw new Error(`it ended before "${message}": ${output}${errors}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  return {
    child,
    lines,
    errors: () => errors,
    exited,
    line,
    ports: async () => {
      const { port, metricsPort } = await line('the process is listening');
      return { port: Number(port), metricsPort: Number(metricsPort) };
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
