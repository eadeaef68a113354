/**
 * One signal of one agent, run by run: the share of runs that went badly by some measure, watched for a lasting rise.
 *
 * What is usual is learned from the first runs on a prompt version, refined by those that left no doubt, and then stands still: a
 * baseline that follows what it watches never finds a slow change. It is taken at the upper end of what those runs leave open.
 *
 * Among thousands of signals there are always some whose first 500 runs went better than is usual for them, and a CUSUM alarms
 * on every one of those in the end. So an alarm also has to stand against the runs from which it was learned what is usual: the
 * likelihood ratio of "these and those have two shares" to "they have one" (S. S. Wilks, Annals of Mathematical Statistics 9,
 * 1938). Where it does not, what came since is added to what is usual.
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
  /** The runs from which it was learned. */
  readonly learnedFrom: Counts;
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
export const MOST_LEARNED_FROM_RUNS = 5_000;
/** In nats: so much comes by chance to one of a hundred thousand signals that are learned. */
const ENOUGH_EVIDENCE = 9;
/** So many times the runs that were learned from, and still no evidence: those were the exception. */
const MISTAKEN_RATIO = 6;
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
  if (watched.phase === 'learning') return learned(counted(watched.seen, isBad), rule.learnedFromRuns);
  const { usual, learnedFrom, since: known } = watched;
  const shares = rule.sharesToTell(usual);
  const { threshold, ...steps } = design(shares);
  const score = Math.min(threshold, nextScore(watched.score, isBad, steps));
  const seen = counted(known?.seen ?? NOTHING, isBad);
  if (score === 0) return refined(learnedFrom, usual, seen, watched.isDrifting);
  const isOverThreshold = score >= threshold;
  const needed = Math.min(ENOUGH_EVIDENCE, (threshold / steps.goodStep) * worthOfGood(shares));
  const isDrifting = watched.isDrifting || (isOverThreshold && evidenceOfTwo(learnedFrom, seen) >= needed);
  const isMistaken = isOverThreshold && !isDrifting && total(seen) >= MISTAKEN_RATIO * total(learnedFrom);
  if (isMistaken) return learned(added(learnedFrom, seen), 0);
  const since = { atMicroseconds: known?.atMicroseconds ?? atMicroseconds, seen };
  return { phase: 'watching', learnedFrom, usual, score, since, isDrifting };
}

/** The score is zero: nothing speaks against what came since being as usual, unless it was the end of a drift. */
function refined(learnedFrom: Counts, usual: number, seen: Counts, wasDrifting: boolean): Watching {
  if (wasDrifting || total(learnedFrom) >= MOST_LEARNED_FROM_RUNS) {
    return { phase: 'watching', learnedFrom, usual, score: 0, isDrifting: false };
  }
  const all = added(learnedFrom, seen);
  return { phase: 'watching', learnedFrom: all, usual: usualShare(all), score: 0, isDrifting: false };
}

/** What one good run is worth against the change, in units of likelihood (nats). */
function worthOfGood({ usual, changed }: Shares): number {
  return Math.log((1 - usual) / (1 - changed));
}

/** In nats: how much likelier the runs are if the later ones have a higher share of bad ones than the earlier ones. */
function evidenceOfTwo(earlier: Counts, later: Counts): number {
  const both = added(earlier, later);
  if (later.bad * total(earlier) <= earlier.bad * total(later)) return 0;
  return likelihood(earlier) + likelihood(later) - likelihood(both);
}

/** The logarithm of the likelihood of the counts under their own share. */
function likelihood({ good, bad }: Counts): number {
  const all = good + bad;
  const part = (count: number): number => (count === 0 ? 0 : count * Math.log(count / all));
  return part(good) + part(bad);
}

/** The state after these runs, all of them of the time in which it is learned what is usual. */
export function learned(seen: Counts, learnedFromRuns: number): WatchedShare {
  if (total(seen) < learnedFromRuns) return { phase: 'learning', seen };
  return { phase: 'watching', learnedFrom: seen, usual: usualShare(seen), score: 0, isDrifting: false };
}

/** The usual share, and the one that is to be found. */
export function sharesToTell(usual: number): Shares {
  const odds = (usual / (1 - usual)) * CHANGED_ODDS_RATIO;
  return { usual, changed: Math.max(odds / (1 + odds), usual + LEAST_CHANGE) };
}

function usualShare({ good, bad }: Counts): number {
  return Math.min(MOST_USUAL, wilsonInterval({ good: bad, bad: good }, BASELINE_DEVIATIONS).high);
}

function added(one: Counts, other: Counts): Counts {
  return { good: one.good + other.good, bad: one.bad + other.bad };
}

function counted({ good, bad }: Counts, isBad: boolean): Counts {
  return isBad ? { good, bad: bad + 1 } : { good: good + 1, bad };
}
