/** `capataz history ROLLOUT`: every decision about a rollout, as the ledger keeps them. */
import type { Command } from 'commander';
import { askForDecisions } from '#adapters/ledger-reader/ledger-requests.ts';
import type { RolloutDecisionEntry } from '#adapters/ledger-reader/ledger-answers.ts';
import {
  type CommandContext,
  connect,
  examples,
  outputOption,
  wholeNumber,
  withConnection,
} from '../command-context.ts';
import type { ConnectionFlags } from '../connection/connect.ts';
import { CommandError } from '../exit-codes.ts';
import { instant } from '../terminal/quantities.ts';
import { renderTable } from '../terminal/table.ts';

interface HistoryFlags extends ConnectionFlags {
  readonly output?: 'json';
  readonly limit: number;
}

export function addRolloutHistory(program: Command, context: CommandContext): void {
  const command = program
    .command('history')
    .description('List what was decided about a rollout, newest last, from the ledger')
    .argument('<rollout>', 'name of the CanaryRollout')
    .option('--limit <number>', 'print the last so many', wholeNumber(1, 1000), 50)
    .addOption(outputOption(['json']))
    .addHelpText(
      'after',
      examples([
        ['capataz history email-classifier', ''],
        ['capataz history email-classifier -o json', 'for scripts'],
      ]),
    )
    .action(async (name: string, flags: HistoryFlags) => {
      await using access = await connect(flags, context);
      const all = await askForDecisions(access.reader, { namespace: access.namespace, rollout: name });
      const last = all.slice(-flags.limit);
      if (last.length === 0) {
        throw new CommandError('notFound', `The ledger holds no decision about a rollout called ${name}.`);
      }
      context.terminal.write(
        flags.output === 'json' ? `${JSON.stringify(last, undefined, 2)}\n` : `${tableOf(last)}\n`,
      );
    });
  withConnection(command);
}

function tableOf(decisions: readonly RolloutDecisionEntry[]): string {
  return renderTable<RolloutDecisionEntry>(
    [
      { title: 'WHEN', cell: ({ atMicroseconds }) => instant(atMicroseconds) },
      { title: 'DECISION', cell: ({ decision }) => decision },
      { title: 'REASON', cell: ({ reason }) => reason },
      { title: 'FROM', cell: ({ from }) => from?.version ?? '-' },
      { title: 'TO', cell: ({ to }) => to?.version ?? '-' },
      // Who asked for it, where somebody did, stands at its beginning.
      { title: 'MESSAGE', cell: ({ sentence }) => sentence ?? '-' },
    ],
    decisions,
  ).lines.join('\n');
}
