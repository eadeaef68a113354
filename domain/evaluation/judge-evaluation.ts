/**
 * The verdict on an evaluation, by figures alone. Passed takes all of: the Wilson lower bound of the candidate's share
 * reaches the floor; McNemar's exact test does not find it worse than stable; no critical case is lost; answers have their
 * form; cost and p95 latency are not proven to be over their budgets. Too many errors make it Inconclusive, whatever the rest.
 */
import { wilsonInterval } from '#domain/judging/wilson-interval.ts';
import type { ArmName, CaseResult, CaseRun, EvaluationResult, JudgeSummary } from './evaluation-result.ts';
import type { ArmFigures, GateVerdict, JudgeFigures, Verdict, VerdictReason } from './gate-verdict.ts';
import { describeVerdict } from './describe-verdict.ts';
import { SIGNIFICANCE, detectableDrop, mcNemarP } from './statistics/mcnemar.ts';
import { type RatioBounds, bootstrapRatio, p95, sumOf } from './statistics/paired-bootstrap.ts';

const NORMAL_95_PERCENT = 1.959963984540054;
const BASIS_POINTS = 10_000;

export interface GateRules {
  readonly floorBasisPoints: number;
  readonly schemaValidBasisPoints: number;
  readonly maximumErrorBasisPoints: number;
  /** How much dearer, and slower, than stable the candidate may be; 2500 is a quarter more. */
  readonly costIncreaseBasisPoints: number;
  readonly latencyIncreaseBasisPoints: number;
}

export const DEFAULT_GATE_RULES: GateRules = {
  floorBasisPoints: 8_000,
  schemaValidBasisPoints: BASIS_POINTS,
  maximumErrorBasisPoints: 200,
  costIncreaseBasisPoints: 2_500,
  latencyIncreaseBasisPoints: 5_000,
};

export type CaseState = 'pass' | 'fail' | 'error';

/** Of the runs that could be judged, more than half passed; an error when more than half could not be judged. */
export function majorityOf(runs: readonly CaseRun[], repeats: number): CaseState {
  const judged = runs.filter((run) => run.kind === 'judged');
  if (judged.length * 2 < repeats || judged.length === 0) return 'error';
  return judged.filter(({ pass }) => pass).length * 2 > judged.length ? 'pass' : 'fail';
}

export interface JudgedCase extends CaseResult {
  readonly candidateState: CaseState;
  readonly stableState: CaseState | undefined;
}

export interface Judgement {
  readonly verdict: GateVerdict;
  readonly cases: readonly JudgedCase[];
  readonly cost: RatioBounds | null;
  readonly latency: RatioBounds | null;
  readonly rules: GateRules;
  /** Who graded, where an assertion asks a model. */
  readonly judge: JudgeSummary | undefined;
}

export function judgeEvaluation(result: EvaluationResult, rules: GateRules): Judgement {
  const hasStable = result.stable !== undefined;
  const cases = result.cases.map((each): JudgedCase => ({
    ...each,
    candidateState: majorityOf(each.candidate, result.repeats),
    stableState: hasStable ? majorityOf(each.stable, result.repeats) : undefined,
  }));
  const worse = cases.filter((each) => each.stableState === 'pass' && each.candidateState === 'fail');
  const better = cases.filter((each) => each.stableState === 'fail' && each.candidateState === 'pass');
  const lost = cases.filter(
    (each) => each.critical && each.candidateState === 'fail' && (!hasStable || each.stableState === 'pass'),
  );
  const judged = cases.filter(({ candidateState }) => candidateState !== 'error').length;
  const passed = cases.filter(({ candidateState }) => candidateState === 'pass').length;
  const lowerBound = wilsonInterval({ good: passed, bad: judged - passed }, NORMAL_95_PERCENT).low;
  const pairs = cases.filter(
    (each) => each.candidateState !== 'error' && each.stableState !== 'error',
  ).length;
  const drop = hasStable ? detectableDrop(pairs, better.length) : null;
  const cost = ratioOf(result, 'cost');
  const latency = ratioOf(result, 'latency');
  const figures: Omit<GateVerdict, 'verdict' | 'reasons' | 'message'> = {
    schemaVersion: 1,
    goldenSet: result.goldenSet,
    repeats: result.repeats,
    candidate: figuresOf(result, 'candidate', cases),
    stable: hasStable ? figuresOf(result, 'stable', cases) : null,
    // Cut, never rounded up: what does not reach the floor must not look as if it did.
    lowerBoundBasisPoints: Math.floor(lowerBound * BASIS_POINTS),
    floorBasisPoints: rules.floorBasisPoints,
    mcNemarP: hasStable ? mcNemarP(worse.length, better.length) : null,
    detectableDropBasisPoints: drop === null ? null : Math.round(drop * BASIS_POINTS),
    worse: named(worse),
    better: named(better),
    criticalRegressions: named(lost),
    judge: figuresOfJudge(result.judge),
    costNanoUsd: result.chargedNanoUsd,
  };
  const failures: readonly (VerdictReason | false)[] = [
    lost.length > 0 && 'critical_regression',
    figures.mcNemarP !== null && figures.mcNemarP < SIGNIFICANCE && 'worse_than_stable',
    lowerBound * BASIS_POINTS < rules.floorBasisPoints && 'below_floor',
    (figures.candidate?.schemaValidBasisPoints ?? 0) < rules.schemaValidBasisPoints && 'schema_invalid',
    losesForm(cases, hasStable, rules) && 'first_answers_invalid',
    isOver(cost, rules.costIncreaseBasisPoints) && 'cost_over_budget',
    isOver(latency, rules.latencyIncreaseBasisPoints) && 'latency_over_budget',
  ];
  const { verdict, reasons } = conclude(
    result,
    rules,
    failures.filter((reason) => reason !== false),
  );
  return {
    verdict: {
      ...figures,
      verdict,
      reasons,
      message: describeVerdict({ ...figures, verdict, reasons }, commonestError(result)),
    },
    cases,
    cost,
    latency,
    rules,
    judge: result.judge,
  };
}

/**
 * Whether fewer cases than of stable have the form at the first try, by the majority of their runs; where nothing is
 * stable, fewer than the floor. What is repaired is an answer all the same, but costs its time and its tokens.
 */
function losesForm(cases: readonly JudgedCase[], hasStable: boolean, rules: GateRules): boolean {
  const isFine = (runs: readonly CaseRun[]): boolean | undefined => {
    const judged = judgedRuns(runs);
    return judged.length === 0 ? undefined : judged.filter(fitsAtFirst).length * 2 > judged.length;
  };
  const pairs = cases.map((each) => ({ candidate: isFine(each.candidate), stable: isFine(each.stable) }));
  const good = pairs.filter(({ candidate }) => candidate === true).length;
  const bad = pairs.filter(({ candidate }) => candidate === false).length;
  const surely = wilsonInterval({ good, bad }, NORMAL_95_PERCENT).low;
  if (!hasStable) return surely * BASIS_POINTS < rules.floorBasisPoints;
  const worse = pairs.filter(({ candidate, stable }) => candidate === false && stable === true).length;
  const better = pairs.filter(({ candidate, stable }) => candidate === true && stable === false).length;
  return mcNemarP(worse, better) < SIGNIFICANCE;
}

function fitsAtFirst({ fitsSchema, repairs }: JudgedRun): boolean {
  return fitsSchema && repairs === 0;
}

/** Why most of the runs that could not be judged could not; undefined when all could. */
function commonestError(result: EvaluationResult): string | undefined {
  const times = new Map<string, number>();
  for (const run of result.cases.flatMap(({ candidate, stable }) => [...candidate, ...stable])) {
    if (run.kind === 'error') times.set(run.reason, (times.get(run.reason) ?? 0) + 1);
  }
  return [...times].toSorted(([, one], [, other]) => other - one)[0]?.[0];
}

function figuresOfJudge(judge: JudgeSummary | undefined): JudgeFigures | null {
  if (judge === undefined) return null;
  const { model, served, votes, graded, agreement, ownAnswers, chargedNanoUsd } = judge;
  return {
    model,
    served: [...served],
    votes,
    graded,
    agreementBasisPoints: agreement === null ? null : Math.floor(agreement * BASIS_POINTS),
    ownAnswers,
    costNanoUsd: chargedNanoUsd,
  };
}

/** An error says that nothing can be known, inconclusive that not enough is. */
function conclude(
  result: EvaluationResult,
  rules: GateRules,
  failures: readonly VerdictReason[],
): { readonly verdict: Verdict; readonly reasons: [VerdictReason, ...VerdictReason[]] } {
  if (result.stopped === 'cost_unknown') return { verdict: 'Error', reasons: ['cost_unknown'] };
  const arms: readonly ArmName[] = result.stable === undefined ? ['candidate'] : ['candidate', 'stable'];
  const runs = arms.map((arm) => result.cases.flatMap((each) => each[arm]));
  if (result.stopped !== undefined) return { verdict: 'Inconclusive', reasons: [result.stopped] };
  if (runs.some((each) => each.every(({ kind }) => kind === 'error'))) {
    return { verdict: 'Error', reasons: ['model_unusable'] };
  }
  const hasTooManyErrors = runs.some(
    (each) =>
      each.filter(({ kind }) => kind === 'error').length * BASIS_POINTS >
      each.length * rules.maximumErrorBasisPoints,
  );
  if (hasTooManyErrors) return { verdict: 'Inconclusive', reasons: ['too_many_errors'] };
  const [first, ...others] = failures;
  return first === undefined
    ? { verdict: 'Passed', reasons: ['passed'] }
    : { verdict: 'Failed', reasons: [first, ...others] };
}

/** Over the budget even at the lower bound: an overrun must be proven. */
function isOver(bounds: RatioBounds | null, increaseBasisPoints: number): boolean {
  return bounds !== null && bounds.low > 1 + increaseBasisPoints / BASIS_POINTS;
}

type JudgedRun = Extract<CaseRun, { kind: 'judged' }>;

function judgedRuns(runs: readonly CaseRun[]): readonly JudgedRun[] {
  return runs.filter((run) => run.kind === 'judged');
}

function ratioOf(result: EvaluationResult, figure: 'cost' | 'latency'): RatioBounds | null {
  const meanOf = (runs: readonly CaseRun[]): number | null => {
    const values = judgedRuns(runs).map((run) =>
      figure === 'cost' ? run.costNanoUsd : run.latencyMilliseconds,
    );
    return values.length === 0 || values.includes(null)
      ? null
      : values.reduce<number>((sum, value) => sum + (value ?? 0), 0) / values.length;
  };
  const pairs = result.cases.flatMap((each) => {
    const candidate = meanOf(each.candidate);
    const stable = meanOf(each.stable);
    return candidate === null || stable === null ? [] : [{ candidate, stable }];
  });
  return bootstrapRatio(pairs, figure === 'cost' ? sumOf : p95, `${result.goldenSet.digest} ${figure}`);
}

function figuresOf(result: EvaluationResult, arm: ArmName, cases: readonly JudgedCase[]): ArmFigures {
  const states = cases.map((each) => (arm === 'candidate' ? each.candidateState : each.stableState));
  const runs = judgedRuns(result.cases.flatMap((each) => each[arm]));
  const passed = states.filter((state) => state === 'pass').length;
  const errors = states.filter((state) => state === 'error').length;
  const costs = runs.map(({ costNanoUsd }) => costNanoUsd);
  return {
    digest: (arm === 'candidate' ? result.candidate : (result.stable ?? result.candidate)).digest,
    passed,
    errors,
    passedBasisPoints: share(passed, states.length - errors),
    schemaValidBasisPoints: share(runs.filter(({ fitsSchema }) => fitsSchema).length, runs.length),
    firstSchemaValidBasisPoints: share(runs.filter(fitsAtFirst).length, runs.length),
    costNanoUsd: costs.includes(null) ? null : costs.reduce<number>((sum, cost) => sum + (cost ?? 0), 0),
    p95LatencyMilliseconds: Math.round(p95(runs.map(({ latencyMilliseconds }) => latencyMilliseconds))),
  };
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.floor((part / whole) * BASIS_POINTS);
}

function named(cases: readonly CaseResult[]): GateVerdict['worse'] {
  return { names: cases.map(({ id }) => id), more: 0 };
}

/** Of an evaluation that could not be begun. */
export function errorVerdict(reason: VerdictReason, message: string): GateVerdict {
  const none = { names: [], more: 0 };
  return {
    schemaVersion: 1,
    verdict: 'Error',
    reasons: [reason],
    message: message.slice(0, 1_000),
    goldenSet: null,
    repeats: 0,
    candidate: null,
    stable: null,
    lowerBoundBasisPoints: null,
    floorBasisPoints: null,
    mcNemarP: null,
    detectableDropBasisPoints: null,
    worse: none,
    better: none,
    criticalRegressions: none,
    judge: null,
    costNanoUsd: 0,
  };
}
