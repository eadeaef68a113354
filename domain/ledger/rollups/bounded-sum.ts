/**
 * Sums of counts and of money. They stop at the largest integer that a double holds instead of becoming wrong. In whatever
 * order, and over whatever partial sums, the same numbers then give the same sum, for none of them is negative.
 */
export const SUM_MAXIMUM = Number.MAX_SAFE_INTEGER;

export function boundedSum(one: number, other: number): number {
  return Math.min(SUM_MAXIMUM, one + other);
}
