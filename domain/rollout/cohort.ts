/**
 * Which agents take the candidate: exactly max(1, ceil(N x share)) of them, the first by rank. What is stored is the
 * highest rank among them, however many agents there are; a smaller cohort lies inside a larger one, and whoever took the
 * candidate keeps it. Where agents leave, the next ones by rank fill up the number. One that comes later takes the
 * candidate when its rank says so, but never beside more than the share allows: then it takes the place of those with the
 * highest ranks. Otherwise the one agent of a young fleet, of whatever rank, would hold the door open for half of a thousand.
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
  /** How many took the candidate then. */
  readonly exposedAgents: number;
}

export function growCohort(question: CohortQuestion): Cohort {
  const { basisPoints, cutoff } = question;
  const ranks = ranksOf(question);
  const wanted = cohortSize(ranks.length, basisPoints);
  const needed = basisPoints === WHOLE_BASIS_POINTS ? HIGHEST_RANK : ranks[wanted - 1];
  return cutCohort(ranks, highest(cutoff, needed), Math.max(wanted, question.exposedAgents));
}

/** The cohort as it is, also when it could be filled up. */
export function keepCohort(question: CohortQuestion): Cohort {
  return cutCohort(ranksOf(question), question.cutoff, question.exposedAgents);
}

/** The first agents by rank up to the cutoff, and no more than `most`; at 100 % all, whenever they come. */
function cutCohort(ranks: readonly string[], cutoff: string | undefined, most: number): Cohort {
  const cohort = countCohort(ranks, cutoff);
  if (cutoff === HIGHEST_RANK || cohort.exposedAgents <= most) return cohort;
  return countCohort(ranks, ranks[most - 1]);
}

/** From the lowest to the highest. */
function ranksOf({ agentUids, salt }: CohortQuestion): readonly string[] {
  return agentUids.map((uid) => agentRank(salt, uid)).toSorted();
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
