/**
 * McNemar's exact test on paired cases (Psychometrika 12, 1947), one-sided: is the candidate worse? Only the cases on which
 * the two differ say anything; if the versions were equal, each would have gone either way like a coin.
 */
import { binomialProbability, upperTail } from './binomial.ts';

export const SIGNIFICANCE = 0.05;
const POWER = 0.8;

/** `worse`: cases that stable passes and the candidate does not; `better`: the other way round. */
export function mcNemarP(worse: number, better: number): number {
  return upperTail(worse, worse + better, 0.5);
}

/**
 * The smallest net drop, as a share of all cases, that the test would have found with a probability of 80 %, given that
 * `better` of the cases change for the better as well; null when even a loss of every case could not be found.
 */
export function detectableDrop(cases: number, better: number): number | null {
  const noise = Math.min(better, cases - 1) / Math.max(1, cases);
  const most = Math.floor(cases * (1 - 2 * noise));
  const critical = criticalCounts(cases);
  const finds = (drop: number): boolean => power(cases, drop / cases, noise, critical) >= POWER;
  if (most < 1 || !finds(most)) return null;
  let [low, high] = [0, most];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (finds(middle)) high = middle;
    else low = middle;
  }
  return high / cases;
}

/** For each number of cases that differ, how many must be worse for the test to say so; more than all where it never can. */
function criticalCounts(cases: number): readonly number[] {
  const critical: number[] = [];
  let worse = 0;
  for (let differing = 0; differing <= cases; differing += 1) {
    // It grows by none or one with each more.
    while (worse <= differing && upperTail(worse, differing, 0.5) >= SIGNIFICANCE) worse += 1;
    critical.push(worse);
  }
  return critical;
}

function power(cases: number, drop: number, noise: number, critical: readonly number[]): number {
  const differRate = drop + 2 * noise;
  const worseRate = (drop + noise) / differRate;
  // Six standard deviations are all there is.
  const reach = 6 * Math.sqrt(cases * differRate * (1 - Math.min(1, differRate))) + 1;
  const first = Math.max(0, Math.floor(cases * differRate - reach));
  const last = Math.min(cases, Math.ceil(cases * differRate + reach));
  let sum = 0;
  for (let differing = first; differing <= last; differing += 1) {
    const least = critical[differing] ?? Number.POSITIVE_INFINITY;
    if (least > differing) continue;
    sum += binomialProbability(differing, cases, differRate) * upperTail(least, differing, worseRate);
  }
  return sum;
}
