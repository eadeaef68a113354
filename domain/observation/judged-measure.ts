/**
 * A measure of an agent beside what is usual for that agent. Whoever shows it shows all of it: a number alone says nothing, and
 * nothing known is `unknown`, never normal.
 */
import { z } from 'zod';

export const MEASURE_VERDICTS = ['normal', 'abnormal', 'expected', 'learning', 'unknown'] as const;

/** `basis`: which hours the band was taken from (domain/normality/hour-of-week.ts). */
export const UsualBand = z.object({
  low: z.number(),
  median: z.number(),
  high: z.number(),
  basis: z.string().max(64),
});
export type UsualBand = z.infer<typeof UsualBand>;

export const JudgedMeasure = z.object({
  verdict: z.enum(MEASURE_VERDICTS),
  /** Of the running hour so far; null: not known. Nano-dollars of cost, microseconds of latency (p95). */
  amount: z.number().nullable(),
  /** What the running hour comes to if it goes on like this. */
  projected: z.number().nullable(),
  usual: UsualBand.nullable(),
  /** Projected (or amount) by the usual median. */
  ratio: z.number().nullable(),
  /** One sentence with the numbers, in English, as it also stands in the condition. */
  sentence: z.string().max(1_024),
  sinceMicroseconds: z.number().nullable(),
});
export type JudgedMeasure = z.infer<typeof JudgedMeasure>;
