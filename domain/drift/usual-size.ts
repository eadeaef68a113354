/**
 * Sizes (steps of a run, characters of an answer) as something that is good or bad: bad is what is larger than 19 of 20, or
 * smaller than 19 of 20, of the runs from which it was learned. So one rule watches shares and sizes alike.
 */

/** A quarter of an octave each, up to 2^24. */
const BUCKETS = 96;
const BUCKETS_OF_OCTAVE = 4;
const TAIL = 0.05;

export type UsualSize = LearningSize | KnownSize;

export interface LearningSize {
  readonly phase: 'learning';
  /** How many fell into each bucket; grows as needed. Changed in place. */
  readonly counts: number[];
}

/** Numbers of buckets. */
export interface KnownSize {
  readonly phase: 'known';
  readonly small: number;
  readonly large: number;
}

export function unseenSize(): LearningSize {
  return { phase: 'learning', counts: [] };
}

/**
 * Undefined while too few were seen. How many are beyond the limits is to be learned from those that come then: the ones from
 * which limits were taken are beyond them too seldom.
 */
export function learnSize({ counts }: LearningSize, size: number, fromRuns: number): KnownSize | undefined {
  const bucket = bucketOf(size);
  while (counts.length <= bucket) counts.push(0);
  counts[bucket] = (counts[bucket] ?? 0) + 1;
  const all = sumOf(counts);
  if (all < fromRuns) return undefined;
  let large = 0;
  while (sumOf(counts.slice(large + 1)) > TAIL * all) large += 1;
  let small = counts.length - 1;
  while (sumOf(counts.slice(0, small)) > TAIL * all) small -= 1;
  return { phase: 'known', small, large };
}

export function isSmall({ small }: KnownSize, size: number): boolean {
  return bucketOf(size) < small;
}

export function isLarge({ large }: KnownSize, size: number): boolean {
  return bucketOf(size) > large;
}

function bucketOf(size: number): number {
  return Math.min(BUCKETS - 1, Math.floor(BUCKETS_OF_OCTAVE * Math.log2(Math.max(0, size) + 1)));
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
