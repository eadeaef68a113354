/**
 * The member of a null hypothesis about two rates that is hardest to tell from an alternative (the reverse information
 * projection): the likelihood ratio against it is an e-variable for the whole null, since with this point the
 * expectation of the ratio is at its highest, 1, and falls on the side of the null and along its border.
 */

const STEPS = 60;
const CLOSE = 1e-13;
const INSIDE = 1e-9;

/**
 * Rates of the candidate and of stable, with candidate = stable + `difference`, that are nearest to `alternative`
 * when for each outcome of the candidate there are `stablePerCandidate` of stable.
 *
 * The sum of relative entropies KL(alternative || null) is convex along the border; its derivative is zero where the
 * bet on the candidate and those on stable cancel each other.
 */
export function nearestNull(
  [ofCandidate, ofStable]: readonly [number, number],
  difference: number,
  stablePerCandidate: number,
): readonly [number, number] {
  const ends = [ofStable, ofCandidate - difference] as const;
  let low = Math.max(Math.min(...ends), INSIDE, INSIDE - difference);
  let high = Math.min(Math.max(...ends), 1 - INSIDE, 1 - INSIDE - difference);
  let rate = (ofStable * stablePerCandidate + ofCandidate - difference) / (stablePerCandidate + 1);
  for (let step = 0; step < STEPS && high - low > CLOSE; step += 1) {
    if (!(rate > low && rate < high)) rate = (low + high) / 2;
    const moved = rate + difference;
    const [spread, movedSpread] = [rate * (1 - rate), moved * (1 - moved)];
    const slope = (stablePerCandidate * (rate - ofStable)) / spread + (moved - ofCandidate) / movedSpread;
    if (slope > 0) high = rate;
    else low = rate;
    const bend =
      stablePerCandidate * (1 / spread - ((rate - ofStable) * (1 - 2 * rate)) / spread ** 2) +
      (1 / movedSpread - ((moved - ofCandidate) * (1 - 2 * moved)) / movedSpread ** 2);
    const next = rate - slope / bend;
    if (Math.abs(next - rate) < CLOSE) break;
    rate = next;
  }
  rate = Math.min(high, Math.max(low, rate));
  return [rate + difference, rate];
}
