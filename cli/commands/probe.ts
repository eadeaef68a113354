/**
 * `capataz probe`: the program in the Job of a round of probes, for nobody to type. Its result is in the ledger; the log
 * says what people ask when it is not.
 */
import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { EndedWith } from '../exit-codes.ts';
import { readProbeEnvironment } from '../probes/probe-environment.ts';
import { runProbeRound } from '../probes/run-round.ts';
import { visibleLines } from '../terminal/visible-text.ts';

/** A Job that could not ask anything is seen as failed among the Jobs, too. */
const NOTHING_ASKED = 1;

export function addProbe(program: Command, context: CommandContext): void {
  program.command('probe', { hidden: true }).action(async () => {
    const told = await runProbeRound(readProbeEnvironment(context.environment), context);
    context.terminal.write(`${visibleLines(told.sentence).join('\n')}\n`);
    if (told.outcome === 'failed') throw new EndedWith(NOTHING_ASKED);
  });
}
