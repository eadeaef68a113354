/**
 * What the observer sends to the console as server-sent events, at most one a second: after `whole` all rows, later only
 * those that changed. `position` is the ledger's: how current all of it is.
 */
import { z } from 'zod';
import { AgentRow } from './agent-row.ts';
import { AttentionItem } from './attention-item.ts';
import { NamespaceSummary } from './fleet-summary.ts';

export const ObservedNews = z.object({
  /** Of the whole picture that this continues; with `isWhole` everything known before is void. */
  isWhole: z.boolean(),
  version: z.number(),
  asOfMicroseconds: z.number(),
  /** A sentence when it is not current: the ledger does not answer, nobody leads, the replay is not done. */
  problem: z.string().max(1_024).nullable(),
  rows: z.array(AgentRow),
  removedRows: z.array(z.object({ namespace: z.string(), name: z.string() })),
  /** Always all of them. */
  attention: z.array(AttentionItem).max(1_000),
  namespaces: z.array(NamespaceSummary),
});
export type ObservedNews = z.infer<typeof ObservedNews>;
