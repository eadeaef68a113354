import { spawn } from 'node:child_process';
import { ClusterError } from './cluster-error.ts';

export interface CommandOptions {
  readonly input?: string;
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly timeoutSeconds?: number;
  readonly signal?: AbortSignal;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly output: string;
  readonly errorOutput: string;
}

/** Resolves whatever the exit code, and rejects only where the program could not be started. */
export function tryCommand(
  program: string,
  commandArguments: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { promise, resolve, reject } = Promise.withResolvers<CommandResult>();
  const child = spawn(program, commandArguments, {
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    cwd: options.directory,
    env: { ...process.env, ...options.environment },
    ...(options.timeoutSeconds === undefined ? {} : { timeout: options.timeoutSeconds * 1000 }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  let output = '';
  let errorOutput = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (errorOutput += text));
  child.on('error', (error: NodeJS.ErrnoException) => {
    reject(
      error.code === 'ENOENT'
        ? new ClusterError(`The program ${program} is not installed or not on the PATH.`)
        : error,
    );
  });
  child.on('close', (code) => resolve({ exitCode: code ?? 137, output, errorOutput }));
  // A program that exits before it has read its input makes the pipe fail; the exit code tells why.
  child.stdin?.on('error', () => undefined).end(options.input);
  return promise;
}

export async function runCommand(
  program: string,
  commandArguments: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const result = await tryCommand(program, commandArguments, options);
  if (result.exitCode === 0) return result.output;
  const reason = lastLines(result.errorOutput || result.output, 6);
  throw new ClusterError(
    `"${[program, ...commandArguments].join(' ').slice(0, 300)}" failed with exit code ${result.exitCode}: ${reason}`,
  );
}

export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
