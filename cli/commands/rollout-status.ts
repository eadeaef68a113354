/** `capataz status ROLLOUT`: how a release stands. */
import type { Command } from 'commander';
import { type CommandContext, examples, outputOption } from '../command-context.ts';
import { type ClusterFlags, connectToCluster, withCluster } from '../connection/cluster.ts';

interface StatusFlags extends ClusterFlags {
  readonly output?: 'json';
}

export function addRolloutStatus(program: Command, context: CommandContext): void {
  const command = program
    .command('status')
    .description('Show how the release of a prompt stands, what its outcomes say and what is missing')
    .argument('<rollout>', 'name of the CanaryRollout')
    .addOption(outputOption(['json']))
    .addHelpText(
      'after',
      examples([
        ['capataz status email-classifier', ''],
        ['capataz status email-classifier -o json', 'for scripts'],
      ]),
    )
    .action(async (name: string, flags: StatusFlags) => {
      const { getRollout } = await import('../rollouts/rollout-objects.ts');
      const { printStatus } = await import('../rollouts/print-status.ts');
      await using access = await connectToCluster(flags, context.environment);
      const rollout = await getRollout(access, name);
      context.terminal.write(
        flags.output === 'json'
          ? `${JSON.stringify({ name, namespace: access.namespace, ...rollout.status }, undefined, 2)}\n`
          : printStatus(rollout, context.terminal),
      );
    });
  withCluster(command);
}
