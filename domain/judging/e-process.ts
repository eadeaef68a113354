/**
 * Evidence that may be looked at after every outcome. An e-process is a product of bets at fair or worse odds under the
 * null hypothesis, so that it ever reaches 1/alpha with a probability of at most alpha (Ville's inequality), whenever
 * one stops. Each bet here is a likelihood ratio between an alternative and the null; the alternatives are shifts of
 * the edge of the null in log-odds, mixed with equal weights.
 *
 * Sources: A. Wald, Sequential Analysis (1947); A. Ramdas et al., "Game-theoretic statistics and safe anytime-valid
 * inference", Statistical Science 38 (2023); R. Turner, A. Ly, P. Grünwald, "Generic E-variables for exact sequential
 * k-sample tests that allow for optional stopping", Journal of Statistical Planning and Inference 230 (2024).
 */
import { JUDGE_GRID_SIZE } from '#crds/rollout-progress.ts';
import { logistic, logit } from './log-odds.ts';
import { nearestNull } from './nearest-null.ts';
import type { Counts } from './wilson-interval.ts';

const LARGEST_SHIFT = 6;
const MICRO_NATS = 1_000_000;
/** No bet is placed at an edge beyond these. */
const LOWEST_EDGE = 0.01;
const HIGHEST_EDGE = 0.999;
const SHIFTS = Array.from(
  { length: JUDGE_GRID_SIZE },
  (_, index) => (LARGEST_SHIFT * (index + 1)) / JUDGE_GRID_SIZE,
);

/** Logarithms of the wealth of each alternative, in millionths of a nat. */
export type EProcess = readonly number[];
export type Direction = 'Lower' | 'Higher';

export const NO_EVIDENCE: EProcess = SHIFTS.map(() => 0);

/**
 * Evidence against "good outcomes come with a probability of at least `edge`" (towards `Lower`) or of at most `edge`
 * (`Higher`). `edge` must be fixed before the outcomes are known; it may be another one for each bet.
 */
export function betAgainstEdge(
  process: EProcess,
  direction: Direction,
  edge: number,
  { good, bad }: Counts,
): EProcess {
  const boundary = Math.min(edge, HIGHEST_EDGE);
  if (boundary < LOWEST_EDGE) return process;
  return SHIFTS.map((shift, index) => {
    const alternative = shifted(boundary, direction, shift);
    const won = good * Math.log(alternative / boundary) + bad * Math.log((1 - alternative) / (1 - boundary));
    return (process[index] ?? 0) + whole(won);
  });
}

/** Outcomes of both arms of one time. */
export interface Block {
  readonly candidate: Counts;
  readonly stable: Counts;
}

/**
 * Evidence against "meanwhile the candidate's probability was at least that of stable plus `difference`" (towards
 * `Lower`) or at most that (`Higher`), whatever that of stable was. `guess`, of the rate of stable, and `difference`
 * must be fixed before the outcomes are known, and how many outcomes the block has must not depend on what they are; a
 * bad guess costs time, never truth.
 */
export function betOnBlock(
  process: EProcess,
  direction: Direction,
  { candidate, stable }: Block,
  guess: number,
  difference: number,
): EProcess {
  const ofStable = clamp(guess, LOWEST_EDGE, HIGHEST_EDGE);
  const edge = ofStable + difference;
  if (edge < LOWEST_EDGE) return process;
  const stablePerCandidate = (stable.good + stable.bad) / (candidate.good + candidate.bad);
  return SHIFTS.map((shift, index) => {
    const ofCandidate = shifted(Math.min(edge, HIGHEST_EDGE), direction, shift);
    const wealth = process[index] ?? 0;
    // Where the edge was cut, the alternative can lie within the null: there is nothing to bet on.
    if (direction === 'Lower' ? ofCandidate >= edge : ofCandidate <= edge) return wealth;
    const [nullOfCandidate, nullOfStable] = nearestNull(
      [ofCandidate, ofStable],
      difference,
      stablePerCandidate,
    );
    const won =
      candidate.good * Math.log(ofCandidate / nullOfCandidate) +
      candidate.bad * Math.log((1 - ofCandidate) / (1 - nullOfCandidate)) +
      stable.good * Math.log(ofStable / nullOfStable) +
      stable.bad * Math.log((1 - ofStable) / (1 - nullOfStable));
    return wealth + whole(won);
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

function shifted(edge: number, direction: Direction, shift: number): number {
  return logistic(logit(edge) + (direction === 'Lower' ? -shift : shift));
}

/** Rounded down, so that rounding is never evidence. */
function whole(nats: number): number {
  return Math.floor(nats * MICRO_NATS);
}

function clamp(value: number, lowest: number, highest: number): number {
  return Math.min(highest, Math.max(lowest, value));
}
