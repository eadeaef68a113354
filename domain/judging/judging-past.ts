/** What was known before a candidate was exposed: gathered from the ledger before `startPosition`, in its order. */
import type { JudgedMetric } from '#crds/rollout-release.ts';
import { CountedSessions } from './counted-sessions.ts';
import { type JudgingRules, isGood } from './metric-rules.ts';
import { type JudgedOutcome, sessionOf } from './run-outcome.ts';
import { type Counts, NOTHING } from './wilson-interval.ts';

export type MetricCounts = Partial<Record<JudgedMetric, Counts>>;

export interface RunCosts {
  readonly runs: number;
  readonly nanoUsd: number;
}

/** It never changes after the candidate began. */
export interface JudgingPast {
  /** Of each agent on the stable digest, by uid: of all that follow, since those that stay on stable tell how the world changes. */
  readonly histories: ReadonlyMap<string, MetricCounts>;
  /** Of all of them together. */
  readonly before: MetricCounts;
  /** What their runs cost, by uid. */
  readonly costs?: ReadonlyMap<string, RunCosts>;
}

/** Counts by the rules by which the judge counts: the first outcome of a session stands for it. */
export class PastGatherer implements JudgingPast {
  readonly histories = new Map<string, MetricCounts>();
  readonly costs = new Map<string, RunCosts>();
  readonly #rules: JudgingRules;
  readonly #stableDigest: string;
  readonly #sessions = new CountedSessions();
  #before: MetricCounts = {};

  constructor(rules: JudgingRules, stableDigest: string) {
    this.#rules = rules;
    this.#stableDigest = stableDigest;
  }

  get before(): MetricCounts {
    return this.#before;
  }

  /** What ran with another version says nothing. */
  gather(outcome: JudgedOutcome): void {
    if (outcome.digest !== this.#stableDigest) return;
    const { agentUid } = outcome;
    if (outcome.kind === 'run' && outcome.costNanoUsd !== undefined) {
      const { runs, nanoUsd } = this.costs.get(agentUid) ?? { runs: 0, nanoUsd: 0 };
      this.costs.set(agentUid, { runs: runs + 1, nanoUsd: nanoUsd + outcome.costNanoUsd });
    }
    for (const rule of this.#rules.metrics) {
      const good = isGood(outcome, rule);
      if (good === undefined || !this.#sessions.add(rule.metric, sessionOf(outcome))) continue;
      this.#before = counted(this.#before, rule.metric, good);
      this.histories.set(agentUid, counted(this.histories.get(agentUid) ?? {}, rule.metric, good));
    }
  }
}

function counted(counts: MetricCounts, metric: JudgedMetric, isGoodOutcome: boolean): MetricCounts {
  const { good, bad } = counts[metric] ?? NOTHING;
  return { ...counts, [metric]: isGoodOutcome ? { good: good + 1, bad } : { good, bad: bad + 1 } };
}
