/** Commands of ours that the pages show are understood as they stand there. */
import { describe, expect, it } from 'vitest';
import { KINDS } from '#crds/kinds.ts';
import { createProgram } from '#cli/program.ts';
import { PAGES, codeBlocksOf } from './markdown-pages.ts';
import { textOf } from './source-files.ts';

const program = createProgram(
  {
    terminal: { write: () => undefined, note: () => undefined, columns: 100, hasColours: false },
    environment: {},
    epochMilliseconds: () => 0,
    signal: new AbortController().signal,
  },
  '0',
);

/** One command a line, as a shell would read it. */
const LINES: readonly (readonly [where: string, command: string])[] = PAGES.filter(
  (page) => page !== 'CHANGELOG.md',
).flatMap((page) => {
  const blocks = codeBlocksOf(page)
    .filter(({ language }) => language === '' || language === 'sh')
    .flatMap(({ text }) => text.replaceAll(/\\\n\s*/g, ' ').split('\n'));
  const prose = (textOf(page) ?? '').replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/\\\n\s*/g, ' ');
  const indented = [...prose.matchAll(/^ {4}(\S.*)$/gm)].map(([, line = '']) => line);
  const inline = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  return [...blocks, ...indented, ...inline].map(
    (line) => [page, line.replace(/\s#.*$/, '').trim()] as const,
  );
});

function commandsLike(pattern: RegExp): readonly (readonly [string, string])[] {
  const found = LINES.flatMap(([page, line]) =>
    [...line.matchAll(pattern)].map(([command]) => [page, command.trim()] as const),
  );
  return [...new Map(found.map((each) => [each.join(' '), each])).values()];
}

describe('a command that a page shows', () => {
  it.each(commandsLike(/(?<![\w.-])capataz(?:\.mjs)? [a-z]+(?: [^|;&>]*)?$/g))(
    'of %s is known: %s',
    (_page, line) => {
      const [, name = '', ...words] = line.split(/\s+/);
      const command = program.commands.find((each) => each.name() === name);
      expect(command?.name()).toBe(name);
      const flags = words.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.replace(/=.*/, ''));
      const known = new Set(command?.options.flatMap(({ long, short }) => [long, short]));
      expect(flags.filter((flag) => flag !== '--help' && !known.has(flag))).toEqual([]);
      const required = command?.registeredArguments.filter((argument) => argument.required) ?? [];
      // `capataz status` in a sentence means the command, and not one to be typed.
      expect(words.length === 0 || words.length >= required.length).toBe(true);
    },
  );

  it.each(commandsLike(/\bnpm run (?:--silent )?[a-z:-]+/g))(
    'of %s is a script of the package: %s',
    (_page, line) => {
      const { scripts } = JSON.parse(textOf('package.json') ?? '') as { scripts: Record<string, string> };
      expect(Object.keys(scripts)).toContain(line.split(' ').at(-1));
    },
  );

  it('runs with the Node that the package brings, where it needs a newer one than a machine may have', () => {
    expect(commandsLike(/^node [\w/.-]+\.ts/g)).toEqual([]);
  });

  const ours = [
    ...KINDS.map(({ kind }) => kind.toLowerCase()),
    ...KINDS.map(({ plural }) => plural),
    ...KINDS.flatMap(({ shortNames }) => shortNames),
  ];
  const others = ['capataz', 'crd', 'cronjobs', 'deployment', 'events', 'job', 'pods', 'pv', 'service'];
  it.each(commandsLike(/\bkubectl (?:get|describe|wait|annotate|patch|edit) [a-z/.]+/g))(
    'of %s asks for a kind that there is: %s',
    (_page, line) => {
      const kind = line.split(' ')[2]?.split('/')[0]?.split('.')[0] ?? '';
      expect([...ours, ...others]).toContain(kind);
    },
  );
});
