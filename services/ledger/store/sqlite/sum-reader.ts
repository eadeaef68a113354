/** Reads sums, grouped as asked. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { CostQuery, CostRow, OutcomeQuery, OutcomeRow } from '../ledger-queries.ts';
import { SUM_MAXIMUM } from '#domain/ledger/rollups/bounded-sum.ts';
import {
  COST_SUMS,
  DAY_SECONDS,
  HOUR_SECONDS,
  OUTCOME_SUMS,
  periodName,
} from '#domain/ledger/rollups/period-sums.ts';
import { omittedMetrics, rangesOf } from '../rollups/sum-query.ts';
import type { PeriodRange } from '../rollups/sum-query.ts';
import { COST_TABLE, COST_TOTALS_TABLE, OUTCOME_TABLE } from './sum-tables.ts';
import type { SumTable } from './sum-tables.ts';

type Row = Readonly<Record<string, unknown>>;

const DEAREST_FIRST = ['"costNanoUsd" DESC'];

/** Of hours that are read at once. */
const WINDOW_SECONDS = 7 * DAY_SECONDS;

interface Filters {
  readonly filters: readonly string[];
  readonly values: readonly SQLInputValue[];
}

interface SumQuery {
  readonly namespaces: readonly string[] | undefined;
  readonly fromMicroseconds?: number;
  readonly toMicroseconds?: number;
  readonly by: readonly string[];
  readonly limit: number;
}

export class SumReader {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  readonly costs = (query: CostQuery): readonly CostRow[] => {
    const { agent, model } = query;
    const isTotal =
      agent === undefined && !query.by.some((name) => name === 'agent' || name === 'promptDigest');
    const table = isTotal ? COST_TOTALS_TABLE : COST_TABLE;
    const rows = this.#read(table, query, { agent, model }, DEAREST_FIRST);
    return rows.map((row) => Object.assign({ group: groupOf(row, query.by) }, pick(row, COST_SUMS)));
  };

  readonly outcomes = (query: OutcomeQuery): readonly OutcomeRow[] => {
    const { agent, promptDigest } = query;
    const rows = this.#read(OUTCOME_TABLE, query, { agent, promptDigest }, [], omittedMetrics(query));
    return rows.map((row) => Object.assign({ group: groupOf(row, query.by) }, pick(row, OUTCOME_SUMS)));
  };

  #read(
    sumTable: SumTable,
    query: SumQuery,
    equals: Readonly<Record<string, string | undefined>>,
    orderOfSums: readonly string[],
    withoutMetrics: readonly string[] = [],
  ): readonly Row[] {
    const values: SQLInputValue[] = [];
    const filters: string[] = [];
    if (query.namespaces !== undefined) {
      filters.push('AND namespace IN (SELECT value FROM json_each(?))');
      values.push(JSON.stringify(query.namespaces));
    }
    for (const [name, value] of Object.entries(equals)) {
      if (value === undefined) continue;
      filters.push(`AND ${sumTable.keys[name]} = ?`);
      values.push(value);
    }
    if (withoutMetrics.length > 0) {
      filters.push('AND metric NOT IN (SELECT value FROM json_each(?))');
      values.push(JSON.stringify(withoutMetrics));
    }
    const ask = (ranges: readonly PeriodRange[], limit: number): readonly Row[] =>
      this.#readRanges(sumTable, query.by, orderOfSums, ranges, { filters, values }, limit);
    const ranges = rangesOf(query, query.by.includes('hour'));
    if (!query.by.includes('hour')) return ask(ranges, query.limit);
    // In the order of time, so what comes first is known without what comes later.
    const rows: Row[] = [];
    for (const window of this.#windows(sumTable.table, ranges)) {
      rows.push(...ask([window], query.limit - rows.length));
      if (rows.length >= query.limit) break;
    }
    return rows;
  }

  /** Parts of the time asked for, in its order, without long times in which there is nothing. */
  *#windows(table: string, ranges: readonly PeriodRange[]): Generator<PeriodRange> {
    const next = this.#database.prepare(
      `SELECT min(begins_at) AS begins FROM ${table} WHERE period = ? AND begins_at >= ?`,
    );
    for (const { periodSeconds, from, to } of ranges) {
      for (let start = from; ; start += WINDOW_SECONDS) {
        const { begins } = next.get(periodSeconds, start) as { begins: number | null };
        if (begins === null || begins >= to) break;
        start = begins;
        yield { periodSeconds, from: start, to: Math.min(to, start + WINDOW_SECONDS) };
      }
    }
  }

  #readRanges(
    { table, keys, sums }: SumTable,
    by: readonly string[],
    orderOfSums: readonly string[],
    ranges: readonly PeriodRange[],
    { filters, values }: Filters,
    limit: number,
  ): readonly Row[] {
    if (ranges.length === 0) return [];
    const parts = ranges.map(
      ({ periodSeconds, from, to }) =>
        `SELECT * FROM ${table}
         WHERE period = ${periodSeconds} AND begins_at >= ${from} AND begins_at < ${to} ${filters.join(' ')}`,
    );
    const groups = by.map((name) => `${groupExpression(name, keys)} AS "${name}"`);
    const totals = Object.entries(sums).map(([name, column]) => `${boundedTotal(column)} AS "${name}"`);
    const times = by.filter(isTime).map((name) => `"${name}"`);
    const others = by.filter((name) => !isTime(name)).map((name) => `"${name}"`);
    const order = [...times, ...orderOfSums, ...others];
    const statement = this.#database.prepare(
      `SELECT ${[...groups, ...totals].join(', ')} FROM (${parts.join(' UNION ALL ')})
       ${by.length === 0 ? 'HAVING count(*) > 0' : `GROUP BY ${[...times, ...others].join(', ')}`}
       ${order.length === 0 ? '' : `ORDER BY ${order.join(', ')}`} LIMIT ?`,
    );
    return statement.all(...ranges.flatMap(() => values), limit);
  }
}

function isTime(name: string): boolean {
  return name === 'hour' || name === 'day';
}

/** Names come from the closed sets of groups, never from outside. */
function groupExpression(name: string, keys: SumTable['keys']): string {
  if (name === 'hour') return 'begins_at';
  if (name === 'day') return `begins_at - begins_at % ${DAY_SECONDS}`;
  const column = keys[name];
  if (column === undefined) throw new Error(`There is no group ${name}.`);
  return column;
}

/** In two halves, for SQLite's own sum fails beyond 63 bits. */
function boundedTotal(column: string): string {
  const high = `sum(${column} >> 32)`;
  return `CASE WHEN ${high} > ${Math.floor(SUM_MAXIMUM / 2 ** 32)} THEN ${SUM_MAXIMUM}
    ELSE min(${SUM_MAXIMUM}, (${high} << 32) + sum(${column} & 4294967295)) END`;
}

function groupOf<Group extends string>(row: Row, by: readonly Group[]): Partial<Record<Group, string>> {
  const group: Partial<Record<Group, string>> = {};
  for (const name of by) {
    const value = row[name];
    if (isTime(name)) group[name] = periodName(Number(value), name === 'day' ? DAY_SECONDS : HOUR_SECONDS);
    else if (value !== '') group[name] = String(value);
  }
  return group;
}

function pick<Name extends string>(row: Row, names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, Number(row[name])])) as Record<Name, number>;
}
