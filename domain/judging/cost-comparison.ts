/** What the candidate's runs cost, beside what they would have cost on stable. All of its state stands in the status. */
import type { AnalysisStatus } from '#crds/rollout-progress.ts';
import type { RunCosts } from './judging-past.ts';

export type CostComparison = AnalysisStatus['cost'];

/** A mean of fewer runs is no mean: one long run of ten is not five times the mean. */
const FEWEST_RUNS = 10;

export const NO_COSTS: CostComparison = {
  stableRuns: 0,
  stableNanoUsd: 0,
  candidateRuns: 0,
  candidateNanoUsd: 0,
  expectedNanoUsd: 0,
};

export function countStableCost(costs: CostComparison, nanoUsd: number): CostComparison {
  return {
    ...costs,
    stableRuns: costs.stableRuns + 1,
    stableNanoUsd: bounded(costs.stableNanoUsd + nanoUsd),
  };
}

/**
 * `own`: of the runs of the same agent on stable; undefined where sessions are split: then it is compared with the runs of
 * stable so far. A run without anything to compare it with is not counted.
 */
export function countCandidateCost(
  costs: CostComparison,
  nanoUsd: number,
  own: RunCosts | undefined,
): CostComparison {
  const { runs, nanoUsd: spent } = own ?? { runs: costs.stableRuns, nanoUsd: costs.stableNanoUsd };
  if (runs < FEWEST_RUNS) return costs;
  return {
    ...costs,
    candidateRuns: costs.candidateRuns + 1,
    candidateNanoUsd: bounded(costs.candidateNanoUsd + nanoUsd),
    expectedNanoUsd: bounded(costs.expectedNanoUsd + Math.round(spent / runs)),
  };
}

/** How many times more than on stable; undefined while nothing can be said. */
export function costFactor({
  candidateRuns,
  candidateNanoUsd,
  expectedNanoUsd,
}: CostComparison): number | undefined {
  return candidateRuns < FEWEST_RUNS || expectedNanoUsd === 0
    ? undefined
    : candidateNanoUsd / expectedNanoUsd;
}

/** Nine million dollars stand in for more. */
function bounded(nanoUsd: number): number {
  return Math.min(nanoUsd, Number.MAX_SAFE_INTEGER);
}
