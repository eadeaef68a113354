/** The numbers of an analysis, for people. */
import type { AnalysisStatus } from '#crds/rollout-progress.ts';
import type { JudgedMetric, RolloutAnalysis } from '#crds/rollout-release.ts';
import { isNeeded } from '../judging/canary-judge.ts';
import { judgingRules } from '../judging/metric-rules.ts';
import { type Counts, total } from '../judging/wilson-interval.ts';
import { percentOf } from './rollout-plan.ts';

/** One sentence for all metrics; empty when nothing was counted. */
export function describeAnalysis(analysis: AnalysisStatus | undefined): string {
  const metrics = (analysis?.metrics ?? [])
    .filter((metric) => hasCounted(metric))
    .map(({ metric, candidate, stable }) => {
      return `${metric} ${share(candidate)} of the candidate and ${share(stable)} of stable`;
    });
  return metrics.length === 0 ? '' : `Good outcomes: ${metrics.join('; ')}.`;
}

/** Whether there is any outcome of it, of the candidate or of stable. */
export function hasCounted({ candidate, stable }: Readonly<Record<'candidate' | 'stable', Counts>>): boolean {
  return total(candidate) + total(stable) > 0;
}

/** Of the metrics that going on needs: of that one with the fewest. */
export function fewestSamples(
  analysis: AnalysisStatus | undefined,
  rules: RolloutAnalysis | undefined,
): number {
  const counts = judgingRules(rules)
    .metrics.map((rule) => ({ rule, status: analysis?.metrics.find(({ metric }) => metric === rule.metric) }))
    .filter(({ rule, status }) => isNeeded(rule, status))
    .map(({ status }) => (status === undefined ? 0 : status.candidate.good + status.candidate.bad));
  return counts.length === 0 ? 0 : Math.min(...counts);
}

/** How far stable itself fell, after the name of the metric. */
export function describeFall(analysis: AnalysisStatus | undefined, metric: JudgedMetric): string {
  const status = analysis?.metrics.find((one) => one.metric === metric);
  return status === undefined ? '' : `, from ${share(status.before)} before to ${share(status.stable)} since`;
}

/** Whether there is any outcome of the candidate at all. */
export function hasOutcomes(analysis: AnalysisStatus | undefined): boolean {
  return analysis?.metrics.some(({ candidate }) => candidate.good + candidate.bad > 0) ?? false;
}

function share({ good, bad }: { readonly good: number; readonly bad: number }): string {
  const total = good + bad;
  if (total === 0) return '0 of 0';
  return `${good} of ${total} (${percentOf(Math.round((good / total) * 10_000))} %)`;
}
