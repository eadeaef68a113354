/** Exact tails of the binomial distribution, in logarithms so that thousands of trials do not underflow. */

const factorials: number[] = [0];

/** ln(n!) */
function logFactorial(n: number): number {
  for (let next = factorials.length; next <= n; next += 1) {
    factorials.push((factorials[next - 1] ?? 0) + Math.log(next));
  }
  return factorials[n] ?? 0;
}

export function binomialProbability(hits: number, trials: number, rate: number): number {
  if (rate <= 0) return hits === 0 ? 1 : 0;
  if (rate >= 1) return hits === trials ? 1 : 0;
  const ways = logFactorial(trials) - logFactorial(hits) - logFactorial(trials - hits);
  return Math.exp(ways + hits * Math.log(rate) + (trials - hits) * Math.log1p(-rate));
}

/** P(X >= hits). */
export function upperTail(hits: number, trials: number, rate: number): number {
  if (hits <= 0) return 1;
  if (hits > trials) return 0;
  if (hits <= trials * rate) return Math.max(0, 1 - sumTerms(hits - 1, -1, trials, rate));
  return Math.min(1, sumTerms(hits, 1, trials, rate));
}

/** From a place away from the middle, where each term is smaller than the one before. */
function sumTerms(from: number, direction: 1 | -1, trials: number, rate: number): number {
  let sum = 0;
  for (let at = from; at >= 0 && at <= trials; at += direction) {
    const term = binomialProbability(at, trials, rate);
    sum += term;
    if (term < sum * Number.EPSILON) break;
  }
  return sum;
}
