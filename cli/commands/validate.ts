/** `capataz validate PATH...`: prompts and manifests, checked without a cluster. */
import type { Command } from 'commander';
import { type CommandContext, examples, outputOption } from '../command-context.ts';
import { CommandError } from '../exit-codes.ts';
import { counted } from '../terminal/quantities.ts';
import { visible } from '../terminal/visible-text.ts';

interface ValidateFlags {
  readonly output?: 'json';
}

export function addValidate(program: Command, context: CommandContext): void {
  program
    .command('validate')
    .description('Check prompt files and manifests of our kinds without a cluster; folders are searched')
    .argument('<path...>', 'files or folders')
    .addOption(outputOption(['json']))
    .addHelpText(
      'after',
      examples([
        ['capataz validate prompts samples', ''],
        ['capataz validate prompts/email-classifier.prompt', ''],
      ]),
    )
    .action(async (paths: readonly string[], flags: ValidateFlags) => {
      const { validatePaths } = await import('../validate/validate-file.ts');
      const { files, problems } = await validatePaths(paths);
      if (flags.output === 'json') {
        context.terminal.write(`${JSON.stringify({ files, problems }, undefined, 2)}\n`);
      } else {
        for (const { path, line, problem } of problems) {
          context.terminal.write(`${visible(`${path}:${line}: ${problem}`)}\n`);
        }
      }
      if (problems.length > 0) throw new CommandError('failed', `${counted(problems.length, 'problem')}.`);
      if (files === 0) throw new CommandError('notFound', 'There is no prompt and no manifest there.');
      if (flags.output !== 'json') context.terminal.write(`${counted(files, 'file')}, nothing is wrong.\n`);
    });
}
