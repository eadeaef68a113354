/** What is searched for in the ledger, as it stands in the address. Pure. */
import { withQuery } from '../../server/paths.ts';
import { TYPES } from './ledger-words.ts';

export interface LedgerQuery {
  readonly namespace: string;
  /** A record type; empty: all. */
  readonly type: string;
  readonly agent: string;
  readonly run: string;
  /** The last so many hours; 0: from the beginning. */
  readonly hours: number;
  readonly after: string;
}

export const HOURS = [1, 24, 168, 0] as const;

export function readLedgerQuery(values: Readonly<Record<string, string>>): LedgerQuery {
  const { namespace = '', type = '', agent = '', run = '', hours, after = '' } = values;
  return {
    namespace,
    type: Object.hasOwn(TYPES, type) ? type : '',
    agent,
    run,
    // Of one run all that there is, whenever it was.
    hours: HOURS.find((each) => String(each) === hours) ?? (run === '' ? 1 : 0),
    after: /^\d+$/.test(after) ? after : '',
  };
}

/** The time from which on records are asked for, in microseconds. */
export function fromOf(hours: number, nowMilliseconds: number): number | undefined {
  return hours === 0 ? undefined : (nowMilliseconds - hours * 3_600_000) * 1000;
}

export function exportPath({ namespace, type }: LedgerQuery, format: 'jsonl' | 'csv'): string {
  return withQuery('/v1/export', { namespace, types: type, format });
}
