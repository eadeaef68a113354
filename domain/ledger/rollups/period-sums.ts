/**
 * What a batch adds to the sums by hour: costs from witnessed attempts, outcomes from ends of runs and from verdicts. Both
 * stores add what is said here to the hour and to the day, and read the sums by the same names.
 */
import type { LedgerEntry } from '#domain/ledger/ledger-entry.ts';
import type { RecordOf } from '#domain/ledger/ledger-record.ts';
import type { RunPurpose } from '#domain/ledger/record-fields.ts';
import type { RunRow } from './run-row.ts';
import { boundedSum } from './bounded-sum.ts';

export const HOUR_SECONDS = 3_600;
export const DAY_SECONDS = 86_400;

/** What is not known is an empty string: a key has no holes. */
export interface CostKey {
  readonly namespace: string;
  readonly agent: string;
  readonly model: string;
  readonly promptDigest: string;
}

export const COST_SUMS = [
  'attempts',
  'failedAttempts',
  'inputTokens',
  'cachedInputTokens',
  'cacheWriteTokens',
  'outputTokens',
  'costNanoUsd',
  'attemptsOfUnknownCost',
] as const;
export type CostSums = Readonly<Record<(typeof COST_SUMS)[number], number>>;

export interface OutcomeKey {
  readonly namespace: string;
  readonly agent: string;
  readonly promptDigest: string;
  readonly arm: string;
  /** Empty for ends of runs of production. */
  readonly metric: string;
}

/**
 * Runs for another purpose than production have a metric of their own, in which all of them is summed up: their ends, their
 * verdicts of that metric, and what the router charged for them, to the last attempt of one that never ended.
 */
export const METRIC_OF_PURPOSE: Readonly<Record<RunPurpose, string>> = {
  probe: 'probe_passed',
  evaluation: 'evaluation_passed',
};
/** Metrics that say nothing of production: left out where nobody asks for metrics one by one. */
export const METRICS_OUTSIDE_PRODUCTION: readonly string[] = Object.values(METRIC_OF_PURPOSE);

export const OUTCOME_SUMS = [
  'succeeded',
  'stopped',
  'failed',
  'good',
  'bad',
  'neutral',
  'durationMicroseconds',
  'costNanoUsd',
] as const;
export type OutcomeSums = Readonly<Record<(typeof OUTCOME_SUMS)[number], number>>;

/** Sums of one hour under one key. */
export interface HourSums<Key, Sums> {
  /** Seconds since 1970. */
  readonly hour: number;
  readonly key: Key;
  readonly sums: Sums;
}

export type HourlyCosts = HourSums<CostKey, CostSums>;
export type HourlyOutcomes = HourSums<OutcomeKey, OutcomeSums>;

const NO_TOKENS = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0 };

export function costsOf({ record, trust }: LedgerEntry): HourlyCosts | undefined {
  if (record.type !== 'model_attempt' || trust !== 'witnessed') return undefined;
  const { namespace, agent, model, prompt, outcome, tokens = NO_TOKENS, costNanoUsd } = record;
  return {
    hour: periodOf(record.atMicroseconds, HOUR_SECONDS),
    key: { namespace, agent: agent.name, model, promptDigest: prompt?.digest ?? '' },
    sums: {
      attempts: 1,
      failedAttempts: outcome === 'answered' ? 0 : 1,
      inputTokens: tokens.input,
      cachedInputTokens: tokens.cachedInput,
      cacheWriteTokens: tokens.cacheWrite,
      outputTokens: tokens.output,
      costNanoUsd: costNanoUsd ?? 0,
      attemptsOfUnknownCost: costNanoUsd === undefined ? 1 : 0,
    },
  };
}

const NO_OUTCOMES: OutcomeSums = {
  succeeded: 0,
  stopped: 0,
  failed: 0,
  good: 0,
  bad: 0,
  neutral: 0,
  durationMicroseconds: 0,
  costNanoUsd: 0,
};

/**
 * `run`: its row with this entry in it, which knows the prompt where the record does not. Only the first end of a run
 * counts: `isFirstEnd`.
 */
export function outcomesOf(entry: LedgerEntry, run: RunRow, isFirstEnd: boolean): HourlyOutcomes | undefined {
  const { record, trust } = entry;
  const metric = run.purpose && METRIC_OF_PURPOSE[run.purpose];
  if (record.type === 'run_ended' && isFirstEnd) {
    return hourlyOutcomes(record, run, metric ?? '', {
      [record.status]: 1,
      durationMicroseconds: record.durationMicroseconds,
      costNanoUsd: trust === 'witnessed' && metric === undefined ? (record.costNanoUsd ?? 0) : 0,
    });
  }
  if (record.type === 'outcome' || record.type === 'feedback') {
    const isOfPurpose = METRICS_OUTSIDE_PRODUCTION.includes(record.metric) || metric !== undefined;
    if (isOfPurpose && record.metric !== metric) return undefined;
    return hourlyOutcomes(record, run, record.metric, { [record.verdict]: 1 });
  }
  return record.type === 'model_attempt' ? costOfPurpose(entry, record, run) : undefined;
}

/** By the purpose that the attempt itself tells: its run may not be known yet. */
function costOfPurpose(
  { trust }: LedgerEntry,
  record: RecordOf<'model_attempt'>,
  run: RunRow,
): HourlyOutcomes | undefined {
  const purpose = record.run?.purpose;
  if (purpose === undefined || trust !== 'witnessed' || record.costNanoUsd === undefined) return undefined;
  return hourlyOutcomes(record, run, METRIC_OF_PURPOSE[purpose], { costNanoUsd: record.costNanoUsd });
}

function hourlyOutcomes(
  record: RecordOf<'run_ended' | 'outcome' | 'feedback' | 'model_attempt'>,
  run: RunRow,
  metric: string,
  sums: Partial<OutcomeSums>,
): HourlyOutcomes {
  const prompt = 'prompt' in record ? record.prompt : undefined;
  return {
    hour: periodOf(record.atMicroseconds, HOUR_SECONDS),
    key: {
      namespace: record.namespace,
      agent: record.agent?.name ?? run.agent,
      promptDigest: prompt?.digest ?? run.promptDigest ?? '',
      arm: prompt?.arm ?? run.arm ?? '',
      metric,
    },
    sums: { ...NO_OUTCOMES, ...sums },
  };
}

/** Adds up what has the same hour and key. */
export function addUp<Key extends object, Sums extends Readonly<Record<string, number>>>(
  additions: readonly HourSums<Key, Sums>[],
): readonly HourSums<Key, Sums>[] {
  const totals = new Map<string, HourSums<Key, Sums>>();
  for (const addition of additions) {
    const name = JSON.stringify([addition.hour, ...Object.values(addition.key)]);
    const total = totals.get(name);
    if (total === undefined) totals.set(name, addition);
    else totals.set(name, { ...total, sums: sumsOf(total.sums, addition.sums) });
  }
  return [...totals.values()];
}

function sumsOf<Sums extends Readonly<Record<string, number>>>(one: Sums, other: Sums): Sums {
  return Object.fromEntries(
    Object.entries(one).map(([name, value]) => [name, boundedSum(value, other[name] ?? 0)]),
  ) as Sums;
}

/** Beginning of the hour or day, in seconds since 1970. */
export function periodOf(atMicroseconds: number, periodSeconds: number): number {
  return Math.floor(atMicroseconds / 1_000_000 / periodSeconds) * periodSeconds;
}

/** `2026-11-25T14` or `2026-11-25`, in UTC. */
export function periodName(beginsAtSeconds: number, periodSeconds: number): string {
  return new Date(beginsAtSeconds * 1000).toISOString().slice(0, periodSeconds === DAY_SECONDS ? 10 : 13);
}
