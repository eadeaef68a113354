/** `capataz feedback RUN good|bad|neutral`: what a person says of a run. */
import { Argument, type Command, Option } from 'commander';
import { VERDICTS, type Verdict, giveFeedback } from '#adapters/ledger-reader/ledger-requests.ts';
import { type CommandContext, connect, examples, withConnection } from '../command-context.ts';
import type { ConnectionFlags } from '../connection/connect.ts';
import { visible } from '../terminal/visible-text.ts';

interface FeedbackFlags extends ConnectionFlags {
  readonly metric: string;
  readonly comment?: string;
  readonly from?: 'person' | 'system';
}

export function addFeedback(program: Command, context: CommandContext): void {
  const command = program
    .command('feedback')
    .description('Say whether a run did well; the ledger records it with your name')
    .argument('<run>', 'id of the run')
    .addArgument(new Argument('<verdict>', 'how it did').choices(VERDICTS))
    .option('--metric <word>', 'what was judged', 'helpful')
    .option('--comment <text>', 'why')
    .addOption(
      new Option('--from <who>', 'who judges, when the token does not tell it').choices(['person', 'system']),
    )
    .addHelpText(
      'after',
      examples([
        ['capataz feedback 0198f2c1-7d4e-7c11-9c5e-4c1f0a6b2d10 good', ''],
        ['capataz feedback 0198f2c1-7d4e-7c11-9c5e-4c1f0a6b2d10 bad --comment "refunded twice"', ''],
      ]),
    )
    .action(async (run: string, verdict: Verdict, flags: FeedbackFlags) => {
      await using access = await connect(flags, context);
      const { metric, comment, from, namespace } = flags;
      await giveFeedback(access.reader, { run, verdict, metric, comment, from, namespace });
      context.terminal.write(`Recorded: run ${visible(run)} is ${verdict}.\n`);
    });
  withConnection(command);
}
