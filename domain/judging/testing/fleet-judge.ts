/** The judge of one metric in a simulated fleet: its own functions, without the ledger around them. */
import type { ExposureUnit } from '#crds/rollout-release.ts';
import { CountedAgents } from '../counted-agents.ts';
import { evidenceMicroNats, thresholdMicroNats } from '../e-process.ts';
import { beginMetric, countCandidate, countStable } from '../metric-judge.ts';
import { judgingRules } from '../metric-rules.ts';
import type { Counts } from '../wilson-interval.ts';
import type { FleetJudge, StableBatch } from './simulated-fleet.ts';

const MANY = 1_000_000;

export class CapatazFleetJudge implements FleetJudge {
  readonly #isByAgent: boolean;
  readonly #rule;
  readonly #worseMicroNats: number;
  readonly #notWorseMicroNats: number;
  #state;
  readonly #agents = new CountedAgents();
  readonly #uids = new Map<Counts, string>();
  #counted = 0;
  /** After how many outcomes it was proven to be good enough. */
  passedAfter: number | undefined;

  constructor(unit: ExposureUnit, past: Counts, marginPercent: string) {
    const rules = judgingRules({ metrics: [{ metric: 'RunSucceeded', marginPercent }] });
    const [rule] = rules.metrics;
    if (rule === undefined) throw new Error('There is a metric.');
    this.#rule = rule;
    this.#isByAgent = unit === 'Agent';
    this.#worseMicroNats = thresholdMicroNats(rules.worseAlpha);
    this.#notWorseMicroNats = thresholdMicroNats(rules.notWorseAlpha);
    this.#state = beginMetric('RunSucceeded', past);
  }

  /** The outcomes of many agents at once: as those of one whose history is their mean. */
  stable({ good, bad, expected }: StableBatch): void {
    const history = this.#isByAgent ? { good: expected * MANY, bad: (1 - expected) * MANY } : undefined;
    this.#state = countStable(this.#state, this.#rule, { good, bad }, history);
  }

  /** An agent is known by its history, which is an object of its own. */
  #uidOf(history: Counts): string {
    const uid = this.#uids.get(history) ?? `agent-${this.#uids.size}`;
    this.#uids.set(history, uid);
    return uid;
  }

  candidate(isGood: boolean, isFirst: boolean, history: Counts): boolean {
    if (!isFirst) return false;
    this.#counted += 1;
    const own = this.#isByAgent ? history : undefined;
    const { effective } = this.#agents;
    this.#agents.add(this.#uidOf(history));
    this.#state = countCandidate(this.#state, this.#rule, isGood, own, effective);
    if (evidenceMicroNats(this.#state.notWorse) >= this.#notWorseMicroNats) {
      this.passedAfter ??= this.#counted;
    }
    return evidenceMicroNats(this.#state.worse) >= this.#worseMicroNats;
  }
}
