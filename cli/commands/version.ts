/** `capataz version`. */
import type { Command } from 'commander';
import { type CommandContext, outputOption } from '../command-context.ts';

export function addVersion(program: Command, { terminal }: CommandContext, version: string): void {
  program
    .command('version')
    .description('Print the version of this program')
    .addOption(outputOption(['text', 'json']).default('text'))
    .action(({ output }: { readonly output: 'text' | 'json' }) => {
      const said = { version, node: process.versions.node };
      terminal.write(
        output === 'json' ? `${JSON.stringify(said)}\n` : `capataz ${version} (Node ${said.node})\n`,
      );
    });
}
