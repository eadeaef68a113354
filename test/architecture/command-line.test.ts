/** docs/reference/cli.md shows what the program says of itself, word by word. */
import { describe, expect, it } from 'vitest';
import { createProgram } from '#cli/program.ts';
import { textOf } from './source-files.ts';

let printed = '';
const program = createProgram(
  {
    terminal: {
      write: (text) => {
        printed += text;
      },
      note: () => undefined,
      columns: 100,
      hasColours: false,
    },
    environment: {},
    epochMilliseconds: () => 0,
    signal: new AbortController().signal,
  },
  '0',
);
const commands = [program, ...program.createHelp().visibleCommands(program)].filter(
  (command) => command.name() !== 'help',
);

describe('docs/reference/cli.md', () => {
  const page = textOf('docs/reference/cli.md') ?? '';

  it.each(
    commands.map(
      (command) => [command.parent === null ? 'capataz' : `capataz ${command.name()}`, command] as const,
    ),
  )('has the help of %s', (name, command) => {
    printed = '';
    command.outputHelp();
    const section = page.split(/^## /m).find((each) => each.startsWith(`${name}\n`)) ?? '';
    expect(/```text\n([\s\S]*?)\n```/.exec(section)?.[1]).toBe(printed.trim());
  });

  it('shows no command that is gone', () => {
    const shown = [...page.matchAll(/^## capataz ([a-z]+)$/gm)].map(([, name]) => name);
    expect(new Set(shown)).toEqual(new Set(commands.slice(1).map((command) => command.name())));
  });

  it('names all variables of the environment', () => {
    for (const name of ['CAPATAZ_LEDGER_URL', 'CAPATAZ_LEDGER_TOKEN', 'KUBECONFIG', 'NO_COLOR'])
      expect(page).toContain(`\`${name}\``);
  });
});
