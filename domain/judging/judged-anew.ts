/** The analysis of a candidate that is resumed in a world that has changed under both versions. */
import type { AnalysisStatus } from '#crds/rollout-progress.ts';
import { NO_COSTS } from './cost-comparison.ts';
import { beginMetric, metricStatus } from './metric-judge.ts';
import type { JudgingRules } from './metric-rules.ts';
import { NOTHING } from './wilson-interval.ts';

/**
 * Nothing is counted and nothing proven. What stable did before says no more how far it may fall where it has fallen:
 * whoever resumed has seen that. What it did of late says how the world is, and the outcomes go on where they were read to.
 */
export function judgedAnew(before: AnalysisStatus, rules: JudgingRules, since: string): AnalysisStatus {
  return {
    startPosition: before.cursor,
    cursor: before.cursor,
    since,
    metrics: rules.metrics.map((rule) => {
      const known = before.metrics.find(({ metric }) => metric === rule.metric);
      const hasFallen = known?.verdict === 'EnvironmentDrift';
      const begun = beginMetric(rule.metric, known === undefined || hasFallen ? NOTHING : known.before);
      const { recent, recentExpected } = known ?? begun;
      return metricStatus({ ...begun, recent, recentExpected }, rule, rules);
    }),
    consecutiveSchemaFailures: 0,
    safetyEvents: 0,
    cost: NO_COSTS,
  };
}
