/**
 * One signal of one agent, run by run: the share of runs that went badly by some measure, watched for a lasting rise.
 *
 * What is usual is learned from the first runs on a prompt version and then stands still: a baseline that follows what it watches
 * never finds a slow change. It is taken at the upper end of what those runs leave open, because one that is
 * too low by chance alarms many times as often as was planned.
 */
import { type CusumDesign, type Shares, nextScore } from './bernoulli-cusum.ts';
import { type Counts, NOTHING, total, wilsonInterval } from '../judging/wilson-interval.ts';

export type WatchedShare = Learning | Watching;

export interface Learning {
  readonly phase: 'learning';
  readonly seen: Counts;
}

export interface Watching {
  readonly phase: 'watching';
  /** Of bad runs, as learned. */
  readonly usual: number;
  readonly score: number;
  /** What came since the score last left zero: where the change began, by the CUSUM's own estimate. */
  readonly since?: { readonly atMicroseconds: number; readonly seen: Counts };
  /** From the alarm until the score is back at zero. */
  readonly isDrifting: boolean;
}

export interface SeenRun {
  readonly isBad: boolean;
  readonly atMicroseconds: number;
}

export const LEARNED_FROM_RUNS = 500;
/** One-sided 80 %. */
const BASELINE_DEVIATIONS = 0.8416;
/** A change that is worth a person's time: the odds of a bad run two and a half times as high, and by two points at least. */
const CHANGED_ODDS_RATIO = 2.5;
const LEAST_CHANGE = 0.02;
/** Of a signal that is nearly always bad there is nothing left to find. */
const MOST_USUAL = 0.9;

export const UNSEEN: Learning = { phase: 'learning', seen: NOTHING };

export interface WatchRule {
  readonly learnedFromRuns: number;
  /** The share that is taken for the usual one, and the one that is to be found. */
  readonly sharesToTell: (usual: number) => Shares;
}

export const USUAL_RULE: WatchRule = { learnedFromRuns: LEARNED_FROM_RUNS, sharesToTell };

/** `design`: by the budget of false alarms of the fleet, for shares such as `sharesToTell` says. */
export function watchRun(
  watched: WatchedShare,
  { isBad, atMicroseconds }: SeenRun,
  design: (shares: Shares) => CusumDesign,
  rule: WatchRule = USUAL_RULE,
): WatchedShare {
  if (watched.phase === 'learning') {
    return learned(counted(watched.seen, isBad), rule.learnedFromRuns);
  }
  const { usual, since = { atMicroseconds, seen: NOTHING } } = watched;
  const { threshold, ...steps } = design(rule.sharesToTell(usual));
  const score = Math.min(threshold, nextScore(watched.score, isBad, steps));
  if (score === 0) return { phase: 'watching', usual, score, isDrifting: false };
  return {
    phase: 'watching',
    usual,
    score,
    since: { ...since, seen: counted(since.seen, isBad) },
    isDrifting: watched.isDrifting || score >= threshold,
  };
}

/** The state after these runs, all of them of the time in which it is learned what is usual. */
export function learned(seen: Counts, learnedFromRuns: number): WatchedShare {
  if (total(seen) < learnedFromRuns) return { phase: 'learning', seen };
  return { phase: 'watching', usual: usualShare(seen), score: 0, isDrifting: false };
}

/** The usual share, and the one that is to be found. */
export function sharesToTell(usual: number): Shares {
  const odds = (usual / (1 - usual)) * CHANGED_ODDS_RATIO;
  return { usual, changed: Math.max(odds / (1 + odds), usual + LEAST_CHANGE) };
}

function usualShare({ good, bad }: Counts): number {
  return Math.min(MOST_USUAL, wilsonInterval({ good: bad, bad: good }, BASELINE_DEVIATIONS).high);
}

function counted({ good, bad }: Counts, isBad: boolean): Counts {
  return isBad ? { good, bad: bad + 1 } : { good: good + 1, bad };
}
