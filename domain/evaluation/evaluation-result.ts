/** All that an evaluation saw: what the verdict is judged from, and what the reports tell. */
import type { AssertionOutcome } from './score-case.ts';

export type ArmName = 'candidate' | 'stable';

/** One run of one case by one version. */
export type CaseRun = {
  readonly repeat: number;
  readonly isCached: boolean;
} & (
  | {
      readonly kind: 'judged';
      readonly pass: boolean;
      readonly score: number;
      readonly assertions: readonly AssertionOutcome[];
      /** Whether the answer had the form that the agent or the prompt lays down. */
      readonly fitsSchema: boolean;
      /** How often the model was asked again for the form before that. */
      readonly repairs: number;
      readonly text: string;
      readonly latencyMilliseconds: number;
      readonly costNanoUsd: number | null;
      readonly model: string;
    }
  /** Nobody knows how the case would have gone: the model could not be reached, or the judge not be read. */
  | { readonly kind: 'error'; readonly reason: string; readonly costNanoUsd: number | null }
);

export interface CaseResult {
  readonly id: string;
  readonly description?: string;
  readonly critical: boolean;
  readonly tags: readonly string[];
  readonly line: number;
  readonly candidate: readonly CaseRun[];
  /** Empty without a stable version. */
  readonly stable: readonly CaseRun[];
}

export interface VersionIdentity {
  /** What people call it: a file, a PromptVersion. */
  readonly name: string;
  readonly digest: string;
}

export interface JudgeSummary {
  /** As it is asked for. */
  readonly model: string;
  /** Who answered, by the names that the answers bear: another one than was asked for is no pinned judge. */
  readonly served: readonly string[];
  readonly promptDigest: string;
  readonly votes: number;
  /** Graded answers, and the share of votes that agreed with the majority; null when nothing was graded. */
  readonly graded: number;
  readonly agreement: number | null;
  /** Of the graded answers, those that the judge itself had given. */
  readonly ownAnswers: number;
  /** What its votes were charged; part of `chargedNanoUsd`. Null when that of one is not known. */
  readonly chargedNanoUsd: number | null;
}

export interface EvaluationResult {
  readonly goldenSet: { readonly name: string; readonly digest: string; readonly cases: number };
  readonly candidate: VersionIdentity;
  readonly stable?: VersionIdentity;
  readonly model: string;
  readonly repeats: number;
  readonly cases: readonly CaseResult[];
  readonly judge?: JudgeSummary;
  /** What this evaluation was charged: not what came from the cache. Null when the cost of one call is not known. */
  readonly chargedNanoUsd: number | null;
  /** Why it ended before all cases were run. */
  readonly stopped?: 'budget_exhausted' | 'interrupted' | 'cost_unknown';
}
