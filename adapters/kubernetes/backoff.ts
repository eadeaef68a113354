/** Waiting longer after each failure, with jitter so that many waiters do not come back at the same moment. */
export interface BackoffLimits {
  readonly minimumSeconds: number;
  readonly maximumSeconds: number;
}

/**
 * Seconds to wait after `failures` failures in a row (1 for the first). Doubles from the minimum to the maximum;
 * the jitter takes away up to half of what lies above the minimum, so the wait is never below the minimum and
 * never above the maximum. `random` yields [0, 1).
 */
export function backoffSeconds(failures: number, limits: BackoffLimits, random: () => number): number {
  const exponent = Math.min(Math.max(failures, 1) - 1, 32);
  const ceiling = Math.min(limits.maximumSeconds, limits.minimumSeconds * 2 ** exponent * 1.5);
  const floor = Math.max(limits.minimumSeconds, ceiling / 2);
  return floor + Math.max(0, ceiling - floor) * random();
}
