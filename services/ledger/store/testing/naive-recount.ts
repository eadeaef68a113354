/** The sums of entries by the slow and obvious way: what rollups are held to. */
import type { LedgerEntry } from '#domain/ledger/ledger-entry.ts';
import type { LedgerRecord, RecordOf } from '#domain/ledger/ledger-record.ts';
import type { RunPurpose } from '#domain/ledger/record-fields.ts';
import type { CostGroup, OutcomeGroup } from '../ledger-queries.ts';

const CAP = BigInt(Number.MAX_SAFE_INTEGER);

export interface RecountScope {
  readonly namespaces?: readonly string[];
  readonly fromMicroseconds?: number;
  readonly toMicroseconds?: number;
}

const HOUR = 3_600_000_000;

function isInScope(
  { record }: LedgerEntry,
  { namespaces, fromMicroseconds, toMicroseconds }: RecountScope,
): boolean {
  const hour = Math.floor(record.atMicroseconds / HOUR);
  return (
    (namespaces === undefined || namespaces.includes(record.namespace)) &&
    (fromMicroseconds === undefined || hour >= Math.floor(fromMicroseconds / HOUR)) &&
    (toMicroseconds === undefined || hour < Math.ceil(toMicroseconds / HOUR))
  );
}

function nameOfTime(name: string, { record }: LedgerEntry): string | undefined {
  const time = new Date(record.atMicroseconds / 1000).toISOString();
  if (name === 'hour') return time.slice(0, 13);
  return name === 'day' ? time.slice(0, 10) : undefined;
}

function totals(rows: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, bigint> = {};
  for (const row of rows) {
    for (const [name, value] of Object.entries(row)) sums[name] = (sums[name] ?? 0n) + BigInt(value);
  }
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, Number(sum > CAP ? CAP : sum)]));
}

function grouped(
  parts: readonly {
    readonly group: Readonly<Record<string, string | undefined>>;
    readonly sums: Readonly<Record<string, number>>;
  }[],
): readonly object[] {
  const groups = Map.groupBy(parts, ({ group }) => JSON.stringify(group));
  return [...groups].map(([name, ofGroup]) =>
    Object.assign({ group: JSON.parse(name) as object }, totals(ofGroup.map(({ sums }) => sums))),
  );
}

export function recountCosts(
  entries: readonly LedgerEntry[],
  by: readonly CostGroup[],
  scope: RecountScope = {},
): readonly object[] {
  const parts = entries
    .filter((entry) => entry.trust === 'witnessed' && isInScope(entry, scope))
    .flatMap((entry) => {
      const { record } = entry;
      if (record.type !== 'model_attempt') return [];
      const all: Readonly<Record<CostGroup, string | undefined>> = {
        namespace: record.namespace,
        agent: record.agent.name,
        model: record.model,
        promptDigest: record.prompt?.digest,
        hour: nameOfTime('hour', entry),
        day: nameOfTime('day', entry),
      };
      return [{ group: Object.fromEntries(by.map((name) => [name, all[name]])), sums: costSums(record) }];
    });
  return grouped(parts);
}

function costSums({ outcome, tokens, costNanoUsd }: RecordOf<'model_attempt'>): Record<string, number> {
  return {
    attempts: 1,
    failedAttempts: outcome === 'answered' ? 0 : 1,
    inputTokens: tokens?.input ?? 0,
    cachedInputTokens: tokens?.cachedInput ?? 0,
    cacheWriteTokens: tokens?.cacheWrite ?? 0,
    outputTokens: tokens?.output ?? 0,
    costNanoUsd: costNanoUsd ?? 0,
    attemptsOfUnknownCost: costNanoUsd === undefined ? 1 : 0,
  };
}

/** Of runs whose run_begun came first and said agent and prompt, as entries of these tests do. */
export function recountOutcomes(
  entries: readonly LedgerEntry[],
  by: readonly OutcomeGroup[],
  scope: RecountScope = {},
): readonly object[] {
  const begun = new Map<string, RecordOf<'run_begun'>>();
  const ended = new Set<string>();
  const parts = entries.flatMap((entry) => {
    const { record } = entry;
    if (!('run' in record) || record.run === undefined) return [];
    const name = `${record.namespace} ${record.run.id}`;
    if (record.type === 'run_begun') begun.set(name, record);
    const isAgain = ended.has(name);
    if (record.type === 'run_ended') ended.add(name);
    if (!isInScope(entry, scope) || (record.type === 'run_ended' && isAgain)) return [];
    const run = begun.get(name);
    const purpose = record.run.purpose ?? run?.run.purpose;
    const sums = outcomeSums(entry, purpose);
    const metric = metricOf(record, purpose);
    // Only whoever asks by metric is told of what is not production.
    if (sums === undefined || (metric === 'probe_passed' && !by.includes('metric'))) return [];
    const all: Readonly<Record<OutcomeGroup, string | undefined>> = {
      namespace: record.namespace,
      ...whose(record, run),
      metric,
      hour: nameOfTime('hour', entry),
      day: nameOfTime('day', entry),
    };
    return [{ group: Object.fromEntries(by.map((each) => [each, all[each]])), sums }];
  });
  return grouped(parts);
}

/** An attempt says itself whose it is, and the router may know less of the prompt than the run. */
function whose(
  record: LedgerRecord,
  run: RecordOf<'run_begun'> | undefined,
): Record<'agent' | 'promptDigest' | 'arm', string | undefined> {
  const own = record.type === 'model_attempt' ? record : undefined;
  const { digest, arm } = { ...run?.prompt, ...own?.prompt };
  return { agent: (own ?? run)?.agent.name, promptDigest: digest, arm };
}

function metricOf(record: LedgerRecord, purpose: RunPurpose | undefined): string | undefined {
  return 'metric' in record ? record.metric : purpose && 'probe_passed';
}

function outcomeSums(
  { record, trust }: LedgerEntry,
  purpose: RunPurpose | undefined,
): Record<string, number> | undefined {
  const none = { succeeded: 0, stopped: 0, failed: 0, good: 0, bad: 0, neutral: 0 };
  if (record.type === 'model_attempt') {
    const isProbe = record.run?.purpose === 'probe' && trust === 'witnessed';
    return isProbe && record.costNanoUsd !== undefined
      ? { ...none, durationMicroseconds: 0, costNanoUsd: record.costNanoUsd }
      : undefined;
  }
  if (record.type === 'feedback' || record.type === 'outcome') {
    if ((record.metric === 'probe_passed') !== (purpose === 'probe')) return undefined;
    return { ...none, [record.verdict]: 1, durationMicroseconds: 0, costNanoUsd: 0 };
  }
  if (record.type !== 'run_ended') return undefined;
  return {
    ...none,
    [record.status]: 1,
    durationMicroseconds: record.durationMicroseconds,
    costNanoUsd: trust === 'witnessed' && purpose === undefined ? (record.costNanoUsd ?? 0) : 0,
  };
}
