/** Writes a command and waits until the operator says what became of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ROLLOUT_COMMAND_ANNOTATION,
  type RolloutCommand,
  readRolloutCommand,
} from '#domain/rollout/rollout-command.ts';
import type { ClusterAccess } from '../connection/cluster.ts';
import { CommandError } from '../exit-codes.ts';
import { type Rollout, annotateCommand, getRollout } from './rollout-objects.ts';

const POLL_MILLISECONDS = 200;
const WAIT_MILLISECONDS = 30_000;

/** The rollout as it is once the command was obeyed. Throws when it was refused, or nobody answers for half a minute. */
export async function giveCommand(
  access: ClusterAccess,
  name: string,
  command: RolloutCommand,
  signal: AbortSignal,
): Promise<Rollout> {
  // First, so that a wrong name is said before anything is written.
  await getRollout(access, name);
  await annotateCommand(access, name, command);
  const endsAt = performance.now() + WAIT_MILLISECONDS;
  while (performance.now() < endsAt && !signal.aborted) {
    const rollout = await getRollout(access, name);
    const { lastCommandId, commandIds } = rollout.status;
    if (lastCommandId === command.id) return obeyed(rollout);
    // The operator writes a status only for the object as it is: what it has not answered by now it never will.
    if (!isWritten(rollout, command)) throw overtaken(rollout, commandIds?.includes(command.id) === true);
    await sleep(POLL_MILLISECONDS, undefined, { signal }).catch(() => undefined);
  }
  throw new CommandError(
    'unreachable',
    `The operator has not answered for ${WAIT_MILLISECONDS / 1000} s. The command ${command.id} stands in the annotation and will be obeyed when an operator leads.`,
  );
}

function isWritten({ metadata }: Rollout, { id }: RolloutCommand): boolean {
  const written = readRolloutCommand(metadata.annotations[ROLLOUT_COMMAND_ANNOTATION]);
  return written?.ok === true && written.command.id === id;
}

function overtaken({ metadata }: Rollout, isAnswered: boolean): CommandError {
  const read = readRolloutCommand(metadata.annotations[ROLLOUT_COMMAND_ANNOTATION]);
  const other =
    read?.ok === true ? `${read.command.verb} by ${read.command.by ?? 'somebody'}` : 'something else';
  return new CommandError(
    'failed',
    isAnswered
      ? `The operator has answered, and ${other} came right after it: capataz history tells what was decided.`
      : `The operator has not seen the command: ${other} took its place in the annotation first. Give it again if it is still wanted.`,
  );
}

function obeyed(rollout: Rollout): Rollout {
  const condition = rollout.status.conditions?.find(({ type }) => type === 'CommandAccepted');
  if (condition?.status === 'False') throw new CommandError('failed', condition.message);
  return rollout;
}
