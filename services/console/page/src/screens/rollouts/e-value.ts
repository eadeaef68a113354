/** E-values multiply: they are drawn by their logarithm. Pure. */

/** How far the evidence is on its way to the threshold, from 0 to 1. Below 1 an e-value is no evidence. */
export function evidenceShare(eValue: number, threshold: number): number {
  if (!(threshold > 1) || !(eValue > 1)) return 0;
  return Math.min(1, Math.log(eValue) / Math.log(threshold));
}

/** The part of the line from 0 to 1 on which intervals can be told apart: rates are mostly close to 1. */
export function rateScale(lows: readonly (number | null)[]): number {
  const known = lows.filter((low) => low !== null);
  if (known.length === 0) return 0;
  const lowest = Math.min(...known);
  return Math.max(0, Math.floor((lowest - 0.02) * 20) / 20);
}
