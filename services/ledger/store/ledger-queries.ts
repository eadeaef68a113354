/** What is asked of the ledger's rollups, and the rows that answer. All bounds are checked at the edge. */

/** Whoever asks may look into these; undefined: into all. */
interface Scope {
  readonly namespaces: readonly string[] | undefined;
  readonly fromMicroseconds?: number;
  /** Not included. */
  readonly toMicroseconds?: number;
  readonly agent?: string;
}

export interface RunQuery extends Scope {
  /** `running`, or a status of run_ended. */
  readonly status?: string;
  readonly model?: string;
  readonly promptDigest?: string;
  readonly limit: number;
  /** From the page before. */
  readonly cursor?: string;
}

/** Newest first by `beganAtMicroseconds`, then id. */
export interface RunRow {
  readonly id: string;
  readonly namespace: string;
  readonly agent: string;
  readonly status: 'running' | 'succeeded' | 'stopped' | 'failed';
  readonly reason?: string;
  readonly promptVersion?: string;
  readonly promptDigest?: string;
  readonly arm?: string;
  readonly traceId?: string;
  readonly beganAtMicroseconds: number;
  readonly endedAtMicroseconds?: number;
  readonly durationMicroseconds?: number;
  readonly steps: number;
  readonly modelCalls: number;
  readonly attempts: number;
  readonly toolCalls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Sum over the attempts whose price is known. */
  readonly costNanoUsd: number;
  readonly attemptsOfUnknownCost: number;
  readonly models: readonly string[];
  /** Of feedback and outcomes. */
  readonly good: number;
  readonly bad: number;
  readonly securityEvents: number;
  readonly records: number;
  /** Whether the agent told as many records as its run_ended counts; undefined while it has not ended. */
  readonly isComplete?: boolean;
  readonly trust: 'witnessed' | 'reported';
}

export const COST_GROUPS = ['namespace', 'agent', 'model', 'promptDigest', 'hour', 'day'] as const;
export type CostGroup = (typeof COST_GROUPS)[number];

export interface CostQuery extends Scope {
  readonly model?: string;
  readonly by: readonly CostGroup[];
  readonly limit: number;
}

/** One per combination of what was grouped by, dearest first; with `hour` or `day` in time's order. */
export interface CostRow {
  readonly group: Readonly<Partial<Record<CostGroup, string>>>;
  readonly attempts: number;
  readonly failedAttempts: number;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly costNanoUsd: number;
  readonly attemptsOfUnknownCost: number;
}

export const OUTCOME_GROUPS = ['namespace', 'agent', 'promptDigest', 'arm', 'metric', 'hour', 'day'] as const;
export type OutcomeGroup = (typeof OUTCOME_GROUPS)[number];

export interface OutcomeQuery extends Scope {
  readonly promptDigest?: string;
  readonly by: readonly OutcomeGroup[];
  readonly limit: number;
}

export interface OutcomeRow {
  readonly group: Readonly<Partial<Record<OutcomeGroup, string>>>;
  /** Runs that ended so. */
  readonly succeeded: number;
  readonly stopped: number;
  readonly failed: number;
  /** Verdicts of feedback and outcomes, by `metric` where grouped so. */
  readonly good: number;
  readonly bad: number;
  readonly neutral: number;
  readonly durationMicroseconds: number;
  readonly costNanoUsd: number;
}
