import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runCommandLine } from '#cli/testing/run-command-line.ts';

const read = (name: string): string =>
  readFileSync(new URL(`../../samples/ci/${name}`, import.meta.url), 'utf8');

describe.each(['github-actions.yaml', 'gitlab-ci.yaml'])('the workflow %s', (name) => {
  it('is YAML, and calls the program with flags that it has', async () => {
    expect(parse(read(name))).toBeTypeOf('object');
    const { printed } = await runCommandLine(['eval', '--help']);
    const command =
      /capataz\.mjs eval (?<flags>(?:[^\n]*\\\n)*[^\n]*)/.exec(read(name))?.groups?.['flags'] ?? '';
    const flags = command.match(/--[a-z-]+/g) ?? [];
    expect(flags.length).toBeGreaterThan(5);
    for (const flag of flags) expect(printed).toContain(flag);
  });

  it('gives the key to a program of a commit that is named, never to whatever a registry has under our name', () => {
    expect(read(name)).not.toMatch(/\bnpx\b|npm (?:exec|install) (?!--prefix)/);
    expect(read(name)).toContain('CAPATAZ_COMMIT');
  });
});
