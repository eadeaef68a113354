/** `capataz dev`: an agent on this machine, without a cluster, that follows the files as they are saved. */
import { join, relative } from 'node:path';
import type { Command } from 'commander';
import { type CommandContext, examples, wholeNumber } from '../command-context.ts';
import type { DevFlags } from '../dev/run-dev.ts';

/** Those of the checkout, from wherever it is started. */
const OURS = ['samples', 'prompts'].map((name) =>
  relative(process.cwd(), join(import.meta.dirname, '..', '..', name)),
);

export function addDev(program: Command, context: CommandContext): void {
  program
    .command('dev')
    .description(
      'Run one agent on this machine without a cluster; prompts and manifests are live as they are saved',
    )
    .argument('[path...]', 'files or folders with prompts and manifests (samples and prompts when not given)')
    .option('--agent <name>', 'which Agent to run, where the files hold several')
    .option('--port <port>', 'where the agent answers; 0 takes a free port', wholeNumber(0, 65_535), 8088)
    .option('--endpoint <url>', 'send every model call to this OpenAI-compatible server')
    .option('--model <name>', 'the name of the model there')
    .option(
      '--price <input,output>',
      'what it costs, in US dollars a million tokens: "0.15,0.60"; 0 for a machine of yours',
    )
    .option('--key-variable <variable>', 'the environment variable that holds the key of that server')
    .option(
      '--models-directory <folder>',
      'where the files of the local model are (CAPATAZ_MODELS_DIRECTORY)',
    )
    .addHelpText(
      'after',
      examples([
        ['capataz dev', 'the sample agent with the local model'],
        [
          'capataz dev --endpoint http://127.0.0.1:11434/v1 --model qwen3 --price 0',
          'with a server of yours',
        ],
      ]),
    )
    .action(async (paths: readonly string[], flags: DevFlags) => {
      const { runDev } = await import('../dev/run-dev.ts');
      await runDev(paths.length === 0 ? OURS : paths, flags, context);
    });
}
