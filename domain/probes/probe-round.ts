/** What a round of probes came to, as the ledger is told it. Pure. */
import { PROBE_JUDGE } from '#domain/ledger/probe-outcome.ts';
import { METRIC_OF_PURPOSE } from '#domain/ledger/rollups/period-sums.ts';
import type { RecordDraft, RecordOf } from '#domain/ledger/ledger-record.ts';
import type { CaseRun, EvaluationResult } from '#domain/evaluation/evaluation-result.ts';
import type { GoldenCase } from '#domain/evaluation/golden-set.ts';
import { classOf } from './choose-cases.ts';

const BEST_BASIS_POINTS = 10_000;
const MICROSECONDS = 1_000;

type Agent = RecordOf<'probe_round'>['agent'];
type Prompt = NonNullable<RecordOf<'probe_round'>['prompt']>;

/** What is known before the first case is asked. */
export interface PlannedRound {
  readonly id: string;
  readonly namespace: string;
  readonly agent: Agent;
  readonly round: number;
  readonly goldenSetName: string;
}

export interface AskedRound {
  readonly prompt: Prompt;
  readonly goldenSet: { readonly digest: string; readonly cases: number };
  readonly planned: number;
  readonly spentBeforeNanoUsd: number;
  readonly maximumNanoUsd: number;
  /** Undefined when nothing might be asked any more. */
  readonly result: EvaluationResult | undefined;
}

export interface FailedRound {
  readonly reason: string;
  readonly sentence: string;
}

/** `came`: what it came to, or why no case could be asked. */
export function probeRoundRecord(
  { id, namespace, agent, round, goldenSetName }: PlannedRound,
  came: AskedRound | FailedRound,
  { endedAt, durationMilliseconds }: { readonly endedAt: Date; readonly durationMilliseconds: number },
): RecordDraft {
  return {
    type: 'probe_round',
    id,
    namespace,
    agent,
    round,
    atMicroseconds: endedAt.getTime() * MICROSECONDS,
    durationMicroseconds: Math.max(0, Math.round(durationMilliseconds * MICROSECONDS)),
    ...('sentence' in came ? failed(came, goldenSetName) : asked(came, goldenSetName)),
  };
}

type Came = Pick<
  RecordOf<'probe_round'>,
  'goldenSet' | 'outcome' | 'planned' | 'passed' | 'failed' | 'errors'
> &
  Partial<RecordOf<'probe_round'>>;

function failed({ reason, sentence }: FailedRound, name: string): Came {
  const counts = { planned: 0, passed: 0, failed: 0, errors: 0, costNanoUsd: 0 };
  return { goldenSet: { name }, outcome: 'failed', reason, sentence, ...counts };
}

function asked(
  { prompt, goldenSet, planned, spentBeforeNanoUsd, maximumNanoUsd, result }: AskedRound,
  name: string,
): Came {
  const counts = countsOf(result);
  const answered = counts.passed + counts.failed + counts.errors;
  const reason = result === undefined ? 'budget_exhausted' : reasonOf(result, answered < planned);
  const cost = result === undefined ? 0 : result.chargedNanoUsd;
  return {
    prompt,
    goldenSet: { name, ...goldenSet },
    outcome: reason === undefined ? 'whole' : 'cut',
    ...(reason === undefined ? {} : { reason, sentence: sentenceOf(reason, answered, planned) }),
    planned,
    ...counts,
    ...(cost === null ? {} : { costNanoUsd: cost }),
    spentBeforeNanoUsd,
    maximumNanoUsd,
  };
}

function countsOf(result: EvaluationResult | undefined): Pick<Came, 'passed' | 'failed' | 'errors'> {
  const runs = (result?.cases ?? []).flatMap(({ candidate }) => candidate);
  const judged = runs.filter((run) => run.kind === 'judged');
  const passed = judged.filter(({ pass }) => pass).length;
  return { passed, failed: judged.length - passed, errors: runs.length - judged.length };
}

function reasonOf({ stopped }: EvaluationResult, isShort: boolean): string | undefined {
  return stopped ?? (isShort ? 'too_many_errors' : undefined);
}

const WHY_CUT: Readonly<Record<string, string>> = {
  budget_exhausted: 'what probes may cost on a day is spent',
  interrupted: 'its time was over, or its pod was ended',
  cost_unknown: 'the price of a call is not known, so that no limit could be kept',
  too_many_errors: 'no Model answered',
};

function sentenceOf(reason: string, answered: number, planned: number): string {
  return `${answered} of ${planned} cases were asked: ${WHY_CUT[reason] ?? reason}.`;
}

/** Undefined for a run without a verdict: nobody knows how the case would have gone. */
export function probeOutcomeRecord(
  { namespace, agent }: Pick<PlannedRound, 'namespace' | 'agent'>,
  scored: { readonly runId: string; readonly goldenCase: GoldenCase; readonly run: CaseRun },
  at: Date,
): RecordDraft | undefined {
  const { runId, goldenCase, run } = scored;
  if (run.kind !== 'judged') return undefined;
  const label = classOf(goldenCase);
  return {
    type: 'outcome',
    id: `${runId}.verdict`,
    namespace,
    atMicroseconds: at.getTime() * MICROSECONDS,
    run: { id: runId, purpose: 'probe' },
    agent,
    judge: PROBE_JUDGE,
    metric: METRIC_OF_PURPOSE.probe,
    verdict: run.pass ? 'good' : 'bad',
    scoreBasisPoints: Math.round(Math.min(1, Math.max(0, run.score)) * BEST_BASIS_POINTS),
    ...(label === undefined ? {} : { label }),
  };
}
