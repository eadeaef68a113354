/** The states of domain/drift as they are read back. */
import { z } from 'zod';
import type { UsualSize } from '../drift/usual-size.ts';
import type { WatchedShare } from '../drift/watched-share.ts';

const Count = z.int().min(0);
const Counts = z.strictObject({ good: Count, bad: Count });

export const WatchedShareSnapshot: z.ZodType<WatchedShare> = z.discriminatedUnion('phase', [
  z.strictObject({ phase: z.literal('learning'), seen: Counts }),
  z.strictObject({
    phase: z.literal('watching'),
    learnedFrom: Counts,
    usual: z.number().gt(0).lt(1),
    score: Count,
    since: z.strictObject({ atMicroseconds: z.number(), seen: Counts }).exactOptional(),
    isDrifting: z.boolean(),
  }),
]);

export const UsualSizeSnapshot: z.ZodType<UsualSize> = z.discriminatedUnion('phase', [
  z.strictObject({ phase: z.literal('learning'), counts: z.array(Count).max(96) }),
  z.strictObject({ phase: z.literal('known'), small: Count, large: Count }),
]);
