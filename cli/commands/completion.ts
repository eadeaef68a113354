/**
 * Completion for shells, and for `kubectl capataz`: the script asks the program itself, which answers in the protocol of
 * cobra, kubectl's own library. So new commands and flags need no new script.
 */
import tab, { script } from '@bomb.sh/tab';
import { Argument, type Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { examples } from '../command-context.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export function addCompletion(program: Command, _context: CommandContext): void {
  program
    .command('completion')
    .description('Print a script that teaches your shell to complete capataz')
    .addArgument(new Argument('<shell>', 'your shell').choices([...SHELLS]))
    .addHelpText(
      'after',
      examples([
        ['source <(capataz completion bash)', 'in ~/.bashrc'],
        ['source <(capataz completion zsh)', 'in ~/.zshrc'],
        ['capataz completion fish | source', 'in ~/.config/fish/config.fish'],
      ]),
    )
    .action((shell: (typeof SHELLS)[number]) => script(shell, program.name(), program.name()));
  program
    .command('complete', { hidden: true })
    .description('Answer a shell that completes')
    .argument('[words...]')
    .allowUnknownOption()
    .helpOption(false)
    .action((words: readonly string[]) => completeWords(program, words));
}

/** The library keeps one tree of commands for the process, which is told once. */
function completeWords(program: Command, words: readonly string[]): void {
  for (const command of program.createHelp().visibleCommands(program)) {
    const told = tab.command(command.name(), command.description());
    for (const option of program.createHelp().visibleOptions(command)) {
      if (option.long === undefined) continue;
      const name = option.long.slice(2);
      const short = option.short?.slice(1);
      const values = option.argChoices ?? [];
      if (option.required || option.optional) {
        told.option(
          name,
          option.description,
          (complete) => values.forEach((value) => complete(value, '')),
          short,
        );
      } else told.option(name, option.description, short ?? '');
    }
    for (const argument of command.registeredArguments) {
      const values = argument.argChoices ?? [];
      told.argument(argument.name(), (complete) => values.forEach((value) => complete(value, '')));
    }
  }
  tab.parse([...words]);
}
