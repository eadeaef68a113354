/** What the ledger tells an agent of its own spending. Days are of UTC. */
import { z } from 'zod';
import { NanoUsd } from './record-fields.ts';

export const AgentSpending = z.object({
  /** Charged for runs whose purpose is `probe` since the beginning of the day. */
  probesTodayNanoUsd: NanoUsd,
  /** Charged for everything on the seven days before. */
  weekBeforeNanoUsd: NanoUsd,
});
export type AgentSpending = z.infer<typeof AgentSpending>;
