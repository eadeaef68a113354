/**
 * Evidence that may be looked at after every outcome. An e-process is a product of bets at fair or worse odds under the
 * null hypothesis, so that it ever reaches 1/alpha with a probability of at most alpha (Ville's inequality), whenever
 * one stops. Each bet here is a likelihood ratio of one Bernoulli outcome between an alternative and the edge of
 * the null; the alternatives are shifts of the edge in log-odds, mixed with equal weights.
 *
 * Sources: A. Wald, Sequential Analysis (1947); A. Ramdas et al., "Game-theoretic statistics and safe anytime-valid
 * inference", Statistical Science 38 (2023).
 */
import { JUDGE_GRID_SIZE } from '#crds/rollout-progress.ts';
import { logistic, logit } from './log-odds.ts';

const LARGEST_SHIFT = 6;
const MICRO_NATS = 1_000_000;
const SHIFTS = Array.from(
  { length: JUDGE_GRID_SIZE },
  (_, index) => (LARGEST_SHIFT * (index + 1)) / JUDGE_GRID_SIZE,
);

/** Logarithms of the wealth of each alternative, in millionths of a nat. */
export type EProcess = readonly number[];

export const NO_EVIDENCE: EProcess = SHIFTS.map(() => 0);

/**
 * Evidence against "good outcomes come with a probability of at least `edge`" (towards `Lower`) or of at most `edge`
 * (`Higher`). `edge` must be fixed before the outcome is known; it may be another one for each outcome.
 */
export function bet(process: EProcess, towards: 'Lower' | 'Higher', edge: number, isGood: boolean): EProcess {
  const edgeLogit = logit(edge);
  const sign = towards === 'Lower' ? -1 : 1;
  return SHIFTS.map((shift, index) => {
    const alternative = logistic(edgeLogit + sign * shift);
    const ratio = isGood ? alternative / edge : (1 - alternative) / (1 - edge);
    // Rounded down, so that rounding is never evidence.
    return (process[index] ?? 0) + Math.floor(Math.log(ratio) * MICRO_NATS);
  });
}

/** Logarithm of the mean wealth, in millionths of a nat. */
export function evidenceMicroNats(process: EProcess): number {
  const highest = Math.max(...process);
  let sum = 0;
  for (const wealth of process) sum += Math.exp((wealth - highest) / MICRO_NATS);
  return Math.floor(highest + Math.log(sum / process.length) * MICRO_NATS);
}

/** What the evidence must reach for an error of `alpha`. */
export function thresholdMicroNats(alpha: number): number {
  return Math.ceil(-Math.log(alpha) * MICRO_NATS);
}
