/** `capataz trace RUN`: one run as a person reads it. */
import type { Command } from 'commander';
import type { RevealedTexts } from '#adapters/ledger-reader/ledger-answers.ts';
import { askForRun, revealTexts } from '#adapters/ledger-reader/ledger-requests.ts';
import { type CommandContext, connect, examples, outputOption, withConnection } from '../command-context.ts';
import type { ConnectionFlags } from '../connection/connect.ts';
import { visibleJson } from '../terminal/visible-text.ts';
import { printRun } from '../trace/print-run.ts';
import { tellRun } from '../trace/run-story.ts';

const OUTPUTS = ['text', 'json', 'ndjson'] as const;

interface TraceFlags extends ConnectionFlags {
  readonly texts?: true;
  readonly reason?: string;
  readonly output: (typeof OUTPUTS)[number];
}

export function addTrace(program: Command, context: CommandContext): void {
  const command = program
    .command('trace')
    .description('Show one run: who asked, what was thought, done and seen in each step, and what is missing')
    .argument('<run>', 'id of the run')
    .option(
      '--texts',
      'show prompts, answers, arguments and results too, where they are kept; the ledger records that you did',
    )
    .option('--reason <text>', 'why the texts are read: stands in the record of it')
    .addOption(outputOption(OUTPUTS).default('text'))
    .addHelpText(
      'after',
      examples([
        [
          'capataz trace 0198f2c1-7d4e-7c11-9c5e-4c1f0a6b2d10',
          'the chain of thought, action and observation',
        ],
        ['capataz trace 0198f2c1-7d4e-7c11-9c5e-4c1f0a6b2d10 --texts', 'with what was said'],
        ['capataz trace 0198f2c1-7d4e-7c11-9c5e-4c1f0a6b2d10 -o ndjson', 'its records, one a line'],
      ]),
    )
    .action(async (run: string, flags: TraceFlags) => await showRun(run, flags, context));
  withConnection(command);
}

async function showRun(id: string, flags: TraceFlags, context: CommandContext): Promise<void> {
  const { terminal } = context;
  await using access = await connect(flags, context);
  const wanted = { id, namespace: flags.namespace };
  let texts: RevealedTexts = [];
  if (flags.texts === true) {
    terminal.note('Texts are revealed: the ledger records that you read them.\n');
    // Before the records, so that the record of it is among them.
    texts = await revealTexts(access.reader, { ...wanted, reason: flags.reason });
  }
  const { run, entries } = await askForRun(access.reader, wanted);
  switch (flags.output) {
    case 'json': {
      const shown = flags.texts === true ? { run, entries, texts } : { run, entries };
      terminal.write(`${visibleJson(shown, 2)}\n`);
      break;
    }
    case 'ndjson':
      terminal.write(entries.map(({ entry }) => `${visibleJson(entry)}\n`).join(''));
      break;
    case 'text':
      terminal.write(printRun(run, tellRun(entries.map(({ entry }) => entry)), texts, terminal));
      if (flags.texts === true && texts.length === 0) {
        terminal.note('No text of this run is kept.\n');
      }
  }
}
