/** The process of the command line: what it is given, and how it ends. */
import { readFileSync } from 'node:fs';
import type { CommandContext } from './command-context.ts';
import { runProgram } from './program.ts';
import { describeTerminal } from './terminal/terminal.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

// Whoever reads our output has read enough: `capataz runs | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 3);
});

const ended = new AbortController();
const INTERRUPTED = 130;
const LATEST_END_MILLISECONDS = 2_000;
/** A terminal tells the launcher and the program of the same Ctrl-C, and npx and the launcher pass it on once more. */
const SAME_SIGNAL_MILLISECONDS = 300;
let endedAt: number | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (endedAt === undefined) {
      endedAt = performance.now();
      ended.abort();
      process.exitCode = INTERRUPTED;
      setTimeout(() => process.exit(INTERRUPTED), LATEST_END_MILLISECONDS).unref();
    } else if (performance.now() - endedAt > SAME_SIGNAL_MILLISECONDS) {
      // A second one does not wait for what the first one began to end.
      process.exit(INTERRUPTED);
    }
  });
}

const context: CommandContext = {
  terminal: {
    write: (text) => void process.stdout.write(text),
    note: (text) => void process.stderr.write(text),
    ...describeTerminal(process.stdout, process.env),
  },
  environment: process.env,
  epochMilliseconds: Date.now,
  signal: ended.signal,
};
const code = await runProgram(process.argv.slice(2), context, version);
process.exitCode = ended.signal.aborted ? INTERRUPTED : code;
