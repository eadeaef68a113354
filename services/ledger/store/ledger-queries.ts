/**
 * What is asked of the ledger's rollups, and the rows that answer. All bounds are checked at the edge.
 *
 * Sums stop at 9,007,199,254,740,991 (as nano-USD some nine million dollars): one that stands there means "at least".
 */
import type { AgentHistory, HistoryBounds } from '#domain/judging/agent-history.ts';

export type { RunRow } from '#domain/ledger/rollups/run-row.ts';

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
  /** A page may hold fewer and still have one after it: what is looked through for one page is bounded. */
  readonly limit: number;
  /** From the page before. */
  readonly cursor?: string;
}

export const COST_GROUPS = ['namespace', 'agent', 'model', 'promptDigest', 'hour', 'day'] as const;
export type CostGroup = (typeof COST_GROUPS)[number];

export interface CostQuery extends Scope {
  readonly model?: string;
  readonly by: readonly CostGroup[];
  readonly limit: number;
}

/**
 * One per combination of what was grouped by, dearest first; with `hour` or `day` (`2026-11-25T14`, `2026-11-25`) in time's
 * order. Counted are model_attempts that were witnessed, in the hour of their `atMicroseconds`; the time that is asked for is
 * widened to whole hours. What is not known is left out of the group.
 */
export interface CostRow {
  readonly group: Readonly<Partial<Record<CostGroup, string>>>;
  readonly attempts: number;
  /** Those that did not end with a whole answer. */
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

/**
 * As CostRow; runs of production are in no group of a `metric`, those for another purpose in that of theirs (METRIC_OF_PURPOSE),
 * which is left out where `by` has no `metric`. Ordered by the other groups where there is no time.
 */
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

/** Of each agent its last ones count. */
export const HISTORY_OUTCOMES_MAXIMUM = 500;

/** What the agents of a rollout did on one version, by the entries up to a position. */
export interface HistoryQuery extends HistoryBounds {
  readonly namespace: string;
  readonly rollout: string;
  readonly promptDigest: string;
  readonly upTo: number;
  /** Agents of a page. */
  readonly limit: number;
  /** The uid of the last agent of the page before. */
  readonly after?: string;
}

/** By uid. */
export interface HistoryPage {
  readonly agents: readonly AgentHistory[];
  readonly nextAfter?: string;
}
