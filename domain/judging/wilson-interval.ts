/** E. B. Wilson's score interval for a share (JASA 22, 1927): sound for few counts and for shares near 0 and 1. */

export interface Counts {
  readonly good: number;
  readonly bad: number;
}

export const NOTHING: Counts = { good: 0, bad: 0 };

export function total({ good, bad }: Counts): number {
  return good + bad;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** `deviations`: 1.96 for 95 % on both sides. Counts may be fractions. Without any counts nothing is known: 0 to 1. */
export function wilsonInterval({ good, bad }: Counts, deviations: number): Interval {
  const total = good + bad;
  if (total <= 0) return { low: 0, high: 1 };
  const share = good / total;
  const squared = deviations * deviations;
  const center = share + squared / (2 * total);
  const spread = deviations * Math.sqrt((share * (1 - share)) / total + squared / (4 * total * total));
  const scale = 1 + squared / total;
  return {
    low: good === 0 ? 0 : Math.max(0, (center - spread) / scale),
    high: bad === 0 ? 1 : Math.min(1, (center + spread) / scale),
  };
}
