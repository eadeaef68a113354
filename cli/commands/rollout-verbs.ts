/** promote, approve, abort, rollback, retry, pause, resume: what a person asks of a CanaryRollout. */
import { randomUUID } from 'node:crypto';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { Sha256 } from '#crds/object-meta.ts';
import type { RolloutCommand, RolloutVerb } from '#domain/rollout/rollout-command.ts';
import { type CommandContext, examples } from '../command-context.ts';
import { type ClusterFlags, connectToCluster, withCluster } from '../connection/cluster.ts';
import { visible } from '../terminal/visible-text.ts';

interface VerbFlags extends ClusterFlags {
  readonly full?: boolean;
  readonly reason?: string;
  readonly digest?: string;
}

interface Verb {
  readonly verb: RolloutVerb;
  readonly description: string;
  readonly takes: readonly ('full' | 'digest' | 'reasonRequired')[];
  readonly examples: readonly (readonly [string, string])[];
}

const VERBS: readonly Verb[] = [
  {
    verb: 'promote',
    description: 'Let the candidate of a rollout go on to its next step now, or to all at once',
    takes: ['full', 'digest'],
    examples: [
      ['capataz promote email-classifier', 'to the next step'],
      ['capataz promote email-classifier --full', 'to 100 %'],
    ],
  },
  {
    verb: 'approve',
    description: 'Approve the candidate that waits for it',
    takes: ['digest'],
    examples: [['capataz approve email-classifier --reason "Ana has read it"', '']],
  },
  {
    verb: 'abort',
    description: 'Give the candidate up: nobody is exposed any more, and it is not tried again',
    takes: ['digest'],
    examples: [['capataz abort email-classifier --reason "It is rude"', '']],
  },
  {
    verb: 'rollback',
    description: 'Go back to the stable version before, or to any accepted one',
    takes: ['digest'],
    examples: [
      ['capataz rollback email-classifier', 'to what was stable before'],
      ['capataz rollback email-classifier --digest 3f2a...', 'to the version with this digest'],
    ],
  },
  {
    verb: 'retry',
    description: 'Try a version that was given up once more, from the first step',
    takes: ['digest', 'reasonRequired'],
    examples: [['capataz retry email-classifier --reason "The provider was down"', '']],
  },
  {
    verb: 'pause',
    description: 'Hold the candidate where it is; it is judged meanwhile',
    takes: ['digest'],
    examples: [['capataz pause email-classifier --reason "A complaint"', '']],
  },
  {
    verb: 'resume',
    description: 'Let a paused candidate go on',
    takes: ['digest'],
    examples: [['capataz resume email-classifier', '']],
  },
];

export function addRolloutVerbs(program: Command, context: CommandContext): void {
  for (const verb of VERBS) addVerb(program, context, verb);
}

function addVerb(
  program: Command,
  context: CommandContext,
  { verb, description, takes, ...rest }: Verb,
): void {
  const command = program
    .command(verb)
    .description(description)
    .argument('<rollout>', 'name of the CanaryRollout')
    .addHelpText('after', examples(rest.examples));
  if (takes.includes('full')) command.option('--full', 'to all agents or sessions at once');
  if (takes.includes('digest')) {
    const about = verb === 'rollback' ? 'the version to go back to' : 'do it only if this version is meant';
    command.addOption(new Option('--digest <sha256>', about).argParser(digest));
  }
  const reason = new Option('--reason <text>', 'why; it is kept with the decision');
  command.addOption(takes.includes('reasonRequired') ? reason.makeOptionMandatory() : reason);
  command.action(async (name: string, flags: VerbFlags) => {
    const { giveCommand } = await import('../rollouts/give-command.ts');
    await using access = await connectToCluster(flags, context.environment);
    const rollout = await giveCommand(access, name, commandOf(verb, flags, access.user), context.signal);
    const { phase, decision } = rollout.status;
    const told = decision === undefined ? '' : ` ${decision.message}`;
    context.terminal.write(`${visible(`${name}: ${phase ?? 'obeyed'}.${told}`)}\n`);
  });
  withCluster(command);
}

function commandOf(verb: RolloutVerb, flags: VerbFlags, by: string | undefined): RolloutCommand {
  return {
    id: randomUUID(),
    verb,
    ...(flags.full === true && { isFull: true }),
    ...(flags.digest !== undefined && { digest: flags.digest }),
    ...(flags.reason !== undefined && { reason: flags.reason }),
    ...(by !== undefined && { by }),
  };
}

function digest(text: string): string {
  if (Sha256.safeParse(text).success) return text;
  throw new InvalidArgumentError('It takes the whole SHA-256, 64 characters from 0-9 and a-f.');
}
