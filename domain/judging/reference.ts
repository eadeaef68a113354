/**
 * What a candidate's outcomes are compared with, fixed before they are known. Sessions fall evenly into both arms, so
 * the candidate is compared with the stable sessions of the same time. Agents differ, so a run of an agent is compared
 * with what the same agent did on stable before, and the world changes, so that is moved by what the agents that stay on
 * stable do meanwhile against what they did before.
 */
import { logistic, logit } from './log-odds.ts';
import type { JudgedRule } from './metric-rules.ts';
import { type Counts, total, wilsonInterval } from './wilson-interval.ts';

/** Below it little is known of an agent, and nothing is expected of what it does on stable. */
export const FEWEST_OUTCOMES = 10;
/** How surely an own history and the environment are known: one standard deviation; the mixture of bets forgives the rest. */
const DEVIATIONS = 1;
/**
 * That an own history is wrong by more than that happens once in a hundred canaries. Where outcomes come from several
 * agents their histories do not all err the same way.
 */
const SURE_DEVIATIONS = 2.33;
/** For a short history: an agent that failed nothing yet may well be one that fails often. */
const SHORT_HISTORY_DEVIATIONS = 3;
/** Outcomes that stand for "nothing has changed" against those of meanwhile. */
const INERTIA = 50;

/** What stable did of late, and the share of good outcomes that was to be expected of the same agents or sessions. */
export interface Environment {
  readonly recent: Counts;
  readonly expected: number;
}

/** The rate of stable now. */
export function presentRate({ recent, expected }: Environment): number {
  return (recent.good + INERTIA * expected) / (recent.good + recent.bad + INERTIA);
}

/** Lower end of what stable did of late. */
export function presentLow(environment: Environment): number {
  const { good, bad } = environment.recent;
  const kept = INERTIA * environment.expected;
  return wilsonInterval({ good: good + kept, bad: bad + INERTIA - kept }, DEVIATIONS).low;
}

/** Change in log-odds: below 0 where stable does worse than before. With its lower and upper end. */
export interface EnvironmentShift {
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

export function environmentShift(environment: Environment): EnvironmentShift {
  const weight = environment.recent.good + environment.recent.bad + INERTIA;
  const rate = inside(presentRate(environment), weight);
  const deviation = DEVIATIONS / Math.sqrt(weight * rate * (1 - rate));
  const middle = logit(rate) - logit(inside(environment.expected, weight));
  return { low: middle - deviation, middle, high: middle + deviation };
}

/** A rate as it is after the shift. */
export function moved(rate: number, shift: number): number {
  return rate <= 0 || rate >= 1 ? rate : logistic(logit(rate) + shift);
}

/**
 * What an own history proves at least and at most; without one nothing: 0 and 1. So an agent that is new can still show
 * that a candidate fails always, or never, and a fleet that is new, or that was exposed before, does not wait for ever.
 *
 * The margins come on top of what is said here. Where they are wider than what a long history may err by, they cover it;
 * a shorter one is given the rest.
 */
export function ownReference(
  history: Counts,
  { margin, promotionMargin }: Margins,
  effectiveAgents: number,
): { readonly low: number; readonly high: number } {
  if (total(history) < FEWEST_OUTCOMES) return wilsonInterval(history, SHORT_HISTORY_DEVIATIONS);
  const near = wilsonInterval(history, DEVIATIONS);
  const sure = wilsonInterval(history, SURE_DEVIATIONS / Math.sqrt(effectiveAgents));
  return {
    low: Math.min(near.low, sure.low + margin),
    high: Math.max(near.high, sure.high - promotionMargin),
  };
}

/** What a fleet did before: counted from all of its agents. */
export function lowOfFleet(before: Counts): number {
  return wilsonInterval(before, DEVIATIONS).low;
}

type Margins = Pick<JudgedRule, 'margin' | 'promotionMargin'>;

/**
 * So many outcomes, all of them good, tell a rate from 1 by half an outcome at best (J. B. S. Haldane, Annals of Human Genetics 20,
 * 1956): nearer to it log-odds know no bounds, and the least failure would be taken for a change of the world that excuses any.
 */
function inside(rate: number, outcomes: number): number {
  const least = 0.5 / (outcomes + 1);
  return Math.min(1 - least, Math.max(least, rate));
}
