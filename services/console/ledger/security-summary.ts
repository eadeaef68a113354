/** Security events counted by source, by agent, by kind and by hour. */
import type { RecordOf } from '#domain/ledger/ledger-record.ts';
import type { RunEntry, SecurityAnswer, SecurityCount } from '../api/answers.ts';

export interface SecurityEntry {
  readonly record: RecordOf<'security_event'>;
  readonly entry: RunEntry;
}

const HOUR_MICROSECONDS = 3_600_000_000;
const MOST_NAMES = 50;
const MOST_EVENTS = 100;

type Summary = Pick<
  SecurityAnswer,
  'total' | 'blocked' | 'bySource' | 'byAgent' | 'byEvent' | 'hourly' | 'events'
>;

export function summarise(entries: readonly SecurityEntry[], from: number, to: number): Summary {
  const records = entries.map(({ record }) => record);
  const kinds = Map.groupBy(records, ({ event }) => event);
  return {
    ...countOf(records),
    bySource: countsBy(records, ({ subject }) => subject),
    byAgent: countsBy(records, ({ namespace, agent }) => agent && `${namespace}/${agent.name}`),
    byEvent: [...kinds]
      .map(([name, ofKind]) =>
        Object.assign(countOf(ofKind), {
          name,
          severity: ofKind.at(-1)?.severity ?? 'informational',
          owasp: [...new Set(ofKind.flatMap(({ owasp }) => owasp))],
        }),
      )
      .toSorted(mostFirst)
      .slice(0, MOST_NAMES),
    hourly: hoursOf(records, from, to),
    events: entries
      .slice(-MOST_EVENTS)
      .map(({ entry }) => entry)
      .toReversed(),
  };
}

type Events = readonly RecordOf<'security_event'>[];

function countOf(records: Events): { readonly total: number; readonly blocked: number } {
  return { total: records.length, blocked: records.filter(({ action }) => action === 'blocked').length };
}

function countsBy(
  records: Events,
  nameOf: (record: RecordOf<'security_event'>) => string | undefined,
): readonly SecurityCount[] {
  const named = records.filter((record) => nameOf(record) !== undefined);
  return [...Map.groupBy(named, (record) => nameOf(record) ?? '')]
    .map(([name, ofName]) => Object.assign(countOf(ofName), { name }))
    .toSorted(mostFirst)
    .slice(0, MOST_NAMES);
}

function hoursOf(records: Events, from: number, to: number): Summary['hourly'] {
  const hourOf = (at: number): number => Math.floor(at / HOUR_MICROSECONDS);
  const byHour = Map.groupBy(records, ({ atMicroseconds }) => hourOf(atMicroseconds));
  const [first, last] = [hourOf(from), hourOf(to)];
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const { total, blocked } = countOf(byHour.get(first + index) ?? []);
    return { atMicroseconds: (first + index) * HOUR_MICROSECONDS, total, blocked };
  });
}

function mostFirst(one: SecurityCount, other: SecurityCount): number {
  return other.total - one.total || one.name.localeCompare(other.name);
}
