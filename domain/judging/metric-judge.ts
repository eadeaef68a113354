/** One metric of one candidate: counts, evidence and verdict. All of its state is what stands in the status. */
import type { JudgedMetric } from '#crds/rollout-release.ts';
import type { MetricStatus } from '#crds/rollout-progress.ts';
import { type EProcess, NO_EVIDENCE, bet, evidenceMicroNats, thresholdMicroNats } from './e-process.ts';
import type { JudgedRule } from './metric-rules.ts';
import {
  type Environment,
  agentReference,
  edgeBelow,
  environmentShift,
  sessionReference,
} from './reference.ts';
import { type Counts, wilsonInterval } from './wilson-interval.ts';

/** Of the recent outcomes of stable: each one makes those before it count for so much. About 300 stand for the present. */
const REMEMBRANCE = 1 - 1 / 300;
const THOUSANDTHS = 1000;
const BASIS_POINTS = 10_000;
const CONFIDENCE_DEVIATIONS = 1.96;

export interface MetricState {
  readonly metric: JudgedMetric;
  readonly stable: Counts;
  readonly candidate: Counts;
  readonly before: Counts;
  /** In thousandths, whole numbers. */
  readonly recent: Counts;
  readonly worse: EProcess;
  readonly notWorse: EProcess;
  readonly drift: EProcess;
}

const NOTHING: Counts = { good: 0, bad: 0 };

export function beginMetric(metric: JudgedMetric, before: Counts): MetricState {
  return {
    metric,
    stable: NOTHING,
    candidate: NOTHING,
    before,
    recent: NOTHING,
    worse: NO_EVIDENCE,
    notWorse: NO_EVIDENCE,
    drift: NO_EVIDENCE,
  };
}

/** An outcome of an agent or session that stayed on stable. */
export function countStable(state: MetricState, rule: JudgedRule, good: boolean): MetricState {
  const { low } = wilsonInterval(state.before, 1);
  const edge = hasHistory(state.before) ? edgeBelow(low, rule.margin) : undefined;
  return {
    ...state,
    stable: counted(state.stable, good),
    recent: {
      good: Math.round(state.recent.good * REMEMBRANCE) + (good ? THOUSANDTHS : 0),
      bad: Math.round(state.recent.bad * REMEMBRANCE) + (good ? 0 : THOUSANDTHS),
    },
    ...(edge !== undefined && { drift: bet(state.drift, 'Lower', edge, good) }),
  };
}

/** `history`: what the same agent did on stable before; undefined where sessions are split. */
export function countCandidate(
  state: MetricState,
  rule: JudgedRule,
  good: boolean,
  history: Counts | undefined,
): MetricState {
  const reference =
    history === undefined
      ? sessionReference(recentOf(state))
      : agentReference(history, environmentShift(environmentOf(state)));
  const candidate = counted(state.candidate, good);
  if (reference === undefined) return { ...state, candidate };
  const worseEdge = edgeBelow(reference.low, rule.margin);
  const notWorseEdge = edgeBelow(reference.high, rule.promotionMargin);
  return {
    ...state,
    candidate,
    ...(worseEdge !== undefined && { worse: bet(state.worse, 'Lower', worseEdge, good) }),
    ...(notWorseEdge !== undefined && { notWorse: bet(state.notWorse, 'Higher', notWorseEdge, good) }),
  };
}

export interface Alphas {
  readonly worseAlpha: number;
  readonly notWorseAlpha: number;
}

export function metricVerdict(state: MetricState, alphas: Alphas): MetricStatus['verdict'] {
  if (evidenceMicroNats(state.worse) >= thresholdMicroNats(alphas.worseAlpha)) return 'Worse';
  if (evidenceMicroNats(state.drift) >= thresholdMicroNats(alphas.worseAlpha)) return 'EnvironmentDrift';
  if (evidenceMicroNats(state.notWorse) >= thresholdMicroNats(alphas.notWorseAlpha)) return 'NotWorse';
  return 'Undecided';
}

export function metricStatus(state: MetricState, alphas: Alphas): MetricStatus {
  const { stable, candidate } = state;
  const interval = wilsonInterval(candidate, CONFIDENCE_DEVIATIONS);
  return {
    metric: state.metric,
    stable,
    candidate,
    ...(total(stable) > 0 && { stableBasisPoints: basisPoints(stable.good / total(stable)) }),
    ...(total(candidate) > 0 && {
      candidateBasisPoints: basisPoints(candidate.good / total(candidate)),
      candidateLowBasisPoints: basisPoints(interval.low),
      candidateHighBasisPoints: basisPoints(interval.high),
    }),
    before: state.before,
    recent: state.recent,
    worseMicroNats: evidenceMicroNats(state.worse),
    notWorseMicroNats: evidenceMicroNats(state.notWorse),
    driftMicroNats: evidenceMicroNats(state.drift),
    worse: [...state.worse],
    notWorse: [...state.notWorse],
    drift: [...state.drift],
    verdict: metricVerdict(state, alphas),
  };
}

function hasHistory(counts: Counts): boolean {
  return total(counts) >= 10;
}

function environmentOf(state: MetricState): Environment {
  return { before: state.before, recent: recentOf(state) };
}

function recentOf({ recent }: MetricState): Counts {
  return { good: recent.good / THOUSANDTHS, bad: recent.bad / THOUSANDTHS };
}

function counted({ good, bad }: Counts, isGood: boolean): Counts {
  return isGood ? { good: good + 1, bad } : { good, bad: bad + 1 };
}

function total({ good, bad }: Counts): number {
  return good + bad;
}

function basisPoints(share: number): number {
  return Math.round(share * BASIS_POINTS);
}
