/** Causes for the tests of notifications. */
import type { AttentionItem } from '#domain/observation/attention-item.ts';
import type { ReceiverPolicy } from '../receiver-policy.ts';

export const SECOND = 1_000_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
/** 2026-11-24 14:00 UTC */
export const START = Date.UTC(2026, 10, 24, 14) * 1_000;

export const POLICY: ReceiverPolicy = {
  urgencies: ['page', 'ticket'],
  kinds: [],
  namespaces: [],
  groupSeconds: 30,
  updateMinutes: 15,
  pageReminderHours: 4,
  ticketReminderHours: 24,
  resolvedAfterSeconds: 120,
  maximumPerHour: 20,
};

export function attentionItem(changes: Partial<AttentionItem> = {}): AttentionItem {
  return {
    id: 'cost/prompt/billing',
    kind: 'cost',
    urgency: 'page',
    agents: [{ namespace: 'shop', name: 'sorter' }],
    subject: null,
    title: 'Agents cost far more than usual',
    why: '$512.40 this hour; usual for Tuesday 14h: $210 to $330.',
    causes: [],
    runs: [],
    sinceMicroseconds: START,
    silence: null,
    ...changes,
  };
}

export const agents = (count: number, namespace = 'shop'): AttentionItem['agents'] =>
  Array.from({ length: count }, (_, index) => ({ namespace, name: `agent-${index + 1}` }));
