/** One agent of the fleet as the observer knows it: what a row of the console shows. At most some 2 kB as JSON. */
import { z } from 'zod';
import { JudgedMeasure } from './judged-measure.ts';

export const AGENT_STATES = ['ready', 'progressing', 'stalled', 'unknown'] as const;
export const FINDING_STATUSES = ['True', 'False', 'Unknown'] as const;

export const Finding = z.object({
  status: z.enum(FINDING_STATUSES),
  /** CamelCase, as in the condition. */
  reason: z.string().max(128),
  sentence: z.string().max(1_024),
  sinceMicroseconds: z.number().nullable(),
});
export type Finding = z.infer<typeof Finding>;

export const AgentRow = z.object({
  namespace: z.string().max(63),
  name: z.string().max(63),
  uid: z.string().max(64),
  state: z.enum(AGENT_STATES),
  /** The message of its condition Ready. */
  stateSentence: z.string().max(1_024),
  prompt: z.object({ name: z.string().max(253), digest: z.string().max(64) }).nullable(),
  models: z.array(z.string().max(253)).max(64),
  cost: JudgedMeasure,
  /** p95 of runs. */
  latency: JudgedMeasure,
  /** True: its quality drifted though nothing of ours changed. */
  drift: Finding,
  probed: Finding,
  /** Costs of the last 24 hours, oldest first, the running one last; null where not known. Nano-dollars. */
  hourlyCosts: z.array(z.number().nullable()).max(24),
  costMonthToDate: z.number().nullable(),
  /** What the month comes to if it goes on like this. */
  costMonthEnd: z.number().nullable(),
  /** Of the last 60 minutes. */
  runs: z.object({
    total: z.number(),
    failed: z.number(),
    /** First answers that did and did not fit the output schema. */
    fitting: z.number(),
    unfitting: z.number(),
  }),
  /** Of the last 24 hours. */
  securityEvents: z.object({ total: z.number(), blocked: z.number() }),
  lastRunMicroseconds: z.number().nullable(),
});
export type AgentRow = z.infer<typeof AgentRow>;
