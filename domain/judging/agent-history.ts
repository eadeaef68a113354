/** What an agent did on one version: counted in the ledger, so that a thousand agents need not be sent run by run. */
import { JUDGED_METRICS, type JudgedMetric } from '#crds/rollout-release.ts';
import { type JudgedRule, isGood } from './metric-rules.ts';
import { type JudgedOutcome, sessionOf } from './run-outcome.ts';
import type { Counts } from './wilson-interval.ts';

/** Of the metrics that have one; without it nothing is counted of them. */
export interface HistoryBounds {
  readonly costNanoUsd?: number;
  readonly durationMicroseconds?: number;
  readonly feedbackMetric: string;
}

export interface AgentHistory {
  readonly agentUid: string;
  readonly metrics: Readonly<Partial<Record<JudgedMetric, Counts>>>;
  /** Runs whose cost is known, and what they cost. */
  readonly costs: { readonly runs: number; readonly nanoUsd: number };
  /** From SECURITY_EVENTS: what it did already on this version. */
  readonly safetyEvents: readonly string[];
}

/** Outcomes of one agent in the order of the ledger: of each metric the first one of a session stands for it. */
export function historyOf(
  agentUid: string,
  outcomes: readonly JudgedOutcome[],
  bounds: HistoryBounds,
): AgentHistory {
  const metrics: Partial<Record<JudgedMetric, Counts>> = {};
  for (const rule of JUDGED_METRICS.map((metric) => ruleOf(metric, bounds))) {
    const seen = new Set<string>();
    for (const outcome of outcomes) {
      const good = isGood(outcome, rule);
      const session = sessionOf(outcome);
      if (good === undefined || seen.has(session)) continue;
      seen.add(session);
      const before = metrics[rule.metric] ?? { good: 0, bad: 0 };
      metrics[rule.metric] = good
        ? { good: before.good + 1, bad: before.bad }
        : { good: before.good, bad: before.bad + 1 };
    }
  }
  const costs = outcomes.flatMap((outcome) => (outcome.kind === 'run' ? (outcome.costNanoUsd ?? []) : []));
  const events = outcomes.flatMap((outcome) => (outcome.kind === 'safety' ? outcome.event : []));
  return {
    agentUid,
    metrics,
    costs: {
      runs: costs.length,
      nanoUsd: Math.min(
        Number.MAX_SAFE_INTEGER,
        costs.reduce((sum, cost) => sum + cost, 0),
      ),
    },
    safetyEvents: [...new Set(events)].toSorted(),
  };
}

function ruleOf(metric: JudgedMetric, bounds: HistoryBounds): JudgedRule {
  return { metric, margin: 0, promotionMargin: 0, isRequired: false, ...bounds };
}
