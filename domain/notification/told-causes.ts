/** What a receiver was told so far: all that has to outlive the process, so that nothing is told twice. */
import { z } from 'zod';
import { AttentionItem, URGENCIES } from '#domain/observation/attention-item.ts';

/** Causes that are remembered of one receiver; of more the oldest that are gone are forgotten. */
export const CAUSES_MAXIMUM = 2_000;
const AGENTS_MAXIMUM = 1_000;
export const LIKELY_CAUSES_MAXIMUM = 16;

const Told = z.object({
  atMicroseconds: z.number(),
  /** How often. */
  times: z.number(),
  urgency: z.enum(URGENCIES),
  /** `NAMESPACE/NAME`. */
  agents: z.array(z.string().max(127)).max(AGENTS_MAXIMUM),
  /** All that were once the most likely ones: one that comes back is no news. */
  likelyCauses: z.array(z.string().max(64)).max(LIKELY_CAUSES_MAXIMUM),
});

const ToldCause = z.object({
  /** As it was last seen. */
  item: AttentionItem,
  /** When it was first seen. */
  seenMicroseconds: z.number(),
  goneMicroseconds: z.number().nullable(),
  told: Told.nullable(),
  /** A message of it was tried and not taken: it may have arrived, and it is told of even when it is over. */
  isTried: z.boolean(),
});
export type ToldCause = z.infer<typeof ToldCause>;

export const ToldCauses = z.object({
  causes: z.array(ToldCause).max(CAUSES_MAXIMUM),
  /** When messages went out in the last 60 minutes. */
  sent: z.object({ page: z.array(z.number()).max(10_000), other: z.array(z.number()).max(10_000) }),
});
export type ToldCauses = z.infer<typeof ToldCauses>;

export const NOTHING_TOLD: ToldCauses = { causes: [], sent: { page: [], other: [] } };
