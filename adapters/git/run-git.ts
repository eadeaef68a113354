/**
 * One command of git. What it talks to may be hostile, so it is bounded in time, in memory and in what it says, and ended
 * together with everything that it started: git itself leaves its helpers running when it is killed.
 */
import { spawn } from 'node:child_process';
import { GitFailure } from './git-failure.ts';

export interface GitCommand {
  readonly folder: string;
  readonly words: readonly string[];
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly timeoutSeconds: number;
  /** Of each process that it starts. */
  readonly memoryBytes: number;
  /** Of its output. */
  readonly maximumBytes: number;
  /** The sentence when its output is larger. */
  readonly whenLarger: string;
  /** Asked again and again while it runs: why it must end. */
  readonly objection?: () => Promise<GitFailure | undefined>;
}

export interface GitExit {
  readonly code: number;
  readonly output: Buffer;
  /** What it said beside its output. */
  readonly said: string;
}

const OBJECTION_MILLISECONDS = 200;
/** A server may send messages, which git passes on. */
const SAID_MAXIMUM_BYTES = 262_144;
/** Where a shell cannot set the limit, it goes on without. */
const PROGRAM = 'ulimit -d "$0" 2>/dev/null; exec git "$@"';

/** Rejects with a GitFailure when git did not come to its own end, and with the reason of the signal. */
export async function runGit(command: GitCommand): Promise<GitExit> {
  const { signal, timeoutSeconds } = command;
  signal.throwIfAborted();
  const kibibytes = Math.floor(command.memoryBytes / 1024);
  const child = spawn('/bin/sh', ['-c', PROGRAM, String(kibibytes), ...command.words], {
    cwd: command.folder,
    env: command.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    // The leader of a group, in which its helpers are too.
    detached: true,
  });
  const ended = Promise.withResolvers<{ readonly code: number | null; readonly by: NodeJS.Signals | null }>();
  let failure: unknown;
  const end = (because: unknown): void => {
    failure ??= because;
    killGroup(child.pid);
  };
  const collect = (maximumBytes: number, whenLarger: GitFailure) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    return {
      pieces,
      take: (piece: Buffer): void => {
        bytes += piece.length;
        if (bytes > maximumBytes) end(whenLarger);
        else pieces.push(piece);
      },
    };
  };
  const output = collect(command.maximumBytes, new GitFailure('TooLarge', command.whenLarger));
  const said = collect(
    SAID_MAXIMUM_BYTES,
    new GitFailure('FetchFailed', `The server sent messages of more than ${SAID_MAXIMUM_BYTES} bytes.`),
  );
  child.stdout.on('data', output.take);
  child.stderr.on('data', said.take);
  child.on('error', ended.reject).on('close', (code, by) => ended.resolve({ code, by }));
  const onAbort = (): void => end(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(
    () => end(new GitFailure('TimedOut', `git did not end within ${timeoutSeconds} seconds.`)),
    timeoutSeconds * 1000,
  );
  const objecting = command.objection === undefined ? undefined : askAgainAndAgain(command.objection, end);
  try {
    const { code, by } = await ended.promise.catch((error: unknown) => {
      throw new GitFailure('FetchFailed', `git could not be started (${String(error)}).`);
    });
    if (failure !== undefined) throw failure;
    if (code === null) throw new GitFailure('FetchFailed', `git was ended from outside (${by}).`);
    return { code, output: Buffer.concat(output.pieces), said: Buffer.concat(said.pieces).toString('utf8') };
  } finally {
    clearTimeout(timer);
    clearInterval(objecting);
    signal.removeEventListener('abort', onAbort);
  }
}

function killGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGKILL');
  } catch {
    // All of it has ended by itself.
  }
}

function askAgainAndAgain(
  objection: () => Promise<GitFailure | undefined>,
  end: (because: unknown) => void,
): NodeJS.Timeout {
  let isAsking = false;
  const ask = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    try {
      const because = await objection();
      if (because !== undefined) end(because);
    } catch (error) {
      end(error);
    }
    isAsking = false;
  };
  return setInterval(() => void ask(), OBJECTION_MILLISECONDS);
}
