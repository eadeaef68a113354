/** What was known before a candidate was exposed: from the ledger up to `startPosition`. */
import type { JudgedMetric } from '#crds/rollout-release.ts';
import type { AgentHistory } from './agent-history.ts';
import { type Counts, NOTHING } from './wilson-interval.ts';

export type MetricCounts = Partial<Record<JudgedMetric, Counts>>;
export type RunCosts = AgentHistory['costs'];

/** It never changes after the candidate began. */
export interface JudgingPast {
  /** Of each agent on the stable digest, by uid: of all that follow, since those that stay on stable tell how the world changes. */
  readonly histories: ReadonlyMap<string, MetricCounts>;
  /** Of all of them together. */
  readonly before: MetricCounts;
  /** What their runs cost, by uid. */
  readonly costs?: ReadonlyMap<string, RunCosts>;
}

export function judgingPast(histories: readonly AgentHistory[]): JudgingPast {
  const before: MetricCounts = {};
  for (const { metrics } of histories) {
    for (const [name, { good, bad }] of Object.entries(metrics)) {
      const metric = name as JudgedMetric;
      const sum = before[metric] ?? NOTHING;
      before[metric] = { good: sum.good + good, bad: sum.bad + bad };
    }
  }
  return {
    before,
    histories: new Map(histories.map(({ agentUid, metrics }) => [agentUid, metrics])),
    costs: new Map(histories.map(({ agentUid, costs }) => [agentUid, costs])),
  };
}
