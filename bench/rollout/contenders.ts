/** Judges of a canary as peers are set up, each seeing the same outcomes. All of them look after every outcome, unless said. */
import {
  NO_EVIDENCE,
  betAgainstEdge,
  evidenceMicroNats,
  thresholdMicroNats,
} from '#domain/judging/e-process.ts';
import { CapatazFleetJudge } from '#domain/judging/testing/fleet-judge.ts';
import type { FleetJudge, FleetPlan, StableBatch } from '#domain/judging/testing/simulated-fleet.ts';
import { type Counts, wilsonInterval } from '#domain/judging/wilson-interval.ts';

const ALPHA = 0.01;
/** Upper quantile of the normal distribution for it. */
const CRITICAL_DEVIATIONS = 2.326;
const FEWEST_FOR_A_TEST = 10;
/** Of Flagger and Argo: a measurement every so many calls, failed below so much, rolled back at so many failed ones. */
const CALLS_PER_MEASUREMENT = 20;
const LOWEST_RATE = 0.9;
const FAILED_MEASUREMENTS = 5;

export const CONTENDERS = [
  'capataz',
  'against the fleet',
  'z-test peeked at',
  'threshold on a rate',
] as const;

export function contenders(plan: FleetPlan, marginPercent: string, past: Counts): readonly FleetJudge[] {
  return [
    new CapatazFleetJudge(plan.unit, past, marginPercent),
    new FleetwideJudge(past, Number(marginPercent) / 100),
    new PeekedTest(),
    new RateThreshold(),
  ];
}

/** The same e-process, but every outcome is held against what the whole fleet did before. */
class FleetwideJudge implements FleetJudge {
  readonly #edge: number;
  #process = NO_EVIDENCE;

  constructor(past: Counts, margin: number) {
    this.#edge = wilsonInterval(past, 1).low - margin;
  }

  stable(): void {}

  candidate(isGood: boolean): boolean {
    const counts = isGood ? { good: 1, bad: 0 } : { good: 0, bad: 1 };
    this.#process = betAgainstEdge(this.#process, 'Lower', this.#edge, counts);
    return evidenceMicroNats(this.#process) >= thresholdMicroNats(ALPHA);
  }
}

/** One-sided test of two shares, concurrent, as if it were looked at once. */
class PeekedTest implements FleetJudge {
  #stable = { good: 0, total: 0 };
  #candidate = { good: 0, total: 0 };

  stable({ good, bad }: StableBatch): void {
    this.#stable = { good: this.#stable.good + good, total: this.#stable.total + good + bad };
  }

  candidate(isGood: boolean): boolean {
    this.#candidate = { good: this.#candidate.good + (isGood ? 1 : 0), total: this.#candidate.total + 1 };
    const [stable, candidate] = [this.#stable, this.#candidate];
    if (Math.min(stable.total, candidate.total) < FEWEST_FOR_A_TEST) return false;
    const pooled = (stable.good + candidate.good) / (stable.total + candidate.total);
    const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / stable.total + 1 / candidate.total));
    const difference = stable.good / stable.total - candidate.good / candidate.total;
    return deviation > 0 && difference / deviation > CRITICAL_DEVIATIONS;
  }
}

class RateThreshold implements FleetJudge {
  #good = 0;
  #calls = 0;
  #failed = 0;

  stable(): void {}

  candidate(isGood: boolean): boolean {
    this.#calls += 1;
    if (isGood) this.#good += 1;
    if (this.#calls === CALLS_PER_MEASUREMENT) {
      if (this.#good / this.#calls < LOWEST_RATE) this.#failed += 1;
      this.#good = 0;
      this.#calls = 0;
    }
    return this.#failed >= FAILED_MEASUREMENTS;
  }
}
