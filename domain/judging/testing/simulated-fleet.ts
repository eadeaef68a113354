/** A fleet of agents whose true rates are known, and judges that see its outcomes one by one. */
import type { ExposureUnit } from '#crds/rollout-release.ts';
import { logistic, logit } from '../log-odds.ts';
import type { Counts } from '../wilson-interval.ts';
import { seededRandom } from './outcomes.ts';

export interface FleetPlan {
  readonly unit: ExposureUnit;
  readonly agents: number;
  /** Of the agents' own rates, in log-odds. */
  readonly deviation: number;
  /** Share of the agents, at least one, or of the sessions. */
  readonly exposure: number;
  /** Of all agents together, without a candidate. */
  readonly stableRate: number;
  /** By how much the candidate is worse; 0 for one that is equal. */
  readonly drop: number;
  /** Of outcomes in a session, which share an effect of their session of this deviation in log-odds. */
  readonly sessionLength: number;
  readonly sessionDeviation: number;
  /** What happens to both arms, in log-odds, when `progress` goes from 0 to 1. */
  readonly environment: (progress: number) => number;
  /** Outcomes of the candidate, of first ones of their sessions. */
  readonly outcomes: number;
  readonly historyLength: number;
}

export const PLAIN_FLEET: FleetPlan = {
  unit: 'Session',
  agents: 100,
  deviation: 0,
  exposure: 0.01,
  stableRate: 0.96,
  drop: 0,
  sessionLength: 1,
  sessionDeviation: 0,
  environment: () => 0,
  outcomes: 2000,
  historyLength: 500,
};

/** What agents did on stable, and what was to be expected of those in a batch. */
export interface StableBatch extends Counts {
  /** Mean share of good outcomes in the histories of their agents. */
  readonly expected: number;
}

export interface FleetJudge {
  /** Of the first outcomes of sessions since the last outcome of the candidate. */
  stable(batch: StableBatch): void;
  /** `isFirst`: of its session. True: rolls back. */
  candidate(isGood: boolean, isFirst: boolean, history: Counts): boolean;
}

/** After how many outcomes of the candidate (first ones of their sessions) each judge rolled it back; undefined: never. */
export function simulateFleet(
  plan: FleetPlan,
  seed: number,
  judgesOf: (past: Counts) => readonly FleetJudge[],
): readonly (number | undefined)[] {
  const fleet = new SimulatedFleet(plan, seed);
  const judges = judgesOf(fleet.past);
  const stopped: (number | undefined)[] = judges.map(() => undefined);
  for (let counted = 1; counted <= plan.outcomes; counted += 1) {
    const environment = plan.environment(counted / plan.outcomes);
    const batch = fleet.stableBatch(environment);
    if (batch.good + batch.bad > 0) for (const judge of judges) judge.stable(batch);
    const session = fleet.candidateSession(environment);
    for (const [turn, isGood] of session.turns.entries()) {
      for (const [index, judge] of judges.entries()) {
        if (stopped[index] === undefined && judge.candidate(isGood, turn === 0, session.history)) {
          stopped[index] = counted;
        }
      }
    }
    if (stopped.every((when) => when !== undefined)) break;
  }
  return stopped;
}

class SimulatedFleet {
  readonly past: Counts;
  readonly #plan: FleetPlan;
  readonly #random: () => number;
  readonly #ownLogits: readonly number[];
  readonly #histories: readonly Counts[];
  readonly #exposedAgents: number;

  constructor(plan: FleetPlan, seed: number) {
    this.#plan = plan;
    this.#random = seededRandom(seed);
    const { agents, deviation, historyLength } = plan;
    const center = centerOf(plan.stableRate, Math.hypot(deviation, plan.sessionDeviation));
    this.#ownLogits = Array.from({ length: agents }, () => center + deviation * this.#normal());
    this.#histories = this.#ownLogits.map((_logit, agent) => {
      let good = 0;
      for (let index = 0; index < historyLength; index += 1) {
        if (this.#random() < this.#rateOfSession(agent, 0)) good += 1;
      }
      return { good, bad: historyLength - good };
    });
    this.past = this.#histories.reduce((sum, { good, bad }) => ({
      good: sum.good + good,
      bad: sum.bad + bad,
    }));
    this.#exposedAgents = plan.unit === 'Session' ? 0 : Math.max(1, Math.ceil(agents * plan.exposure));
  }

  /** What comes on stable before the next outcome of the candidate. */
  stableBatch(environment: number): StableBatch {
    const { agents, exposure, historyLength } = this.#plan;
    const exposed = this.#exposedAgents === 0 ? exposure : this.#exposedAgents / agents;
    let [good, bad, expected] = [0, 0, 0];
    while (this.#random() >= exposed) {
      const agent = this.#exposedAgents + this.#below(agents - this.#exposedAgents);
      if (this.#random() < this.#rateOfSession(agent, environment)) good += 1;
      else bad += 1;
      expected += this.#histories[agent]?.good ?? 0;
    }
    return { good, bad, expected: good + bad === 0 ? 0 : expected / (good + bad) / historyLength };
  }

  candidateSession(environment: number): { readonly turns: readonly boolean[]; readonly history: Counts } {
    const agent = this.#below(this.#exposedAgents === 0 ? this.#plan.agents : this.#exposedAgents);
    const rate = Math.max(0, this.#rateOfSession(agent, environment) - this.#plan.drop);
    const turns = Array.from({ length: this.#plan.sessionLength }, () => this.#random() < rate);
    return { turns, history: this.#histories[agent] ?? this.past };
  }

  #rateOfSession(agent: number, environment: number): number {
    const { sessionDeviation } = this.#plan;
    const own = (this.#ownLogits[agent] ?? 0) + environment;
    return logistic(sessionDeviation === 0 ? own : own + sessionDeviation * this.#normal());
  }

  #normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random());
  }

  #below(end: number): number {
    return Math.floor(this.#random() * end);
  }
}

/** So that the mean rate of agents that spread is `rate`: by bisection over a quadrature of the normal distribution. */
function centerOf(rate: number, deviation: number): number {
  const nodes = Array.from({ length: 81 }, (_node, index) => (index - 40) / 8);
  const weights = nodes.map((node) => Math.exp(-(node ** 2) / 2));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const meanAt = (center: number): number =>
    nodes.reduce((sum, node, index) => sum + logistic(center + deviation * node) * (weights[index] ?? 0), 0) /
    total;
  let [low, high] = [logit(rate) - 5, logit(rate) + 5];
  for (let step = 0; step < 50; step += 1) {
    const middle = (low + high) / 2;
    if (meanAt(middle) < rate) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
