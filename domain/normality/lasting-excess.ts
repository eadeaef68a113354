/**
 * When hours above what is usual add up to something that a person must know.
 *
 * One hour beyond 3.5 deviations comes to a thousand agents thirty times a week by chance alone. So hours are added up as in a
 * CUSUM (E. S. Page, Biometrika 41, 1954). An hour beyond 3.75 counts for half of an alarm however far it is, so that two of them
 * do and one does not; an hour beyond six alarms at once. Three times the usual is found in five hours at the median, five times
 * in two.
 */

/** What an hour may stray without adding to the score: hours that hang together stray together. */
const ALLOWED_DEVIATIONS = 1.75;
const STRONG_DEVIATIONS = 3.75;
const ALARM_SCORE = 7;
const STEP_OF_A_STRONG_HOUR = ALARM_SCORE / 2;
const AT_ONCE_DEVIATIONS = 6;

export interface Excess {
  readonly score: number;
  /** From the alarm until the score is back at zero. */
  readonly isAbnormal: boolean;
  /** The hour in which the score last left zero; undefined while it is zero. */
  readonly sinceHour?: number;
}

export const NO_EXCESS: Excess = { score: 0, isAbnormal: false };

/** After one more whole hour, `deviations` above (or, negative, below) what is usual in it. */
export function nextExcess(excess: Excess, hour: number, deviations: number): Excess {
  const isStrong = deviations >= STRONG_DEVIATIONS;
  const step = isStrong ? STEP_OF_A_STRONG_HOUR : deviations - ALLOWED_DEVIATIONS;
  const sum = deviations >= AT_ONCE_DEVIATIONS ? ALARM_SCORE : excess.score + step;
  const score = Math.min(ALARM_SCORE, Math.max(0, sum));
  if (score === 0) return NO_EXCESS;
  const sinceHour = excess.sinceHour ?? hour;
  return { score, isAbnormal: excess.isAbnormal || score >= ALARM_SCORE, sinceHour };
}
