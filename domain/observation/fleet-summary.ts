/** The fleet in a few numbers, by namespace, so that whoever sees some namespaces gets the sum of those. */
import { z } from 'zod';
import { JudgedMeasure } from './judged-measure.ts';

export const NamespaceSummary = z.object({
  namespace: z.string().max(63),
  agents: z.number(),
  cost: JudgedMeasure,
  costMonthToDate: z.number().nullable(),
  costMonthEnd: z.number().nullable(),
  runsLastHour: z.number(),
  failedRunsLastHour: z.number(),
});
export type NamespaceSummary = z.infer<typeof NamespaceSummary>;
