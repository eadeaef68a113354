/**
 * The judge of one candidate: takes outcomes in the order of the ledger and says at any time what they prove. The same
 * outcomes give the same state wherever the fold is broken off and taken up again from the status.
 */
import type { AnalysisStatus, MetricStatus } from '#crds/rollout-progress.ts';
import type { ExposureUnit, JudgedMetric } from '#crds/rollout-release.ts';
import { evidenceMicroNats } from './e-process.ts';
import {
  type MetricState,
  beginMetric,
  countCandidate,
  countStable,
  metricStatus,
  metricVerdict,
} from './metric-judge.ts';
import { type JudgingRules, isGood } from './metric-rules.ts';
import type { JudgedOutcome, RunOutcome } from './run-outcome.ts';
import type { Counts } from './wilson-interval.ts';

/** A mean of fewer runs is no mean. */
const FEWEST_COSTED_RUNS = 3;
const NOTHING: Counts = { good: 0, bad: 0 };

export type MetricCounts = Partial<Record<JudgedMetric, Counts>>;

/** What was known when the candidate began, from the ledger before `startPosition`: it never changes afterwards. */
export interface JudgingPast {
  /** Of each exposed agent, on the stable digest, by uid. Unit Agent alone. */
  readonly histories: ReadonlyMap<string, MetricCounts>;
  /** Of all that stayed on stable. */
  readonly before: MetricCounts;
}

export interface JudgingPlan {
  readonly unit: ExposureUnit;
  readonly rules: JudgingRules;
  readonly stableDigest: string;
  readonly candidateDigest: string;
  readonly past: JudgingPast;
}

type Saved = Pick<
  AnalysisStatus,
  'cursor' | 'metrics' | 'consecutiveSchemaFailures' | 'safetyEvents' | 'cost' | 'lastOutcomeAt'
>;

export type JudgeVerdict =
  | { readonly kind: 'Worse'; readonly reason: string; readonly message: string }
  | { readonly kind: 'EnvironmentDrift'; readonly metric: JudgedMetric }
  | { readonly kind: 'NotWorse' }
  | { readonly kind: 'Undecided' };

export class CanaryJudge {
  readonly #plan: JudgingPlan;
  #metrics: readonly MetricState[];
  #cursor: number;
  #consecutiveSchemaFailures: number;
  #safetyEvents: number;
  #cost: AnalysisStatus['cost'];
  #lastOutcomeMicroseconds: number | undefined;
  /** Sessions that were counted, by metric: a session is one outcome. */
  readonly #seen = new Set<string>();

  constructor(plan: JudgingPlan, saved: Saved | undefined, startPosition: number) {
    this.#plan = plan;
    this.#metrics = plan.rules.metrics.map(({ metric }) => {
      const known = saved?.metrics.find((status) => status.metric === metric);
      return known ?? beginMetric(metric, plan.past.before[metric] ?? NOTHING);
    });
    this.#cursor = saved?.cursor ?? startPosition;
    this.#consecutiveSchemaFailures = saved?.consecutiveSchemaFailures ?? 0;
    this.#safetyEvents = saved?.safetyEvents ?? 0;
    this.#cost = saved?.cost ?? { stableRuns: 0, stableNanoUsd: 0, candidateRuns: 0, candidateNanoUsd: 0 };
    this.#lastOutcomeMicroseconds =
      saved?.lastOutcomeAt === undefined ? undefined : Date.parse(saved.lastOutcomeAt) * 1000;
  }

  /** Up to which position outcomes are counted. */
  get cursor(): number {
    return this.#cursor;
  }

  /** What was read so far without anything to count in it. */
  advanceTo(position: number): void {
    this.#cursor = Math.max(this.#cursor, position);
  }

  /** After a restart, of what stands before the cursor: which sessions were counted. */
  remember(outcome: JudgedOutcome): void {
    if (outcome.position > this.#cursor || this.#plan.unit !== 'Session') return;
    for (const rule of this.#plan.rules.metrics) {
      if (isGood(outcome, rule) !== undefined) this.#isFirstOfSession(outcome, rule.metric);
    }
  }

  /** An outcome that stands at or before the cursor was counted already. */
  count(outcome: JudgedOutcome): void {
    if (outcome.position <= this.#cursor) return;
    this.#cursor = outcome.position;
    const { stableDigest, candidateDigest } = this.#plan;
    // A run counts for what it began with, whatever is exposed now.
    const isCandidate = outcome.arm === 'candidate' && outcome.digest === candidateDigest;
    const isStable = outcome.arm === 'stable' && outcome.digest === stableDigest;
    if (!isCandidate && !isStable) return;
    this.#lastOutcomeMicroseconds = outcome.atMicroseconds;
    if (outcome.kind === 'run') this.#countCost(outcome, isCandidate);
    if (isCandidate) this.#countGuards(outcome);
    this.#metrics = this.#plan.rules.metrics.map((rule, index) => {
      const state = this.#metrics[index] ?? beginMetric(rule.metric, NOTHING);
      const good = isGood(outcome, rule);
      if (good === undefined || !this.#isFirstOfSession(outcome, rule.metric)) return state;
      return isCandidate
        ? countCandidate(state, rule, good, this.#historyOf(outcome.agentUid, rule.metric))
        : countStable(state, rule, good);
    });
  }

  verdict(minSamples: number): JudgeVerdict {
    return this.#guardVerdict() ?? this.#metricsVerdict(minSamples);
  }

  /** `elapsedSeconds`: since the candidate began. */
  status(
    options: { readonly startPosition: number; readonly since: string },
    minSamples: number,
    elapsedSeconds: number,
  ): AnalysisStatus {
    const missing = this.#missingSamples(minSamples);
    const counted = Math.max(0, ...this.#metrics.map(({ candidate }) => total(candidate)));
    return {
      startPosition: options.startPosition,
      cursor: this.#cursor,
      since: options.since,
      ...(this.#lastOutcomeMicroseconds !== undefined && {
        lastOutcomeAt: new Date(this.#lastOutcomeMicroseconds / 1000).toISOString(),
      }),
      metrics: this.metrics(),
      consecutiveSchemaFailures: this.#consecutiveSchemaFailures,
      safetyEvents: this.#safetyEvents,
      cost: this.#cost,
      missingSamples: missing,
      ...(missing > 0 &&
        counted > 0 &&
        elapsedSeconds > 0 && { missingSeconds: Math.ceil((missing * elapsedSeconds) / counted) }),
    };
  }

  metrics(): MetricStatus[] {
    return this.#metrics.map((state) => metricStatus(state, this.#plan.rules));
  }

  #metricsVerdict(minSamples: number): JudgeVerdict {
    const { rules } = this.#plan;
    const verdicts = this.#metrics.map((state) => metricVerdict(state, rules));
    const worse = verdicts.indexOf('Worse');
    const state = this.#metrics[worse];
    if (state !== undefined) return { kind: 'Worse', reason: 'Worse', message: worseMessage(state, rules) };
    const drift = this.#metrics[verdicts.indexOf('EnvironmentDrift')];
    if (drift !== undefined) return { kind: 'EnvironmentDrift', metric: drift.metric };
    const isProven = rules.metrics.every(
      ({ isRequired }, index) =>
        !isRequired ||
        (verdicts[index] === 'NotWorse' && total(this.#metrics[index]?.candidate ?? NOTHING) >= minSamples),
    );
    return { kind: isProven ? 'NotWorse' : 'Undecided' };
  }

  #guardVerdict(): JudgeVerdict | undefined {
    const { guards } = this.#plan.rules;
    const failures = this.#consecutiveSchemaFailures;
    if (guards.consecutiveSchemaFailures > 0 && failures >= guards.consecutiveSchemaFailures) {
      const message = `${failures} answers of the candidate in a row did not fit the output schema.`;
      return { kind: 'Worse', reason: 'SchemaFailures', message };
    }
    if (guards.safetyEvents > 0 && this.#safetyEvents >= guards.safetyEvents) {
      const message = `The candidate had ${this.#safetyEvents} security events.`;
      return { kind: 'Worse', reason: 'SafetyEvents', message };
    }
    const { stableRuns, stableNanoUsd, candidateRuns, candidateNanoUsd } = this.#cost;
    if (guards.costFactor > 0 && Math.min(stableRuns, candidateRuns) >= FEWEST_COSTED_RUNS) {
      const [stable, candidate] = [stableNanoUsd / stableRuns, candidateNanoUsd / candidateRuns];
      if (stable > 0 && candidate > guards.costFactor * stable) {
        const factor = (candidate / stable).toFixed(1);
        const message = `A run of the candidate costs ${factor} times as much as one of stable, more than the ${guards.costFactor} times that are allowed.`;
        return { kind: 'Worse', reason: 'Cost', message };
      }
    }
    return undefined;
  }

  #missingSamples(minSamples: number): number {
    const { rules } = this.#plan;
    const missing = rules.metrics.map(({ isRequired }, index) => {
      const state = this.#metrics[index];
      return !isRequired || state === undefined || metricVerdict(state, rules) === 'NotWorse'
        ? Math.max(0, isRequired ? minSamples - total(state?.candidate ?? NOTHING) : 0)
        : Math.max(1, minSamples - total(state.candidate));
    });
    return Math.max(0, ...missing);
  }

  #countGuards(outcome: JudgedOutcome): void {
    if (outcome.kind === 'safety') this.#safetyEvents += 1;
    if (outcome.kind !== 'run' || outcome.isSchemaValid === undefined) return;
    this.#consecutiveSchemaFailures = outcome.isSchemaValid ? 0 : this.#consecutiveSchemaFailures + 1;
  }

  #countCost({ costNanoUsd }: RunOutcome, isCandidate: boolean): void {
    if (costNanoUsd === undefined) return;
    const cost = this.#cost;
    this.#cost = isCandidate
      ? {
          ...cost,
          candidateRuns: cost.candidateRuns + 1,
          candidateNanoUsd: cost.candidateNanoUsd + costNanoUsd,
        }
      : { ...cost, stableRuns: cost.stableRuns + 1, stableNanoUsd: cost.stableNanoUsd + costNanoUsd };
  }

  #historyOf(agentUid: string, metric: JudgedMetric): Counts | undefined {
    return this.#plan.unit === 'Agent'
      ? (this.#plan.past.histories.get(agentUid)?.[metric] ?? NOTHING)
      : undefined;
  }

  /** Outcomes of one session hang together: the first one stands for it. */
  #isFirstOfSession({ session, arm }: JudgedOutcome, metric: JudgedMetric): boolean {
    if (this.#plan.unit !== 'Session' || session === undefined) return true;
    const key = `${arm}|${metric}|${session}`;
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    return true;
  }
}

function worseMessage({ metric, stable, candidate, worse }: MetricState, rules: JudgingRules): string {
  const margin = rules.metrics.find((rule) => rule.metric === metric)?.margin ?? 0;
  return `${metric}: ${candidate.good} of ${total(candidate)} outcomes of the candidate were good and ${stable.good} of ${total(stable)} of stable; that it is worse by more than ${percent(margin)} points is proven with an error of at most ${percent(rules.worseAlpha)} % (evidence ${Math.exp(evidenceMicroNats(worse) / 1_000_000).toPrecision(3)} to 1).`;
}

function percent(share: number): string {
  return String(Number((share * 100).toFixed(3)));
}

function total({ good, bad }: Counts): number {
  return good + bad;
}
