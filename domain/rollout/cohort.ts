/**
 * Which agents take the candidate: exactly max(1, ceil(N x share)) of them, the first by rank. What is stored is the
 * highest rank among them, however many agents there are, and it only grows while one candidate is released: whoever
 * took the candidate keeps it, and a smaller cohort lies inside a larger one. An agent that comes later falls on the
 * side of the cutoff that its rank says; where agents leave, the next ones by rank fill up the number.
 */
import { agentRank } from './choose-arm.ts';

export const WHOLE_BASIS_POINTS = 10_000;
/** No rank is above it: agents that come later take the candidate too. */
const HIGHEST_RANK = 'f'.repeat(64);

export interface Cohort {
  /** Undefined: no agent takes the candidate. */
  readonly cutoff: string | undefined;
  readonly agents: number;
  readonly exposedAgents: number;
}

export interface CohortQuestion {
  readonly agentUids: readonly string[];
  readonly salt: string;
  readonly basisPoints: number;
  /** What was stored before, for the same salt. */
  readonly cutoff: string | undefined;
}

export function growCohort({ agentUids, salt, basisPoints, cutoff }: CohortQuestion): Cohort {
  const ranks = agentUids.map((uid) => agentRank(salt, uid)).toSorted();
  const wanted = cohortSize(ranks.length, basisPoints);
  const needed = basisPoints === WHOLE_BASIS_POINTS ? HIGHEST_RANK : ranks[wanted - 1];
  return countCohort(ranks, highest(cutoff, needed));
}

/** The cohort as it is, also when it could be filled up. */
export function keepCohort({ agentUids, salt, cutoff }: CohortQuestion): Cohort {
  return countCohort(
    agentUids.map((uid) => agentRank(salt, uid)),
    cutoff,
  );
}

export function cohortSize(agents: number, basisPoints: number): number {
  if (basisPoints === 0) return 0;
  // Whole numbers: 0.07 x 100 is more than 7 in floating point, and would be rounded up to 8.
  return Math.min(agents, Math.max(1, Math.ceil((agents * basisPoints) / WHOLE_BASIS_POINTS)));
}

function countCohort(ranks: readonly string[], cutoff: string | undefined): Cohort {
  const exposedAgents = cutoff === undefined ? 0 : ranks.filter((rank) => rank <= cutoff).length;
  return { cutoff, agents: ranks.length, exposedAgents };
}

function highest(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one > other ? one : other;
}
