/**
 * One metric of one candidate: counts, evidence and verdict. All of its state is what stands in the status.
 *
 * Outcomes are gathered in blocks: a block ends when it has outcomes of both arms, and is then one bet. So whatever
 * happens to both arms at once is no evidence. When it ends depends on the arms alone, never on what came out.
 */
import type { JudgedMetric } from '#crds/rollout-release.ts';
import type { MetricStatus } from '#crds/rollout-progress.ts';
import {
  type Direction,
  type EProcess,
  NO_EVIDENCE,
  betAgainstEdge,
  betOnBlock,
  evidenceMicroNats,
  thresholdMicroNats,
} from './e-process.ts';
import type { JudgedRule } from './metric-rules.ts';
import {
  FEWEST_OUTCOMES,
  environmentShift,
  lowOfFleet,
  moved,
  ownReference,
  presentLow,
  presentRate,
} from './reference.ts';
import { type Counts, NOTHING, total, wilsonInterval } from './wilson-interval.ts';

/** Of the recent outcomes of stable: each one makes those before it count for so much. About 1000 stand for the present. */
const REMEMBRANCE = 1 - 1 / 1000;
const THOUSANDTHS = 1000;
const MILLIONTHS = 1_000_000;
const BASIS_POINTS = 10_000;
const CONFIDENCE_DEVIATIONS = 1.96;
/** The more of stable stand against one of the candidate, the more it proves; where few stay on stable it does not wait. */
const WANTED_STABLES = 20;
const MOST_CANDIDATES = 2;
/**
 * After so many outcomes of the candidate without one of stable, nobody is taken to stay on stable any more: the
 * candidate is compared with what stable did last.
 */
const LONGEST_WAIT = 50;

type Block = MetricStatus['block'];

const EMPTY_BLOCK: Block = {
  candidate: NOTHING,
  stable: NOTHING,
  lowMillionths: 0,
  highMillionths: 0,
  expectedMillionths: 0,
};

export type MetricState = Pick<
  MetricStatus,
  | 'metric'
  | 'stable'
  | 'candidate'
  | 'before'
  | 'recent'
  | 'recentExpected'
  | 'block'
  | 'candidatesSinceStable'
  | 'worse'
  | 'notWorse'
>;

/** Which agent it was: what it did on stable before. `undefined` where sessions are split. */
export type History = Counts | undefined;

export function beginMetric(metric: JudgedMetric, before: Counts): MetricState {
  return {
    metric,
    stable: NOTHING,
    candidate: NOTHING,
    before,
    recent: NOTHING,
    recentExpected: 0,
    block: EMPTY_BLOCK,
    candidatesSinceStable: LONGEST_WAIT,
    worse: [...NO_EVIDENCE],
    notWorse: [...NO_EVIDENCE],
  };
}

/** Outcomes on stable: one, or several of one agent. */
export function countStable(
  before: MetricState,
  rule: JudgedRule,
  counts: Counts,
  history: History,
): MetricState {
  const state = { ...before, stable: sum(before.stable, counts) };
  if (history !== undefined && total(history) < FEWEST_OUTCOMES) return state;
  const expected = history === undefined ? 0 : history.good / total(history);
  const { block } = state;
  return closed(
    {
      ...state,
      candidatesSinceStable: 0,
      block: {
        ...block,
        stable: sum(block.stable, counts),
        expectedMillionths: block.expectedMillionths + Math.round(expected * MILLIONTHS) * total(counts),
      },
    },
    rule,
    history === undefined,
  );
}

/** An outcome of the candidate. `effectiveAgents`: among how many its outcomes before were spread. */
export function countCandidate(
  before: MetricState,
  rule: JudgedRule,
  good: boolean,
  history: History,
  effectiveAgents: number,
): MetricState {
  const counts = good ? { good: 1, bad: 0 } : { good: 0, bad: 1 };
  const state = { ...before, candidate: sum(before.candidate, counts) };
  const own = history === undefined ? { low: 0, high: 0 } : ownReference(history, rule, effectiveAgents);
  const { block } = state;
  return closed(
    {
      ...state,
      candidatesSinceStable: Math.min(LONGEST_WAIT, state.candidatesSinceStable + 1),
      block: {
        ...block,
        candidate: sum(block.candidate, counts),
        lowMillionths: block.lowMillionths + Math.floor(own.low * MILLIONTHS),
        highMillionths: block.highMillionths + Math.ceil(own.high * MILLIONTHS),
      },
    },
    rule,
    history === undefined,
  );
}

export interface Alphas {
  readonly worseAlpha: number;
  readonly notWorseAlpha: number;
}

export function metricVerdict(state: MetricState, rule: JudgedRule, alphas: Alphas): MetricStatus['verdict'] {
  if (evidenceMicroNats(state.worse) >= thresholdMicroNats(alphas.worseAlpha)) return 'Worse';
  if (driftMicroNats(state, rule) >= thresholdMicroNats(alphas.worseAlpha)) return 'EnvironmentDrift';
  if (evidenceMicroNats(state.notWorse) >= thresholdMicroNats(alphas.notWorseAlpha)) return 'NotWorse';
  return 'Undecided';
}

export function metricStatus(state: MetricState, rule: JudgedRule, alphas: Alphas): MetricStatus {
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
    recentExpected: state.recentExpected,
    block: state.block,
    candidatesSinceStable: state.candidatesSinceStable,
    worseMicroNats: evidenceMicroNats(state.worse),
    notWorseMicroNats: evidenceMicroNats(state.notWorse),
    driftMicroNats: driftMicroNats(state, rule),
    worse: state.worse,
    notWorse: state.notWorse,
    verdict: metricVerdict(state, rule, alphas),
  };
}

/**
 * Evidence that stable itself is worse than before, by more than what going on would allow to the candidate. Its
 * reference is fixed, so the counts are all of its state.
 */
function driftMicroNats({ before, stable }: MetricState, rule: JudgedRule): number {
  if (total(before) < FEWEST_OUTCOMES) return 0;
  const margin = Math.max(rule.margin, rule.promotionMargin);
  return evidenceMicroNats(betAgainstEdge(NO_EVIDENCE, 'Lower', lowOfFleet(before) - margin, stable));
}

/** When it is complete, the block becomes a bet, and its outcomes of stable the present. */
function closed(state: MetricState, rule: JudgedRule, isBySession: boolean): MetricState {
  const { block } = state;
  const [candidates, stables] = [total(block.candidate), total(block.stable)];
  const isComplete =
    stables > 0
      ? candidates >= MOST_CANDIDATES || (candidates > 0 && stables >= WANTED_STABLES * candidates)
      : candidates > 0 && state.candidatesSinceStable >= LONGEST_WAIT;
  if (!isComplete) return state;
  const kept = REMEMBRANCE ** stables;
  return {
    ...state,
    block: EMPTY_BLOCK,
    recent: {
      good: Math.round(state.recent.good * kept) + block.stable.good * THOUSANDTHS,
      bad: Math.round(state.recent.bad * kept) + block.stable.bad * THOUSANDTHS,
    },
    recentExpected:
      Math.round(state.recentExpected * kept) +
      Math.round((block.expectedMillionths * THOUSANDTHS) / MILLIONTHS),
    worse: [...betOf(state, 'Lower', rule.margin, isBySession)],
    notWorse: [...betOf(state, 'Higher', rule.promotionMargin, isBySession)],
  };
}

function betOf(state: MetricState, direction: Direction, margin: number, isBySession: boolean): EProcess {
  const { block } = state;
  const process = direction === 'Lower' ? state.worse : state.notWorse;
  const own = direction === 'Lower' ? block.lowMillionths : block.highMillionths;
  const mean = own / MILLIONTHS / total(block.candidate);
  return isBySession
    ? betBySession(process, direction, margin, state)
    : betByAgent(process, direction, margin, state, mean);
}

function betBySession(
  process: EProcess,
  direction: Direction,
  margin: number,
  { block, before, recent }: MetricState,
): EProcess {
  const known = total(before) < FEWEST_OUTCOMES ? undefined : before.good / total(before);
  const seen = total(recent) / THOUSANDTHS;
  if (known === undefined && seen < FEWEST_OUTCOMES) return process;
  const environment = { recent: ofThousandths(recent), expected: known ?? recent.good / total(recent) };
  if (total(block.stable) > 0) {
    return betOnBlock(process, direction, block, presentRate(environment), -margin);
  }
  // With nobody left on stable, going on cannot be proven against it.
  return direction === 'Lower'
    ? betAgainstEdge(process, direction, presentLow(environment) - margin, block.candidate)
    : process;
}

/** `own`: mean of what the histories of the candidate's agents prove at least, or at most. */
function betByAgent(
  process: EProcess,
  direction: Direction,
  margin: number,
  { block, recent, recentExpected }: MetricState,
  own: number,
): EProcess {
  const seen = total(recent);
  const shift =
    seen === 0
      ? { low: 0, middle: 0, high: 0 }
      : environmentShift({ recent: ofThousandths(recent), expected: recentExpected / seen });
  const stables = total(block.stable);
  if (stables === 0) {
    const worst = moved(own, direction === 'Lower' ? shift.low : shift.middle);
    return betAgainstEdge(process, direction, worst - margin, block.candidate);
  }
  const expected = block.expectedMillionths / MILLIONTHS / stables;
  const differenceAt = (change: number): number => moved(own, change) - moved(expected, change);
  // Nobody is blamed for what the environment may have done; for going on what it has probably done is good enough.
  const difference =
    direction === 'Lower'
      ? Math.min(differenceAt(shift.low), differenceAt(shift.high))
      : differenceAt(shift.middle);
  return betOnBlock(process, direction, block, moved(expected, shift.middle), difference - margin);
}

function ofThousandths({ good, bad }: Counts): Counts {
  return { good: good / THOUSANDTHS, bad: bad / THOUSANDTHS };
}

function sum(left: Counts, right: Counts): Counts {
  return { good: left.good + right.good, bad: left.bad + right.bad };
}

function basisPoints(share: number): number {
  return Math.round(share * BASIS_POINTS);
}
