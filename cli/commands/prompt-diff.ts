/** `capataz diff ROLLOUT`: what the candidate would change. */
import type { Command } from 'commander';
import { createTwoFilesPatch } from 'diff';
import { type CommandContext, examples } from '../command-context.ts';
import {
  type ClusterAccess,
  type ClusterFlags,
  connectToCluster,
  withCluster,
} from '../connection/cluster.ts';
import { CommandError } from '../exit-codes.ts';
import { visibleLines } from '../terminal/visible-text.ts';
import type { Rollout } from '../rollouts/rollout-objects.ts';

const CONTEXT_LINES = 3;

export function addPromptDiff(program: Command, context: CommandContext): void {
  const command = program
    .command('diff')
    .description('Show what the candidate of a rollout changes, or how two PromptVersions differ')
    .argument('<rollout>', 'name of the CanaryRollout; with a second name, of a PromptVersion')
    .argument('[version]', 'name of another PromptVersion')
    .addHelpText(
      'after',
      examples([
        ['capataz diff email-classifier', 'stable and the wanted version, or what was stable before'],
        ['capataz diff email-classifier-3f2a90c1d4e5 email-classifier-9c01d7a2b3c4', 'two versions'],
      ]),
    )
    .action(async (name: string, other: string | undefined, flags: ClusterFlags) => {
      const { getRollout, getVersion } = await import('../rollouts/rollout-objects.ts');
      await using access = await connectToCluster(flags, context.environment);
      const [from, to] = other === undefined ? namesOf(await getRollout(access, name)) : [name, other];
      const texts = await Promise.all(
        [from, to].map(async (version) => (await getVersion(access, version)).spec.text),
      );
      context.terminal.write(patch(access, [from, to], texts));
    });
  withCluster(command);
}

/** What is released or, after it was given up or before it begins, what is wanted. */
function namesOf({ metadata, spec, status }: Rollout): readonly [string, string] {
  const { stable, candidate, previousStable } = status;
  const other = candidate?.name ?? spec.versionRef?.name;
  if (stable !== undefined && other !== undefined && other !== stable.name) return [stable.name, other];
  if (stable !== undefined && previousStable !== undefined) return [previousStable.name, stable.name];
  throw new CommandError(
    'notFound',
    `CanaryRollout ${metadata.name} has only one version so far: there is nothing to compare it with.`,
  );
}

function patch(
  { namespace }: ClusterAccess,
  [from, to]: readonly [string, string],
  [before = '', after = '']: readonly string[],
): string {
  if (before === after) return `${from} and ${to} say the same.\n`;
  const text = createTwoFilesPatch(`${namespace}/${from}`, `${namespace}/${to}`, before, after, '', '', {
    context: CONTEXT_LINES,
  });
  return `${visibleLines(text.trimEnd()).join('\n')}\n`;
}
