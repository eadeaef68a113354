/**
 * From what needs somebody, and what a receiver was told before, to the next message for it. Level-triggered: whoever could not be
 * told for an hour is told then how it is, and not what it was meanwhile.
 */
import { createHash } from 'node:crypto';
import type { AttentionItem } from '#domain/observation/attention-item.ts';
import {
  type DueCause,
  agentKey,
  compareDue,
  dueOf,
  isMoreUrgent,
  likelyCauseOf,
  newAgentsOf,
} from './due-causes.ts';
import { MORE_LISTED, type Notification } from './notification.ts';
import { type ReceiverPolicy, type Urgency, viewOf } from './receiver-policy.ts';
import { CAUSES_MAXIMUM, LIKELY_CAUSES_MAXIMUM, type ToldCause, type ToldCauses } from './told-causes.ts';

const SECOND = 1_000_000;
const HOUR = 3_600 * SECOND;
/** What is over and could not be told for so long is told no more. */
const ABANDONED_AFTER = 24 * HOUR;

export interface NotificationInput {
  readonly told: ToldCauses;
  /** All that needs somebody now: what is not in it is over. */
  readonly items: readonly AttentionItem[];
  readonly policy: ReceiverPolicy;
  readonly nowMicroseconds: number;
  /** Causes whose message was refused, and until when each is left alone. */
  readonly setAside: ReadonlyMap<string, number>;
}

export interface NextNotification {
  readonly notification: Notification;
  /** Of its causes. */
  readonly causeIds: readonly string[];
  /** Since when it could have been told. */
  readonly dueMicroseconds: number;
  /** What the receiver was told, once it has taken this. */
  readonly toldAfter: ToldCauses;
}

export interface NotificationDecision {
  /** What is known now, nothing more being told. */
  readonly told: ToldCauses;
  readonly next: NextNotification | undefined;
  /** When to ask again if nothing changes before; undefined: not at all. */
  readonly wakeMicroseconds: number | undefined;
  /** Messages that wait until there is room in the hour. */
  readonly withheld: number;
}

type GoneCause = ToldCause & { readonly goneMicroseconds: number };

export function nextNotification(input: NotificationInput): NotificationDecision {
  const { policy, nowMicroseconds, setAside } = input;
  const told = observed(input);
  const dues = told.causes.flatMap((cause) => {
    const due = dueOf(cause, policy, nowMicroseconds);
    if (due === undefined) return [];
    const notBefore = setAside.get(cause.item.id) ?? 0;
    return [{ ...due, dueMicroseconds: Math.max(due.dueMicroseconds, notBefore) }];
  });
  const later = dues.map(({ dueMicroseconds }) => dueMicroseconds).filter((due) => due > nowMicroseconds);
  let withheld = 0;
  for (const budget of ['page', 'other'] as const) {
    const due = dues
      .filter(
        ({ urgency, dueMicroseconds }) => budgetOf(urgency) === budget && dueMicroseconds <= nowMicroseconds,
      )
      .toSorted(compareDue);
    const free = policy.maximumPerHour - told.sent[budget].length;
    if (due.length > 0 && free > 0) {
      const included = free === 1 && due.length > 1 ? due : due.slice(0, 1);
      return {
        told,
        next: messageOf(told, included, nowMicroseconds),
        wakeMicroseconds: undefined,
        withheld,
      };
    }
    withheld += due.length;
    const oldest = told.sent[budget][0];
    if (due.length > 0 && oldest !== undefined) later.push(oldest + HOUR);
  }
  const wakeMicroseconds =
    later.length === 0 ? undefined : later.reduce((one, other) => Math.min(one, other));
  return { told, next: undefined, wakeMicroseconds, withheld };
}

/** A delivery of these failed: they may have arrived. */
export function tried(told: ToldCauses, causeIds: readonly string[]): ToldCauses {
  const ids = new Set(causeIds);
  return {
    ...told,
    causes: told.causes.map((cause) => (ids.has(cause.item.id) ? { ...cause, isTried: true } : cause)),
  };
}

/** Pages have room of their own: tickets cannot use it up. */
const budgetOf = (urgency: Urgency): 'page' | 'other' => (urgency === 'page' ? 'page' : 'other');

/** What is seen now beside what was known. */
function observed({ told, items, policy, nowMicroseconds }: NotificationInput): ToldCauses {
  const known = new Map(told.causes.map((cause) => [cause.item.id, cause]));
  const present = new Map<string, ToldCause>();
  for (const item of items) {
    const view = viewOf(item, policy);
    if (view === undefined) continue;
    const cause = known.get(item.id);
    present.set(item.id, {
      item: view,
      seenMicroseconds: cause?.seenMicroseconds ?? nowMicroseconds,
      goneMicroseconds: null,
      told: cause?.told ?? null,
      isTried: cause?.isTried ?? false,
    });
  }
  const gone = told.causes
    .filter(({ item }) => !present.has(item.id))
    .map((cause) => goneSince(cause, nowMicroseconds))
    .filter((cause) => isKept(cause, policy, nowMicroseconds))
    .toSorted((one, other) => other.goneMicroseconds - one.goneMicroseconds);
  // A clock that was once ahead must not silence anybody until it comes to be that late.
  const isRecent = (at: number): boolean => at > nowMicroseconds - HOUR && at <= nowMicroseconds;
  return {
    causes: [...present.values(), ...gone].slice(0, CAUSES_MAXIMUM),
    sent: { page: told.sent.page.filter(isRecent), other: told.sent.other.filter(isRecent) },
  };
}

function goneSince(cause: ToldCause, nowMicroseconds: number): GoneCause {
  return { ...cause, goneMicroseconds: cause.goneMicroseconds ?? nowMicroseconds };
}

/** What never was told is forgotten when it is gone; what was, until it is told that it is over, or would have been. */
function isKept(cause: GoneCause, policy: ReceiverPolicy, now: number): boolean {
  if (cause.told === null && !cause.isTried) return false;
  const isToBeTold = dueOf(cause, policy, now) !== undefined;
  const keptFor = isToBeTold ? ABANDONED_AFTER : policy.resolvedAfterSeconds * SECOND;
  return now - cause.goneMicroseconds < keptFor;
}

function messageOf(
  told: ToldCauses,
  included: readonly DueCause[],
  nowMicroseconds: number,
): NextNotification | undefined {
  const [first] = included;
  if (first === undefined) return undefined;
  const budget = budgetOf(first.urgency);
  const ids = new Set(included.map(({ cause }) => cause.item.id));
  return {
    notification:
      included.length === 1 ? ofOneCause(first, nowMicroseconds) : ofMany(included, nowMicroseconds),
    causeIds: [...ids],
    dueMicroseconds: included.reduce(
      (least, { dueMicroseconds }) => Math.min(least, dueMicroseconds),
      Infinity,
    ),
    toldAfter: {
      causes: told.causes.flatMap((cause) =>
        ids.has(cause.item.id) ? afterTelling(cause, nowMicroseconds) : [cause],
      ),
      sent: { ...told.sent, [budget]: [...told.sent[budget], nowMicroseconds] },
    },
  };
}

/** Nothing where it was told to be over. */
function afterTelling(cause: ToldCause, atMicroseconds: number): readonly ToldCause[] {
  const { item, told, goneMicroseconds } = cause;
  if (goneMicroseconds !== null) return [];
  const urgency = told !== null && isMoreUrgent(told.urgency, item.urgency) ? told.urgency : item.urgency;
  return [
    {
      ...cause,
      isTried: false,
      told: {
        atMicroseconds,
        times: (told?.times ?? 0) + 1,
        urgency,
        agents: item.agents.map(agentKey),
        likelyCauses: withLikely(told?.likelyCauses ?? [], likelyCauseOf(item)),
      },
    },
  ];
}

function withLikely(known: readonly string[], likely: string | undefined): string[] {
  const all = likely === undefined || known.includes(likely) ? known : [...known, likely];
  return all.slice(-LIKELY_CAUSES_MAXIMUM);
}

function ofOneCause({ cause, event, urgency }: DueCause, atMicroseconds: number): Notification {
  const { silence: _, ...item } = cause.item;
  return {
    id: idOf([{ cause, event }]),
    event,
    atMicroseconds,
    item: { ...item, urgency },
    newAgents: event === 'resolved' ? [] : newAgentsOf(cause.item, cause.told?.agents ?? []),
  };
}

function ofMany(included: readonly DueCause[], atMicroseconds: number): Notification {
  return {
    id: idOf(included),
    event: 'more',
    atMicroseconds,
    urgency: included[0]?.urgency ?? 'notice',
    total: included.length,
    causes: included.slice(0, MORE_LISTED).map(({ cause: { item }, event, urgency }) => ({
      id: item.id,
      event,
      title: item.title,
      urgency,
      agents: item.agents.length,
    })),
  };
}

function idOf(told: readonly Pick<DueCause, 'cause' | 'event'>[]): string {
  const parts = told.map(({ cause, event }) => [
    cause.item.id,
    cause.item.sinceMicroseconds,
    cause.told?.times ?? 0,
    event,
  ]);
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
