/** One cause that needs somebody, with all agents that it touches: one cause, one item, one page. */
import { z } from 'zod';

export const ATTENTION_KINDS = [
  'cost',
  'latency',
  'drift',
  'failures',
  'security',
  'rollout',
  'probe',
  'agent',
  'model',
  'ledger',
] as const;
export type AttentionKind = (typeof ATTENTION_KINDS)[number];
/** `page`: somebody is woken. `ticket`: today. `notice`: good to know. */
export const URGENCIES = ['page', 'ticket', 'notice'] as const;

export const RankedCause = z.object({
  /** snake_case, from domain/drift/attribution. */
  cause: z.string().max(64),
  sentence: z.string().max(1_024),
  atMicroseconds: z.number().nullable(),
});
export type RankedCause = z.infer<typeof RankedCause>;

export const AttentionItem = z.object({
  /** The same for the same cause as long as it lasts, also after a restart: notifications are grouped and muted by it. */
  id: z.string().max(200),
  kind: z.enum(ATTENTION_KINDS),
  urgency: z.enum(URGENCIES),
  /** Absent agents: it is of the platform, and shown to whoever may see all namespaces. */
  agents: z.array(z.object({ namespace: z.string().max(63), name: z.string().max(63) })).max(1_000),
  /** Of the CanaryRollout or Model it is about. */
  subject: z.object({ namespace: z.string().max(63), name: z.string().max(253) }).nullable(),
  title: z.string().max(256),
  /** One sentence with the numbers. */
  why: z.string().max(1_024),
  causes: z.array(RankedCause).max(8),
  /** Some of its runs. */
  runs: z.array(z.object({ namespace: z.string().max(63), id: z.string().max(256) })).max(10),
  sinceMicroseconds: z.number(),
  /** `muted`: nobody is told until then. `expected`: it is normal until then. */
  silence: z
    .object({
      action: z.enum(['muted', 'expected']),
      by: z.string().max(256),
      reason: z.string().max(1_024),
      untilMicroseconds: z.number(),
    })
    .nullable(),
});
export type AttentionItem = z.infer<typeof AttentionItem>;
