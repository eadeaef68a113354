/**
 * The judge of one candidate: takes outcomes in the order of the ledger and says at any time what they prove. The same
 * outcomes give the same state wherever the fold is broken off and taken up again from the status.
 */
import type { AnalysisStatus, MetricStatus } from '#crds/rollout-progress.ts';
import type { ExposureUnit, JudgedMetric } from '#crds/rollout-release.ts';
import {
  type CostComparison,
  NO_COSTS,
  costFactor,
  countCandidateCost,
  countStableCost,
} from './cost-comparison.ts';
import { CountedAgents } from './counted-agents.ts';
import { CountedSessions } from './counted-sessions.ts';
import { evidenceMicroNats, thresholdMicroNats } from './e-process.ts';
import type { JudgingPast } from './judging-past.ts';
import {
  type History,
  type MetricState,
  beginMetric,
  countCandidate,
  countStable,
  metricStatus,
  metricVerdict,
} from './metric-judge.ts';
import { type JudgedRule, type JudgingRules, isGood } from './metric-rules.ts';
import { type JudgedOutcome, sessionOf } from './run-outcome.ts';
import { type Counts, NOTHING, total } from './wilson-interval.ts';

export interface JudgingPlan {
  readonly unit: ExposureUnit;
  readonly rules: JudgingRules;
  readonly stableDigest: string;
  readonly candidateDigest: string;
  readonly past: JudgingPast;
}

type Saved = Pick<
  AnalysisStatus,
  'cursor' | 'metrics' | 'consecutiveSchemaFailures' | 'safetyEvents' | 'cost' | 'lastOutcomeAt' | 'stop'
>;

export type JudgeVerdict =
  | { readonly kind: 'Worse'; readonly reason: string; readonly message: string }
  | { readonly kind: 'EnvironmentDrift'; readonly metric: JudgedMetric }
  | { readonly kind: 'NotWorse' }
  | { readonly kind: 'Undecided' };

export class CanaryJudge {
  readonly #plan: JudgingPlan;
  readonly #sessions = new CountedSessions();
  /** Of the candidate, by metric. */
  readonly #agents = new Map<JudgedMetric, CountedAgents>();
  #metrics: readonly MetricState[];
  #cursor: number;
  #consecutiveSchemaFailures: number;
  #safetyEvents: number;
  #cost: CostComparison;
  #lastOutcomeAt: string | undefined;
  /** Looked for after every outcome: evidence that was there once is not lost by what comes later, nor by when one looks. */
  #stop: AnalysisStatus['stop'];

  constructor(plan: JudgingPlan, saved: Saved | undefined, startPosition: number) {
    this.#plan = plan;
    this.#metrics = plan.rules.metrics.map(({ metric }) => {
      const known = saved?.metrics.find((status) => status.metric === metric);
      return known ?? beginMetric(metric, plan.past.before[metric] ?? NOTHING);
    });
    this.#cursor = saved?.cursor ?? startPosition;
    this.#consecutiveSchemaFailures = saved?.consecutiveSchemaFailures ?? 0;
    this.#safetyEvents = saved?.safetyEvents ?? 0;
    this.#cost = saved?.cost ?? NO_COSTS;
    this.#lastOutcomeAt = saved?.lastOutcomeAt;
    this.#stop = saved?.stop;
  }

  /** Up to which position outcomes are counted. */
  get cursor(): number {
    return this.#cursor;
  }

  /** What was read so far without anything to count in it. */
  advanceTo(position: number): void {
    this.#cursor = Math.max(this.#cursor, position);
  }

  /** After a restart, of all from `startPosition` to the cursor in their order: which sessions were counted, and of whom. */
  remember(outcome: JudgedOutcome): void {
    const arm = this.#armOf(outcome);
    if (outcome.position > this.#cursor || arm === undefined) return;
    for (const rule of this.#plan.rules.metrics) {
      if (isGood(outcome, rule) === undefined || !this.#isFirstOfSession(outcome, rule.metric)) continue;
      if (arm === 'candidate') this.#agentsOf(rule.metric).add(outcome.agentUid);
    }
  }

  /** An outcome that stands at or before the cursor was counted already. */
  count(outcome: JudgedOutcome): void {
    if (outcome.position <= this.#cursor) return;
    this.#cursor = outcome.position;
    const arm = this.#armOf(outcome);
    if (arm === undefined) return;
    this.#lastOutcomeAt = new Date(outcome.atMicroseconds / 1000).toISOString();
    this.#countCost(outcome, arm);
    if (arm === 'candidate') this.#countGuards(outcome);
    this.#metrics = this.#plan.rules.metrics.map((rule, index) => {
      const state = this.#metrics[index] ?? beginMetric(rule.metric, NOTHING);
      const good = isGood(outcome, rule);
      if (good === undefined || !this.#isFirstOfSession(outcome, rule.metric)) return state;
      const history = this.#historyOf(outcome.agentUid, rule.metric);
      if (arm === 'stable') {
        return countStable(state, rule, good ? { good: 1, bad: 0 } : { good: 0, bad: 1 }, history);
      }
      const agents = this.#agentsOf(rule.metric);
      const { effective } = agents;
      agents.add(outcome.agentUid);
      return countCandidate(state, rule, good, history, effective);
    });
    this.#stop ??= this.#reasonToStop(outcome.runId);
  }

  /** `Worse` for good once it was proven; the others by what stands there now. */
  verdict(minSamples: number): JudgeVerdict {
    if (this.#stop !== undefined) {
      return { kind: 'Worse', reason: this.#stop.reason, message: this.#stop.message };
    }
    const { rules } = this.#plan;
    const verdicts = this.#metrics.map((state, index) => metricVerdict(state, this.#rule(index), rules));
    const drift = this.#metrics[verdicts.indexOf('EnvironmentDrift')];
    if (drift !== undefined) return { kind: 'EnvironmentDrift', metric: drift.metric };
    const isProven = this.#metrics.every(
      (state, index) =>
        !isNeeded(this.#rule(index), state) ||
        (verdicts[index] === 'NotWorse' && total(state.candidate) >= minSamples),
    );
    const hasEnough = this.#metrics.some(({ candidate }) => total(candidate) >= minSamples);
    return { kind: isProven && hasEnough ? 'NotWorse' : 'Undecided' };
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
      ...(this.#lastOutcomeAt !== undefined && { lastOutcomeAt: this.#lastOutcomeAt }),
      metrics: this.metrics(),
      consecutiveSchemaFailures: this.#consecutiveSchemaFailures,
      safetyEvents: this.#safetyEvents,
      cost: this.#cost,
      ...(this.#stop !== undefined && { stop: this.#stop }),
      missingSamples: missing,
      ...(missing > 0 &&
        counted > 0 &&
        elapsedSeconds > 0 && { missingSeconds: Math.ceil((missing * elapsedSeconds) / counted) }),
    };
  }

  metrics(): MetricStatus[] {
    return this.#metrics.map((state, index) => metricStatus(state, this.#rule(index), this.#plan.rules));
  }

  /** A run counts for what it began with, whatever is exposed now. Undefined: it is of another version or rollout. */
  #armOf({ arm, digest }: JudgedOutcome): 'stable' | 'candidate' | undefined {
    const { stableDigest, candidateDigest } = this.#plan;
    if (arm === 'candidate') return digest === candidateDigest ? 'candidate' : undefined;
    return digest === stableDigest ? 'stable' : undefined;
  }

  #rule(index: number): JudgedRule {
    const rule = this.#plan.rules.metrics[index];
    if (rule === undefined) throw new RangeError(`There is no metric ${index}.`);
    return rule;
  }

  #reasonToStop(runId: string): AnalysisStatus['stop'] {
    const { rules } = this.#plan;
    const guard = this.#guardReason();
    if (guard !== undefined) return { ...guard, runId };
    const threshold = thresholdMicroNats(rules.worseAlpha);
    const index = this.#metrics.findIndex(({ worse }) => evidenceMicroNats(worse) >= threshold);
    const state = this.#metrics[index];
    return state && { reason: 'Worse', message: worseMessage(state, this.#rule(index), rules), runId };
  }

  #guardReason(): { readonly reason: string; readonly message: string } | undefined {
    const { guards } = this.#plan.rules;
    const failures = this.#consecutiveSchemaFailures;
    if (guards.consecutiveSchemaFailures > 0 && failures >= guards.consecutiveSchemaFailures) {
      const message = `${failures} answers of the candidate in a row did not fit the output schema.`;
      return { reason: 'SchemaFailures', message };
    }
    if (guards.safetyEvents > 0 && this.#safetyEvents >= guards.safetyEvents) {
      const events = this.#safetyEvents === 1 ? 'security event' : 'security events';
      const message = `The candidate had ${this.#safetyEvents} ${events}.`;
      return { reason: 'SafetyEvents', message };
    }
    const factor = costFactor(this.#cost);
    if (guards.costFactor > 0 && factor !== undefined && factor > guards.costFactor) {
      const message = `A run of the candidate costs ${factor.toFixed(1)} times as much as on stable, more than the ${guards.costFactor} times that are allowed.`;
      return { reason: 'Cost', message };
    }
    return undefined;
  }

  #missingSamples(minSamples: number): number {
    const missing = this.#metrics.map((state, index) => {
      if (!isNeeded(this.#rule(index), state)) return 0;
      return Math.max(minSamples - total(state.candidate), this.#missingForProof(state));
    });
    return Math.max(0, ...missing);
  }

  /** At the growth of the evidence so far; as many again where it does not grow. */
  #missingForProof({ notWorse, candidate }: MetricState): number {
    const [evidence, counted] = [evidenceMicroNats(notWorse), total(candidate)];
    const lacking = thresholdMicroNats(this.#plan.rules.notWorseAlpha) - evidence;
    if (lacking <= 0) return 0;
    return Math.max(1, evidence > 0 ? Math.min(counted, Math.ceil((lacking * counted) / evidence)) : counted);
  }

  #countGuards(outcome: JudgedOutcome): void {
    if (outcome.kind === 'safety') this.#safetyEvents += 1;
    if (outcome.kind !== 'run' || outcome.isSchemaValid === undefined) return;
    this.#consecutiveSchemaFailures = outcome.isSchemaValid ? 0 : this.#consecutiveSchemaFailures + 1;
  }

  #countCost(outcome: JudgedOutcome, arm: 'stable' | 'candidate'): void {
    if (outcome.kind !== 'run' || outcome.costNanoUsd === undefined) return;
    if (arm === 'stable') {
      this.#cost = countStableCost(this.#cost, outcome.costNanoUsd);
      return;
    }
    const { unit, past } = this.#plan;
    const own = unit === 'Agent' ? (past.costs?.get(outcome.agentUid) ?? { runs: 0, nanoUsd: 0 }) : undefined;
    this.#cost = countCandidateCost(this.#cost, outcome.costNanoUsd, own);
  }

  #historyOf(agentUid: string, metric: JudgedMetric): History {
    return this.#plan.unit === 'Agent'
      ? (this.#plan.past.histories.get(agentUid)?.[metric] ?? NOTHING)
      : undefined;
  }

  #agentsOf(metric: JudgedMetric): CountedAgents {
    const known = this.#agents.get(metric) ?? new CountedAgents();
    this.#agents.set(metric, known);
    return known;
  }

  #isFirstOfSession(outcome: JudgedOutcome, metric: JudgedMetric): boolean {
    return this.#sessions.add(`${outcome.arm} ${metric}`, sessionOf(outcome));
  }
}

/** Whether going on needs a proof of this metric. */
export function isNeeded(
  rule: JudgedRule,
  status: { readonly before: Counts; readonly stable: Counts; readonly candidate: Counts } | undefined,
): boolean {
  if (!rule.isRequired || rule.isRequiredOnceSpoken === undefined) return rule.isRequired;
  return (
    status !== undefined &&
    [status.before, status.stable, status.candidate].some((counts) => total(counts) > 0)
  );
}

function worseMessage(
  { metric, stable, candidate, worse }: MetricState,
  { margin }: JudgedRule,
  { worseAlpha }: JudgingRules,
): string {
  const evidence = Math.exp(evidenceMicroNats(worse) / 1_000_000).toPrecision(3);
  return `${metric}: ${candidate.good} of ${total(candidate)} outcomes of the candidate were good and ${stable.good} of ${total(stable)} of stable; that it is worse by more than ${percent(margin)} points is proven with an error of at most ${percent(worseAlpha)} % (evidence ${evidence} to 1).`;
}

function percent(share: number): string {
  return String(Number((share * 100).toFixed(3)));
}
