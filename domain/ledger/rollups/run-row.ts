/** One run, as the ledger sums up its entries. Sums stop at SUM_MAXIMUM (bounded-sum.ts): one that stands there means "at least". */
import type { RunPurpose } from '../record-fields.ts';

/** Newest first by `beganAtMicroseconds`, then id and namespace. Counts are of what has arrived so far. */
export interface RunRow {
  readonly id: string;
  readonly namespace: string;
  readonly agent: string;
  readonly status: 'running' | 'succeeded' | 'stopped' | 'failed';
  readonly reason?: string;
  readonly promptVersion?: string;
  readonly promptDigest?: string;
  readonly arm?: string;
  /** The CanaryRollout that it followed. */
  readonly rollout?: string;
  readonly agentUid?: string;
  /** A digest of the caller's. */
  readonly session?: string;
  /** Absent: production. */
  readonly purpose?: RunPurpose;
  readonly traceId?: string;
  readonly beganAtMicroseconds: number;
  readonly endedAtMicroseconds?: number;
  readonly durationMicroseconds?: number;
  readonly steps: number;
  readonly modelCalls: number;
  readonly attempts: number;
  /** Intents. */
  readonly toolCalls: number;
  /** All of them, read from a cache or not. */
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
  /** `reported` as soon as one record of it is. */
  readonly trust: 'witnessed' | 'reported';
}
