/** How the sums of domain/ledger/rollups/period-sums.ts are spelled as columns. */
import { COST_SUMS, OUTCOME_SUMS } from '#domain/ledger/rollups/period-sums.ts';
import type { CostKey, OutcomeKey } from '#domain/ledger/rollups/period-sums.ts';

export interface SumTable {
  readonly table: string;
  readonly keys: readonly string[];
  readonly sums: readonly string[];
}

export const COST_TABLE: SumTable = {
  table: 'cost_sums',
  keys: ['namespace', 'agent', 'model', 'promptDigest'] satisfies readonly (keyof CostKey)[],
  sums: COST_SUMS,
};

export const OUTCOME_TABLE: SumTable = {
  table: 'outcome_sums',
  keys: ['namespace', 'agent', 'promptDigest', 'arm', 'metric'] satisfies readonly (keyof OutcomeKey)[],
  sums: OUTCOME_SUMS,
};

/** `promptDigest` as `prompt_digest`. */
export function columnOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
