/** How the Models of some namespaces answered in the last hour, counted from the attempts in the ledger. */
import { RecordsAnswer, PositionAnswer } from '#adapters/ledger-reader/ledger-answers.ts';
import { LedgerReadError, type LedgerReader } from '#adapters/ledger-reader/ledger-reader.ts';
import { RecentEntries } from '#adapters/kubernetes/recent-entries.ts';
import type { UserInfo } from '#adapters/kubernetes/token-reviewer.ts';
import type { RecordOf } from '#domain/ledger/ledger-record.ts';
import { RefusedError } from '../refused-error.ts';
import type { PeopleLedger } from './people-ledger.ts';

const HOUR_MICROSECONDS = 3_600_000_000;
const PAGE_ENTRIES = 1_000;
const MOST_PAGES = 10;
const MOST_NAMESPACES = 32;
/** A page that is open asks again and again. */
const KEPT_MILLISECONDS = 15_000;
const MOST_KEPT = 500;
const MOST_SERVED = 16;

export interface ModelStatistics {
  readonly served: readonly string[];
  /** Null: not known, or more than can be counted here. */
  readonly attempts: number | null;
  readonly failedAttempts: number | null;
  readonly medianMicroseconds: number | null;
  readonly p95Microseconds: number | null;
}

export interface StatisticsOfModels {
  /** By `namespace/name`. The person may see runs in these namespaces. What the ledger does not answer is left out. */
  readonly of: (
    user: UserInfo,
    namespaces: readonly string[],
  ) => Promise<ReadonlyMap<string, ModelStatistics>>;
}

export function createStatisticsOfModels({
  ledger,
  nowMicroseconds,
  nowMilliseconds,
}: {
  readonly ledger: Pick<PeopleLedger, 'of'>;
  readonly nowMicroseconds: () => number;
  readonly nowMilliseconds: () => number;
}): StatisticsOfModels {
  type Kept = { readonly found: Promise<ReadonlyMap<string, ModelStatistics>>; readonly at: number };
  const kept = new RecentEntries<Kept>(MOST_KEPT);

  const find = async (user: UserInfo, namespace: string): Promise<ReadonlyMap<string, ModelStatistics>> => {
    const reader = ledger.of(user);
    const { attempts, isWhole } = await attemptsSince(
      reader,
      namespace,
      nowMicroseconds() - HOUR_MICROSECONDS,
    );
    const byModel = Map.groupBy(attempts, ({ model }) => `${namespace}/${model}`);
    return new Map([...byModel].map(([key, ofModel]) => [key, statisticsOf(ofModel, isWhole)]));
  };

  const ofNamespace = async (
    user: UserInfo,
    namespace: string,
  ): Promise<ReadonlyMap<string, ModelStatistics>> => {
    // By whom it may be seen was asked; what it is depends on nobody.
    const known = kept.get(namespace);
    if (known !== undefined && nowMilliseconds() - known.at < KEPT_MILLISECONDS) return await known.found;
    const found = find(user, namespace);
    kept.set(namespace, { found, at: nowMilliseconds() });
    found.catch(() => kept.delete(namespace));
    return await found;
  };

  return {
    of: async (user, namespaces) => {
      const found = await Promise.all(
        namespaces.slice(0, MOST_NAMESPACES).map(async (namespace) => {
          try {
            return await ofNamespace(user, namespace);
          } catch (error) {
            if (error instanceof LedgerReadError || error instanceof RefusedError)
              return new Map<string, ModelStatistics>();
            throw error;
          }
        }),
      );
      const all = new Map<string, ModelStatistics>();
      for (const ofNamespace of found) for (const [key, statistics] of ofNamespace) all.set(key, statistics);
      return all;
    },
  };
}

async function attemptsSince(
  reader: LedgerReader,
  namespace: string,
  before: number,
): Promise<{ readonly attempts: readonly RecordOf<'model_attempt'>[]; readonly isWhole: boolean }> {
  const attempts: RecordOf<'model_attempt'>[] = [];
  let { position: after } = await reader.json(
    '/v1/positions',
    { namespace, before: Math.round(before) },
    PositionAnswer,
  );
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const query = { namespace, types: 'model_attempt', after, limit: PAGE_ENTRIES };
    const page = await reader.json('/v1/records', query, RecordsAnswer);
    for (const { entry } of page.entries)
      if (entry.record.type === 'model_attempt') attempts.push(entry.record);
    if (page.isEnd || page.position <= after) return { attempts, isWhole: true };
    after = page.position;
  }
  return { attempts, isWhole: false };
}

function statisticsOf(attempts: readonly RecordOf<'model_attempt'>[], isWhole: boolean): ModelStatistics {
  const good = attempts.filter(({ failureCode }) => failureCode === undefined);
  const durations = good
    .map(({ durationMicroseconds }) => durationMicroseconds)
    .toSorted((one, other) => one - other);
  const at = (share: number): number | null =>
    durations[Math.min(durations.length - 1, Math.floor(share * durations.length))] ?? null;
  const served = new Set(good.flatMap(({ modelServed }) => modelServed ?? []));
  return {
    served: [...served].toSorted().slice(0, MOST_SERVED),
    attempts: isWhole ? attempts.length : null,
    failedAttempts: isWhole ? attempts.length - good.length : null,
    medianMicroseconds: at(0.5),
    p95Microseconds: at(0.95),
  };
}
