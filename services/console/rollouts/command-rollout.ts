/**
 * A command of a person to a rollout: the right is reviewed, the command recorded, and then the annotation written that the operator
 * obeys (domain/rollout/rollout-command.ts), in this order. The same command again does nothing and is answered the same.
 */
import { createHash } from 'node:crypto';
import { isConflict, isNotFound } from '#adapters/kubernetes/kube-api-error.ts';
import { CONTENT_TYPES, type KubeClient } from '#adapters/kubernetes/kube-client.ts';
import { parseKubeObject } from '#adapters/kubernetes/kube-object.ts';
import { objectPath } from '#adapters/kubernetes/resource-kind.ts';
import type { UserInfo } from '#adapters/kubernetes/token-reviewer.ts';
import { CANARY_ROLLOUT } from '#crds/canary-rollout.ts';
import { API_GROUP_VERSION } from '#crds/object-meta.ts';
import {
  ROLLOUT_COMMAND_ANNOTATION,
  type RolloutCommand,
  readRolloutCommand,
} from '#domain/rollout/rollout-command.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { CommandAnswer, CommandRequest } from '../api/answers.ts';
import type { ConsoleRecords } from '../ledger/console-records.ts';
import { type RolloutObject, rolloutObjectOf } from '../objects/rollout-objects.ts';
import { RefusedError } from '../refused-error.ts';
import { notFound } from '../replies.ts';
import { type Button, possibilityOf, verbOf } from './rollout-buttons.ts';
import type { SeenRollouts } from './seen-rollouts.ts';

/** Whoever writes the status meanwhile is the operator, many times a second at most. */
const TRIES = 5;
const ENDING_VERBS: ReadonlySet<string> = new Set(['abort', 'rollback']);

export interface CommandParts {
  readonly kubeClient: Pick<KubeClient, 'request'>;
  readonly records: Pick<ConsoleRecords, 'tell'>;
  readonly seen: Pick<SeenRollouts, 'isAsSeen'>;
  readonly logger: Logger;
  readonly nowMicroseconds: () => number;
}

export interface AskedCommand {
  readonly user: UserInfo;
  readonly namespace: string;
  readonly name: string;
  readonly button: Button;
  readonly request: CommandRequest;
}

/** The person's right was reviewed. Rejects with a RefusedError. */
export async function commandRollout(parts: CommandParts, asked: AskedCommand): Promise<CommandAnswer> {
  const { user, namespace, name, button, request } = asked;
  const command: RolloutCommand = {
    id: request.id,
    verb: verbOf(button),
    ...(button === 'promote_full' && { isFull: true }),
    reason: request.reason,
    by: user.username.slice(0, 256),
  };
  const answer: CommandAnswer = { id: request.id, recordId: recordIdOf(asked) };
  let isRecorded = false;
  for (let attempt = 1; ; attempt += 1) {
    // The object itself, and not our copy of it: the copy may be behind.
    const rollout = await readRollout(parts, namespace, name);
    if (isGiven(rollout, command)) return answer;
    refuseWhatCannotBe(parts, rollout, asked);
    if (!isRecorded) {
      await parts.records.tell({
        id: answer.recordId,
        namespace,
        atMicroseconds: parts.nowMicroseconds(),
        type: 'command',
        by: command.by ?? '',
        kind: CANARY_ROLLOUT.kind,
        subject: name,
        verb: button,
        resourceVersion: request.resourceVersion,
        reason: request.reason,
      });
      isRecorded = true;
    }
    try {
      await annotate(parts, rollout, command);
      return answer;
    } catch (error) {
      if (isConflict(error) && attempt < TRIES) continue;
      parts.logger.warn({ error, rollout: `${namespace}/${name}` }, 'a command could not be written');
      throw new RefusedError(isConflict(error) ? CHANGED : KUBERNETES_AWAY);
    }
  }
}

async function readRollout(
  { kubeClient, logger }: CommandParts,
  namespace: string,
  name: string,
): Promise<RolloutObject> {
  try {
    const path = objectPath({ groupVersion: API_GROUP_VERSION, ...CANARY_ROLLOUT }, namespace, name);
    return rolloutObjectOf(
      parseKubeObject(await kubeClient.request({ method: 'GET', path, timeoutSeconds: 10 })),
    );
  } catch (error) {
    if (isNotFound(error)) throw notFound(`CanaryRollout ${name} in namespace ${namespace}`);
    logger.warn({ error }, 'a rollout could not be read');
    throw new RefusedError(KUBERNETES_AWAY);
  }
}

/** Whether it stands in the annotation or was obeyed already; refuses another command of the same id. */
function isGiven({ command: annotation, status }: RolloutObject, command: RolloutCommand): boolean {
  const read = readRolloutCommand(annotation);
  if (read?.ok === true && read.command.id === command.id) {
    const { verb, isFull, by, reason } = read.command;
    const isSame =
      verb === command.verb && isFull === command.isFull && by === command.by && reason === command.reason;
    if (isSame) return true;
    throw new RefusedError(OTHER_COMMAND);
  }
  // What it was is not known any more; that it was obeyed or refused is.
  return status.lastCommandId === command.id || status.commandIds?.includes(command.id) === true;
}

function refuseWhatCannotBe(
  { seen, nowMicroseconds }: CommandParts,
  rollout: RolloutObject,
  { namespace, name, button, request }: AskedCommand,
): void {
  if (!seen.isAsSeen(`${namespace}/${name}`, request.resourceVersion, rollout))
    throw new RefusedError(CHANGED);
  const { spec, status } = rollout;
  const possibility = possibilityOf(button, { spec, status, now: new Date(nowMicroseconds() / 1_000) });
  if (!possibility.isPossible) {
    throw new RefusedError({ code: 'command_not_possible', message: possibility.sentence });
  }
  const ending = endingThatWaits(rollout);
  if (ending !== undefined && !ENDING_VERBS.has(verbOf(button))) {
    throw new RefusedError({
      code: 'command_not_possible',
      message: `${ending.by ?? 'Somebody'} asked to ${ending.verb} it, and the operator has not obeyed yet: see what comes of that first.`,
    });
  }
}

/** There is room for one command: what ends a bad release is not written over by what does not. */
function endingThatWaits({ command, status }: RolloutObject): RolloutCommand | undefined {
  const read = readRolloutCommand(command);
  if (read?.ok !== true || !ENDING_VERBS.has(read.command.verb)) return undefined;
  const { id } = read.command;
  const isAnswered = status.lastCommandId === id || status.commandIds?.includes(id) === true;
  return isAnswered ? undefined : read.command;
}

async function annotate(
  { kubeClient }: CommandParts,
  { metadata, status }: RolloutObject,
  command: RolloutCommand,
): Promise<void> {
  const { namespace, name, resourceVersion } = metadata;
  // The operator obeys it about this version alone; of a rollback the digest would be where to.
  const digest =
    command.verb === 'rollback' || command.verb === 'retry' ? undefined : status.candidate?.digest;
  const written = { ...command, ...(digest !== undefined && { digest }) };
  await kubeClient.request({
    method: 'PATCH',
    path: objectPath({ groupVersion: API_GROUP_VERSION, ...CANARY_ROLLOUT }, namespace, name),
    query: { fieldManager: 'capataz-console' },
    contentType: CONTENT_TYPES.mergePatch,
    body: {
      metadata: {
        resourceVersion,
        annotations: { [ROLLOUT_COMMAND_ANNOTATION]: JSON.stringify(written) },
      },
    },
    timeoutSeconds: 10,
  });
}

/** The same command has the same record, whoever sends it again and whenever; another one never has. */
function recordIdOf({ user, namespace, name, button, request }: AskedCommand): string {
  const content = JSON.stringify([namespace, name, button, user.username, request.reason]);
  const digest = createHash('sha256').update(content).digest('hex').slice(0, 16);
  return `command:${request.id}:${digest}`;
}

const CHANGED = {
  code: 'object_changed',
  message:
    'The rollout is about another version now than the one that you saw: look at it again, then decide.',
} as const;
const OTHER_COMMAND = {
  code: 'idempotency_conflict',
  message: 'The id of the command was used for another command: load the page anew and give it again.',
} as const;
const KUBERNETES_AWAY = {
  code: 'kubernetes_unavailable',
  message:
    'The API server did not take the command, which is recorded: give it again in a moment, it is done once.',
  retryAfterSeconds: 2,
} as const;
