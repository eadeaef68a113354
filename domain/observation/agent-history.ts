/** What an agent did hour by hour, and what was changed meanwhile. */
import { z } from 'zod';
import { RankedCause } from './attention-item.ts';
import { UsualBand } from './judged-measure.ts';

const HourOfAgent = z.object({
  /** Its beginning. */
  atMicroseconds: z.number(),
  /** Null: not known. */
  amount: z.number().nullable(),
  usual: UsualBand.nullable(),
});

export const CHANGE_KINDS = ['prompt', 'model', 'tools', 'price', 'agent', 'knowledge'] as const;

export const AgentHistory = z.object({
  /** The last 14 days, oldest first. Nano-dollars, and microseconds of p95. */
  costs: z.array(HourOfAgent).max(336),
  latencies: z.array(HourOfAgent).max(336),
  /** The change log, newest first. */
  changes: z
    .array(
      z.object({ atMicroseconds: z.number(), kind: z.enum(CHANGE_KINDS), sentence: z.string().max(1_024) }),
    )
    .max(100),
  /** The last 24 hours against the same hours of the week before; parts add up exactly (domain/normality/cost-change.ts). */
  costChange: z
    .object({
      fromNanoUsd: z.number(),
      toNanoUsd: z.number(),
      parts: z.array(z.object({ cause: z.string().max(64), nanoUsd: z.number() })).max(16),
    })
    .nullable(),
  /** Each watched signal: the score of its CUSUM against the threshold. */
  signals: z
    .array(
      z.object({
        signal: z.string().max(64),
        phase: z.enum(['learning', 'watching', 'drifted', 'unknown']),
        /** Shares of bad runs, from 0 to 1. */
        usualShare: z.number().nullable(),
        recentShare: z.number().nullable(),
        score: z.number().nullable(),
        threshold: z.number().nullable(),
        runs: z.number(),
      }),
    )
    .max(32),
  /** Of its drift, most likely first. */
  causes: z.array(RankedCause).max(8),
});
export type AgentHistory = z.infer<typeof AgentHistory>;
