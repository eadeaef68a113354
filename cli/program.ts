/** The command line: which commands there are, and how each way to fail ends. */
import { Command, CommanderError } from 'commander';
import { KubeApiError } from '#adapters/kubernetes/kube-api-error.ts';
import { LedgerReadError } from '#adapters/ledger-reader/ledger-reader.ts';
import type { CommandContext } from './command-context.ts';
import { addCompletion } from './commands/completion.ts';
import { addCost } from './commands/cost.ts';
import { addDev } from './commands/dev.ts';
import { addEval } from './commands/eval.ts';
import { addFeedback } from './commands/feedback.ts';
import { addGate } from './commands/gate.ts';
import { addProbe } from './commands/probe.ts';
import { addPromptDiff } from './commands/prompt-diff.ts';
import { addRolloutHistory } from './commands/rollout-history.ts';
import { addRolloutStatus } from './commands/rollout-status.ts';
import { addRolloutVerbs } from './commands/rollout-verbs.ts';
import { addRuns } from './commands/runs.ts';
import { addTrace } from './commands/trace.ts';
import { addValidate } from './commands/validate.ts';
import { addVerify } from './commands/verify.ts';
import { addVersion } from './commands/version.ts';
import { CommandError, EXIT_CODES, EndedWith, type ExitName } from './exit-codes.ts';
import { visible, visibleLines } from './terminal/visible-text.ts';

const EXITS = Object.values(EXIT_CODES)
  .map(({ code, meaning }) => `  ${code}  ${meaning}`)
  .join('\n');

export function createProgram(context: CommandContext, version: string): Command {
  const { terminal } = context;
  const program = new Command('capataz')
    .description(
      'Release prompts step by step; see what your agents did, why, what it cost, and that nobody changed the record of it.',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .addHelpText(
      'after',
      `\nExit codes:\n${EXITS}\n\nAlso found as "kubectl capataz". "capataz COMMAND --help" has examples of each command.\n`,
    )
    .showSuggestionAfterError(true)
    .configureHelp({ showGlobalOptions: false })
    .exitOverride()
    .configureOutput({
      writeOut: terminal.write,
      writeErr: terminal.note,
      getOutHelpWidth: () => terminal.columns,
      getErrHelpWidth: () => terminal.columns,
      getOutHasColors: () => terminal.hasColours,
      getErrHasColors: () => terminal.hasColours,
      outputError: (text, write) =>
        write(`${visibleLines(text.trim().replace(/^error: /, 'capataz: ')).join('\n')}\n`),
    });
  addRuns(program, context);
  addTrace(program, context);
  addCost(program, context);
  addVerify(program, context);
  addFeedback(program, context);
  addEval(program, context);
  addGate(program, context);
  addProbe(program, context);
  addRolloutStatus(program, context);
  addRolloutHistory(program, context);
  addPromptDiff(program, context);
  addRolloutVerbs(program, context);
  addValidate(program, context);
  addDev(program, context);
  addCompletion(program, context);
  addVersion(program, context, version);
  return program;
}

/** Never throws; answers with the exit code. */
export async function runProgram(
  argv: readonly string[],
  given: CommandContext,
  version: string,
): Promise<number> {
  const context = withVisibleNotes(given);
  try {
    await createProgram(context, version).parseAsync([...argv], { from: 'user' });
    return EXIT_CODES.ok.code;
  } catch (error) {
    if (error instanceof EndedWith) return error.code;
    if (error instanceof CommanderError) {
      // Help that was asked for is an answer; without a command it is a hint.
      const isAnswer = error.exitCode === 0;
      return isAnswer ? EXIT_CODES.ok.code : EXIT_CODES.usage.code;
    }
    const { exit, message } = explain(error);
    context.terminal.note(`capataz: ${visible(message)}\n`);
    return EXIT_CODES[exit].code;
  }
}

/** What is said aside quotes servers, files and arguments: here once for all of it. */
function withVisibleNotes(context: CommandContext): CommandContext {
  const { terminal } = context;
  const note = (text: string): void => terminal.note(visibleLines(text).join('\n'));
  return { ...context, terminal: { ...terminal, note } };
}

const EXIT_OF_READ_FAILURE = {
  unreachable: 'unreachable',
  refused: 'refused',
  not_found: 'notFound',
  bad_request: 'usage',
  malformed: 'malformed',
} as const satisfies Record<LedgerReadError['code'], ExitName>;

function explain(error: unknown): { readonly exit: ExitName; readonly message: string } {
  if (error instanceof CommandError) return error;
  if (error instanceof LedgerReadError)
    return { exit: EXIT_OF_READ_FAILURE[error.code], message: error.message };
  if (error instanceof KubeApiError) {
    const exit =
      error.status === 401 || error.status === 403
        ? 'refused'
        : error.status === 404
          ? 'notFound'
          : 'unreachable';
    return { exit, message: `The API server refuses: ${error.message}` };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && 'path' in error && 'syscall' in error) {
    return { exit: 'usage', message: `A file or folder of yours cannot be used: ${message}.` };
  }
  if (error instanceof Error && 'code' in error) {
    return {
      exit: 'unreachable',
      message: `The API server cannot be reached: ${message || String(error.code)}.`,
    };
  }
  return { exit: 'unreachable', message: `Something that was not foreseen: ${message}` };
}
