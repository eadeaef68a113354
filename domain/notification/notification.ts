/** What a receiver is told: of one cause, or of several in one message because there are too many for one each. */
import type { AttentionItem } from '#domain/observation/attention-item.ts';
import type { Urgency } from './receiver-policy.ts';

/** `changed`: more agents, another likely cause, or more urgent. */
export const CAUSE_EVENTS = ['began', 'changed', 'reminder', 'resolved'] as const;
export type CauseEvent = (typeof CAUSE_EVENTS)[number];

/** What is told of a cause; what is over is told of as it was last seen. */
export type ToldItem = Omit<AttentionItem, 'silence'>;

export interface CauseNotification {
  /** The same when the same is told again because it was not known whether it had arrived. 32 hexadecimal digits. */
  readonly id: string;
  readonly event: CauseEvent;
  readonly atMicroseconds: number;
  readonly item: ToldItem;
  /** Those that were not told of before; all of them when it began. */
  readonly newAgents: AttentionItem['agents'];
}

export interface MoreNotification {
  readonly id: string;
  readonly event: 'more';
  readonly atMicroseconds: number;
  readonly urgency: Urgency;
  readonly total: number;
  /** The first of them. */
  readonly causes: readonly {
    readonly id: string;
    readonly event: CauseEvent;
    readonly title: string;
    readonly urgency: Urgency;
    readonly agents: number;
  }[];
}

export type Notification = CauseNotification | MoreNotification;

export const MORE_LISTED = 20;
