/**
 * What a candidate's outcome is compared with: a probability of a good outcome that was fixed before it. Agents
 * differ, so a run of an agent is compared with what the same agent did on stable; and the world changes, so that is
 * moved by what the agents that stayed on stable did meanwhile. Sessions fall evenly into both arms and are compared
 * with the stable sessions of the same time.
 */
import { logistic, logit } from './log-odds.ts';
import { type Counts, type Interval, wilsonInterval } from './wilson-interval.ts';

/** How surely a reference is known: one standard deviation, since the mixture of bets forgives the rest. */
const AGENT_DEVIATIONS = 1;
const SESSION_DEVIATIONS = 1;
/** Below it nothing is said of an agent or of stable: its outcomes wait. */
const FEWEST_OUTCOMES = 10;
/** Outcomes of the time before that stand for "nothing has changed" against those of meanwhile. */
const INERTIA = 50;
/** No bet is placed at an edge beyond these. */
const LOWEST_EDGE = 0.01;
const HIGHEST_EDGE = 0.999;

export interface Environment {
  /** Of those that stayed on stable: before the candidate began, and of late. */
  readonly before: Counts;
  readonly recent: Counts;
}

/** In log-odds: below 0 where stable does worse than before. */
export function environmentShift({ before, recent }: Environment): number {
  const beforeTotal = before.good + before.bad;
  if (beforeTotal < FEWEST_OUTCOMES) return 0;
  const rate = (before.good + 0.5) / (beforeTotal + 1);
  const recentRate = (recent.good + INERTIA * rate) / (recent.good + recent.bad + INERTIA);
  return logit(recentRate) - logit(rate);
}

export function agentReference(history: Counts, shift: number): Interval | undefined {
  if (history.good + history.bad < FEWEST_OUTCOMES) return undefined;
  const { low, high } = wilsonInterval(history, AGENT_DEVIATIONS);
  return { low: shifted(low, shift), high: shifted(high, shift) };
}

export function sessionReference(recentStable: Counts): Interval | undefined {
  return recentStable.good + recentStable.bad < FEWEST_OUTCOMES
    ? undefined
    : wilsonInterval(recentStable, SESSION_DEVIATIONS);
}

/** The edge of the null "not worse than the reference by more than the margin"; undefined: nothing can be bet on it. */
export function edgeBelow(reference: number, margin: number): number | undefined {
  const edge = Math.min(reference - margin, HIGHEST_EDGE);
  return edge < LOWEST_EDGE ? undefined : edge;
}

function shifted(probability: number, shift: number): number {
  if (probability <= 0 || probability >= 1) return probability;
  return logistic(logit(probability) + shift);
}
