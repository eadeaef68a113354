/** What one receiver is told of, and how often. */
import type { AttentionItem, AttentionKind } from '#domain/observation/attention-item.ts';

export type Urgency = AttentionItem['urgency'];

export interface ReceiverPolicy {
  readonly urgencies: readonly Urgency[];
  /** Empty: of all kinds. */
  readonly kinds: readonly AttentionKind[];
  /** Empty: of all, and of the platform itself. With some, agents of others are not listed. */
  readonly namespaces: readonly string[];
  /** For so long is waited for more agents of the same cause before it is told. */
  readonly groupSeconds: number;
  /** What changes is told no sooner after what was told last; a cause that becomes more urgent is told at once. */
  readonly updateMinutes: number;
  /** After so long somebody is reminded of what lasts: of pages, and of tickets. */
  readonly pageReminderHours: number;
  readonly ticketReminderHours: number;
  /** A cause that is gone for so long is over. */
  readonly resolvedAfterSeconds: number;
  /** Messages in any 60 minutes, counted for pages by themselves. The last one says how many more there are. */
  readonly maximumPerHour: number;
}

/** The item as this receiver may see it, or undefined where it is none of its business. Its urgency is not looked at. */
export function viewOf(
  item: AttentionItem,
  { kinds, namespaces }: Pick<ReceiverPolicy, 'kinds' | 'namespaces'>,
): AttentionItem | undefined {
  if (kinds.length > 0 && !kinds.includes(item.kind)) return undefined;
  if (namespaces.length === 0) return item;
  const isSeen = ({ namespace }: { readonly namespace: string }): boolean => namespaces.includes(namespace);
  const agents = item.agents.filter(isSeen);
  const subject = item.subject !== null && isSeen(item.subject) ? item.subject : null;
  if (agents.length === 0 && subject === null) return undefined;
  return { ...item, agents, subject, runs: item.runs.filter(isSeen) };
}
