/** What the outcomes of a candidate say, metric by metric, in the numbers that people read. */
import type { CanaryRolloutSpec, CanaryRolloutStatus } from '#crds/canary-rollout.ts';
import { isNeeded } from '#domain/judging/canary-judge.ts';
import { judgingRules } from '#domain/judging/metric-rules.ts';
import { type Counts, total, wilsonInterval } from '#domain/judging/wilson-interval.ts';
import type { Arm, RolloutMetric } from '../api/answers.ts';

const MICRO_NATS = 1_000_000;
/** 95 % on both sides. */
const CONFIDENCE_DEVIATIONS = 1.96;
/** JSON has no Infinity, and no reader a use for more. */
const GREATEST_EVIDENCE = 1e300;

export function rolloutMetrics(
  spec: CanaryRolloutSpec,
  { analysis }: Pick<CanaryRolloutStatus, 'analysis'>,
): readonly RolloutMetric[] {
  if (analysis === undefined) return [];
  const rules = judgingRules(spec.analysis);
  return analysis.metrics.map((status) => {
    const rule = rules.metrics.find(({ metric }) => metric === status.metric);
    const isWanted = rule !== undefined && isNeeded(rule, status);
    return {
      metric: status.metric,
      isWanted,
      verdict: status.verdict,
      candidate: armOf(status.candidate),
      stable: armOf(status.stable),
      worse: evidence(status.worseMicroNats),
      worseThreshold: 1 / rules.worseAlpha,
      notWorse: evidence(status.notWorseMicroNats),
      notWorseThreshold: 1 / rules.notWorseAlpha,
      missingSamples: isWanted && status.verdict === 'Undecided' ? (analysis.missingSamples ?? null) : null,
    };
  });
}

function armOf(counts: Counts): Arm {
  const outcomes = total(counts);
  if (outcomes === 0) return { outcomes, good: counts.good, rate: null, low: null, high: null };
  const { low, high } = wilsonInterval(counts, CONFIDENCE_DEVIATIONS);
  return { outcomes, good: counts.good, rate: counts.good / outcomes, low, high };
}

function evidence(microNats: number): number {
  return Math.min(Math.exp(microNats / MICRO_NATS), GREATEST_EVIDENCE);
}
