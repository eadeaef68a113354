/**
 * A CUSUM over things that are good or bad (E. S. Page, Biometrika 41, 1954; for counts: M. R. Reynolds and Z. G. Stoumbos,
 * Journal of Quality Technology 31, 1999): the log-likelihood ratio of "as bad as we want to find" against "as usual", kept
 * from falling below zero. It alarms when it reaches a threshold, and finds a lasting change sooner than any other rule that
 * alarms falsely as seldom.
 *
 * The score is counted in whole units: a good thing is -goodStep, a bad one +badStep, in the ratio of what they are worth. So
 * the state is one integer, adding up gives the same on every machine, and the run length is exact and not simulated.
 */

export interface Steps {
  /** What a good thing takes away. */
  readonly goodStep: number;
  /** What a bad thing adds. */
  readonly badStep: number;
}

export interface CusumDesign extends Steps {
  /** The score at which it alarms. */
  readonly threshold: number;
}

export interface Shares {
  /** Of bad ones when all is as usual: above 0. */
  readonly usual: number;
  /** Of bad ones that is to be found soon: above `usual`, below 1. */
  readonly changed: number;
}

/** More of a score than any budget of alarms asks for, so that a search for a threshold ends. */
const MOST_THRESHOLD = 100_000;
const MOST_GOOD_STEP = 16;
/** By how much the ratio of the steps may be off: 1 % moves the time to find a change by less. */
const TOLERANCE = 0.01;

/** The score after one more thing. */
export function nextScore(score: number, isBad: boolean, { goodStep, badStep }: Steps): number {
  return isBad ? score + badStep : Math.max(0, score - goodStep);
}

/**
 * The lowest threshold that alarms falsely no more often than once in `callsToFalseAlarm` things on average while the share
 * of bad ones is the usual one.
 */
export function designCusum(shares: Shares, callsToFalseAlarm: number): CusumDesign {
  const steps = stepsOf(shares);
  const isEnough = (threshold: number): boolean =>
    averageRunLength({ ...steps, threshold }, shares.usual) >= callsToFalseAlarm;
  let high = steps.badStep;
  while (!isEnough(high) && high < MOST_THRESHOLD) high *= 2;
  let low = 0;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isEnough(middle)) high = middle;
    else low = middle;
  }
  return { ...steps, threshold: high };
}

/** How much the worth of a bad thing outweighs that of a good one, in the likelihood ratio of the two shares. */
export function stepsOf({ usual, changed }: Shares): Steps {
  const ratio = Math.log(changed / usual) / Math.log((1 - usual) / (1 - changed));
  for (let goodStep = 1; ; goodStep += 1) {
    const badStep = Math.max(1, Math.round(ratio * goodStep));
    const isClose = Math.abs(badStep / (ratio * goodStep) - 1) <= TOLERANCE;
    if (isClose || goodStep === MOST_GOOD_STEP) return { goodStep, badStep };
  }
}

/**
 * How many things pass on average from a score of zero to the alarm when each is bad with the given probability.
 *
 * The score is a Markov chain, and its states are eliminated from the highest down: the expected time from a score is then
 * `plus` and a mean over the `goodStep` scores below it, of which `rest` is missing, the probability of the alarm before any of
 * them is reached. Only what is positive is added up, so that nothing cancels however rare the alarm is (W. K.
 * Grassmann, M. I. Taksar and D. P. Heyman, Operations Research 33, 1985).
 */
export function averageRunLength(design: CusumDesign, badShare: number): number {
  const { goodStep, badStep, threshold } = design;
  const goodShare = 1 - badShare;
  const known: Eliminated = {
    plus: new Float64Array(threshold),
    rest: new Float64Array(threshold),
    below: new Float64Array(threshold * goodStep),
  };
  const passes = new Float64Array(badStep + goodStep + 1);
  for (let score = threshold - 1; score > 0; score -= 1) {
    const { plus, rest } = fallFromBad(score, design, known, passes);
    const passed = passes.subarray(badStep + 1);
    let leaves = goodShare + badShare * rest;
    for (const share of passed) leaves += badShare * share;
    for (const [index, share] of passed.entries()) {
      const all = badShare * share + (index === goodStep - 1 ? goodShare : 0);
      // Below zero is zero.
      const at = score * goodStep + Math.min(index, score - 1);
      known.below[at] = (known.below[at] ?? 0) + all / leaves;
    }
    known.plus[score] = (1 + badShare * plus) / leaves;
    known.rest[score] = (badShare * rest) / leaves;
  }
  const { plus, rest } = fallFromBad(0, design, known, passes);
  return (1 + badShare * plus) / (badShare * rest);
}

/** What is known of the scores above the one at hand. */
interface Eliminated {
  readonly plus: Float64Array;
  readonly rest: Float64Array;
  /** The share of each of the `goodStep` scores below a score, from the next one on. */
  readonly below: Float64Array;
}

/**
 * From where a bad thing leads, down to the score that it came to, or below. `passes` is written: by the distance fallen, the
 * share that comes through there, so that what stands behind `badStep` is that of the scores below.
 */
function fallFromBad(
  score: number,
  { goodStep, badStep, threshold }: CusumDesign,
  known: Eliminated,
  passes: Float64Array,
): { readonly plus: number; readonly rest: number } {
  passes.fill(0);
  if (score + badStep >= threshold) return { plus: 0, rest: 1 };
  passes[0] = 1;
  let plus = 0;
  let rest = 0;
  for (let fallen = 0; fallen < badStep; fallen += 1) {
    const share = passes[fallen] ?? 0;
    const from = score + badStep - fallen;
    plus += share * (known.plus[from] ?? 0);
    rest += share * (known.rest[from] ?? 0);
    for (let step = 1; step <= goodStep; step += 1) {
      const at = fallen + step;
      passes[at] = (passes[at] ?? 0) + share * (known.below[from * goodStep + step - 1] ?? 0);
    }
  }
  return { plus, rest };
}
