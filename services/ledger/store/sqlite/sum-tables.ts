/** How the sums of domain/ledger/rollups/period-sums.ts are spelled as columns. */
import type { CostKey, CostSums, OutcomeKey, OutcomeSums } from '#domain/ledger/rollups/period-sums.ts';

export interface SumTable {
  readonly table: string;
  readonly keys: Readonly<Record<string, string>>;
  readonly sums: Readonly<Record<string, string>>;
}

export const COST_TABLE = {
  table: 'cost_sums',
  keys: {
    namespace: 'namespace',
    agent: 'agent',
    model: 'model',
    promptDigest: 'prompt_digest',
  } satisfies Record<keyof CostKey, string>,
  sums: {
    attempts: 'attempts',
    failedAttempts: 'failed_attempts',
    inputTokens: 'input_tokens',
    cachedInputTokens: 'cached_input_tokens',
    cacheWriteTokens: 'cache_write_tokens',
    outputTokens: 'output_tokens',
    costNanoUsd: 'cost_nano_usd',
    attemptsOfUnknownCost: 'attempts_of_unknown_cost',
  } satisfies Record<keyof CostSums, string>,
} as const;

/** For what asks neither for an agent nor for a prompt. */
export const COST_TOTALS_TABLE = {
  table: 'cost_totals',
  keys: { namespace: 'namespace', model: 'model' },
  sums: COST_TABLE.sums,
} as const;

export const OUTCOME_TABLE = {
  table: 'outcome_sums',
  keys: {
    namespace: 'namespace',
    agent: 'agent',
    promptDigest: 'prompt_digest',
    arm: 'arm',
    metric: 'metric',
  } satisfies Record<keyof OutcomeKey, string>,
  sums: {
    succeeded: 'succeeded',
    stopped: 'stopped',
    failed: 'failed',
    good: 'good',
    bad: 'bad',
    neutral: 'neutral',
    durationMicroseconds: 'duration_microseconds',
    costNanoUsd: 'cost_nano_usd',
  } satisfies Record<keyof OutcomeSums, string>,
} as const;
