/** What each metric counts: the rules of a CanaryRollout with all that was left out filled in, and an outcome's verdict by them. */
import type { JudgedMetric, MetricRule, RolloutAnalysis } from '#crds/rollout-release.ts';
import { nanoUsdOfDecimal } from '../pricing/nano-usd.ts';
import type { JudgedOutcome, RunOutcome } from './run-outcome.ts';

/** These can stop a candidate, and going on does not wait for them: most runs say nothing of them. */
const OPTIONAL_METRICS: ReadonlySet<JudgedMetric> = new Set(['Feedback', 'ToolsSucceeded', 'NotRefused']);
const DEFAULT_MARGIN_PERCENT = '1';
const DEFAULT_PROMOTION_MARGIN_PERCENT = '5';
const DEFAULT_FALSE_ROLLBACK_PERCENT = '1';
const FALSE_PROMOTION = 0.05;
const LARGEST_ALPHA = 0.5;
const DEFAULT_GUARDS = { consecutiveSchemaFailures: 3, costFactor: 5, safetyEvents: 1 };

const DEFAULT_METRICS: readonly JudgedRule[] = [
  judgedRule({ metric: 'RunSucceeded' }),
  { ...judgedRule({ metric: 'SchemaValid' }), isRequiredOnceSpoken: true },
];

export interface JudgedRule {
  readonly metric: JudgedMetric;
  /** A share, not percent. */
  readonly margin: number;
  readonly promotionMargin: number;
  readonly isRequired: boolean;
  /** It stands there by default: agents without an output schema go on without it. */
  readonly isRequiredOnceSpoken?: true;
  readonly costNanoUsd?: number;
  readonly durationMicroseconds?: number;
  readonly feedbackMetric: string;
}

export interface JudgingRules {
  readonly metrics: readonly JudgedRule[];
  /** Of each metric: the share of false rollbacks is divided among them. */
  readonly worseAlpha: number;
  readonly notWorseAlpha: number;
  readonly guards: {
    readonly consecutiveSchemaFailures: number;
    readonly costFactor: number;
    readonly safetyEvents: number;
  };
}

export function judgingRules(analysis: RolloutAnalysis = {}): JudgingRules {
  const metrics = withSomeRequired(analysis.metrics?.map(judgedRule) ?? DEFAULT_METRICS);
  const { guards = {} } = analysis;
  const falseRollback = share(analysis.falseRollbackPercent ?? DEFAULT_FALSE_ROLLBACK_PERCENT);
  return {
    metrics,
    // Above a half the evidence of no outcome at all would do.
    worseAlpha: Math.min(falseRollback, LARGEST_ALPHA) / metrics.length,
    notWorseAlpha: FALSE_PROMOTION,
    guards: {
      consecutiveSchemaFailures: guards.consecutiveSchemaFailures ?? DEFAULT_GUARDS.consecutiveSchemaFailures,
      costFactor: guards.costFactor ?? DEFAULT_GUARDS.costFactor,
      safetyEvents: guards.safetyEvents ?? DEFAULT_GUARDS.safetyEvents,
    },
  };
}

/** Going on always needs a proof: where nothing is required, everything is. */
function withSomeRequired(metrics: readonly JudgedRule[]): readonly JudgedRule[] {
  if (metrics.some(({ isRequired }) => isRequired)) return metrics;
  return metrics.map((rule) => ({ ...rule, isRequired: true }));
}

function judgedRule(rule: MetricRule): JudgedRule {
  const { metric, marginPercent, promotionMarginPercent, usdPerRun, seconds, feedbackMetric } = rule;
  return {
    metric,
    margin: share(marginPercent ?? DEFAULT_MARGIN_PERCENT),
    promotionMargin: share(promotionMarginPercent ?? DEFAULT_PROMOTION_MARGIN_PERCENT),
    isRequired: rule.isRequired ?? !OPTIONAL_METRICS.has(metric),
    ...(usdPerRun !== undefined && { costNanoUsd: nanoUsdOfDecimal(usdPerRun) }),
    ...(seconds !== undefined && { durationMicroseconds: seconds * 1_000_000 }),
    feedbackMetric: feedbackMetric ?? 'helpful',
  };
}

function share(percent: string): number {
  return Number(percent) / 100;
}

/** Undefined: the run says nothing of this metric. */
const GOOD_RUNS: Readonly<Record<JudgedMetric, (run: RunOutcome, rule: JudgedRule) => boolean | undefined>> =
  {
    RunSucceeded: ({ hasSucceeded }) => hasSucceeded,
    SchemaValid: ({ isSchemaValid }) => isSchemaValid,
    ToolsSucceeded: ({ haveToolsSucceeded }) => haveToolsSucceeded,
    NotRefused: ({ isRefusal }) => (isRefusal === undefined ? undefined : !isRefusal),
    WithinCost: ({ costNanoUsd }, rule) => isWithin(costNanoUsd, rule.costNanoUsd),
    WithinLatency: ({ durationMicroseconds }, rule) =>
      isWithin(durationMicroseconds, rule.durationMicroseconds),
    Feedback: () => undefined,
  };

function isWithin(value: number | undefined, most: number | undefined): boolean | undefined {
  return value === undefined || most === undefined ? undefined : value <= most;
}

/** Undefined: the outcome says nothing of this metric. */
export function isGood(outcome: JudgedOutcome, rule: JudgedRule): boolean | undefined {
  if (outcome.kind === 'feedback') {
    return rule.metric === 'Feedback' && outcome.metric === rule.feedbackMetric ? outcome.isGood : undefined;
  }
  if (outcome.kind === 'safety') return undefined;
  return GOOD_RUNS[rule.metric](outcome, rule);
}
