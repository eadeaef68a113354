/** Of each cause what is to be told next, and when. */
import type { AttentionItem } from '#domain/observation/attention-item.ts';
import type { CauseEvent } from './notification.ts';
import type { ReceiverPolicy, Urgency } from './receiver-policy.ts';
import type { ToldCause } from './told-causes.ts';

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

export interface DueCause {
  readonly cause: ToldCause;
  readonly event: CauseEvent;
  readonly urgency: Urgency;
  readonly dueMicroseconds: number;
}

const RANK: Readonly<Record<Urgency, number>> = { page: 0, ticket: 1, notice: 2 };

export const isMoreUrgent = (one: Urgency, other: Urgency): boolean => RANK[one] < RANK[other];

/** Undefined where nothing is to be told of it, whatever the time. */
export function dueOf(
  cause: ToldCause,
  policy: ReceiverPolicy,
  nowMicroseconds: number,
): DueCause | undefined {
  const { item, told, goneMicroseconds } = cause;
  if (goneMicroseconds !== null) return dueWhenGone(cause, goneMicroseconds, policy);
  const due =
    told === null
      ? firstDue(cause, policy)
      : earliest([changeDue(item, told, policy), reminderDue(item.urgency, told.atMicroseconds, policy)]);
  if (due === undefined) return undefined;
  const { silence } = item;
  const isSilent = silence !== null && silence.untilMicroseconds > nowMicroseconds;
  const dueMicroseconds = isSilent ? Math.max(due.at, silence.untilMicroseconds) : due.at;
  return { cause, event: due.event, urgency: item.urgency, dueMicroseconds };
}

interface Due {
  readonly event: CauseEvent;
  readonly at: number;
}

function firstDue({ item, seenMicroseconds }: ToldCause, policy: ReceiverPolicy): Due | undefined {
  if (!policy.urgencies.includes(item.urgency)) return undefined;
  return { event: 'began', at: seenMicroseconds + policy.groupSeconds * SECOND };
}

function changeDue(
  item: AttentionItem,
  told: NonNullable<ToldCause['told']>,
  { updateMinutes }: ReceiverPolicy,
): Due | undefined {
  if (isMoreUrgent(item.urgency, told.urgency)) return { event: 'changed', at: told.atMicroseconds };
  const likely = likelyCauseOf(item);
  const isChanged =
    newAgentsOf(item, told.agents).length > 0 ||
    (likely !== undefined && !told.likelyCauses.includes(likely));
  return isChanged ? { event: 'changed', at: told.atMicroseconds + updateMinutes * MINUTE } : undefined;
}

function reminderDue(
  urgency: Urgency,
  toldMicroseconds: number,
  { pageReminderHours, ticketReminderHours }: ReceiverPolicy,
): Due | undefined {
  if (urgency === 'notice') return undefined;
  const hours = urgency === 'page' ? pageReminderHours : ticketReminderHours;
  return { event: 'reminder', at: toldMicroseconds + hours * HOUR };
}

/** Who heard that it began hears that it is over, silent or not. A notice asks for nothing, so that nothing has to be closed. */
function dueWhenGone(
  cause: ToldCause,
  goneMicroseconds: number,
  { urgencies, resolvedAfterSeconds }: ReceiverPolicy,
): DueCause | undefined {
  const urgency = cause.told?.urgency ?? cause.item.urgency;
  const isKnown = cause.told !== null || (cause.isTried && urgencies.includes(urgency));
  if (!isKnown || urgency === 'notice') return undefined;
  return {
    cause,
    event: 'resolved',
    urgency,
    dueMicroseconds: goneMicroseconds + resolvedAfterSeconds * SECOND,
  };
}

function earliest(dues: readonly (Due | undefined)[]): Due | undefined {
  return dues.filter((due) => due !== undefined).toSorted((one, other) => one.at - other.at)[0];
}

export const agentKey = ({ namespace, name }: AttentionItem['agents'][number]): string =>
  `${namespace}/${name}`;

export function newAgentsOf(item: AttentionItem, told: readonly string[]): AttentionItem['agents'] {
  const known = new Set(told);
  return item.agents.filter((agent) => !known.has(agentKey(agent)));
}

export const likelyCauseOf = ({ causes }: AttentionItem): string | undefined => causes[0]?.cause;

/** What is more urgent first, then what is due for longer. */
export function compareDue(one: DueCause, other: DueCause): number {
  return (
    RANK[one.urgency] - RANK[other.urgency] ||
    one.dueMicroseconds - other.dueMicroseconds ||
    (one.cause.item.id < other.cause.item.id ? -1 : 1)
  );
}
