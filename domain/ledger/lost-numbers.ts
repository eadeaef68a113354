/** Which of the numbers that a teller's records should have, and none has, a gap record speaks of. Pure. */

export interface MissingNumbers {
  readonly firstMissing: number;
  readonly lastMissing: number;
}

/** `records` undefined: not known how many, but all up to the next one that came. */
export interface ToldLoss {
  readonly sequence: number;
  readonly records: number | undefined;
}

/**
 * So many numbers as were lost, of those that are missing from `sequence` on: what one namespace has lost lies between what
 * others have lost at the same time, and together they have lost them all.
 */
export function lostNumbers<Gap extends MissingNumbers>(
  gaps: readonly Gap[],
  { sequence, records }: ToldLoss,
): readonly { readonly gap: Gap; readonly first: number; readonly last: number }[] {
  const lost: { gap: Gap; first: number; last: number }[] = [];
  let left = records ?? Infinity;
  for (const gap of gaps.toSorted((one, other) => one.firstMissing - other.firstMissing)) {
    if (left <= 0) break;
    if (gap.lastMissing < sequence) continue;
    if (records === undefined && gap.firstMissing > sequence) break;
    const first = Math.max(gap.firstMissing, sequence);
    const last = Math.min(gap.lastMissing, first + left - 1);
    lost.push({ gap, first, last });
    left = records === undefined ? 0 : left - (last - first + 1);
  }
  return lost;
}
