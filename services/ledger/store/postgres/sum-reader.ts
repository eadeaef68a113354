/** Reads sums, grouped as asked. */
import type { LedgerStore } from '../ledger-store.ts';
import { SUM_MAXIMUM } from '#domain/ledger/rollups/bounded-sum.ts';
import {
  COST_SUMS,
  DAY_SECONDS,
  HOUR_SECONDS,
  OUTCOME_SUMS,
  periodName,
} from '#domain/ledger/rollups/period-sums.ts';
import { omittedMetrics, rangesOf } from '../rollups/sum-query.ts';
import { fromColumn, toColumn } from './column-text.ts';
import type { Ask, Row } from './connections.ts';
import { columnOf, COST_TABLE, OUTCOME_TABLE } from './sum-tables.ts';
import type { SumTable } from './sum-tables.ts';

const DEAREST_FIRST = ['"costNanoUsd" DESC'];

interface SumQuery {
  readonly namespaces: readonly string[] | undefined;
  readonly fromMicroseconds?: number;
  readonly toMicroseconds?: number;
  readonly by: readonly string[];
  readonly limit: number;
}

export function sumReads(ask: Ask): Pick<LedgerStore, 'costs' | 'outcomes'> {
  const read = async (
    { table, keys, sums }: SumTable,
    query: SumQuery,
    equals: Readonly<Record<string, string | undefined>>,
    orderOfSums: readonly string[],
    withoutMetrics: readonly string[] = [],
  ): Promise<readonly Row[]> => {
    const values: unknown[] = [];
    const filters: string[] = [];
    const parameter = (value: unknown): string => `$${values.push(value)}`;
    if (query.namespaces !== undefined) {
      filters.push(`AND namespace = ANY(${parameter(query.namespaces)}::text[])`);
    }
    for (const [name, value] of Object.entries(equals)) {
      if (value !== undefined) filters.push(`AND ${columnOf(name)} = ${parameter(toColumn(value))}`);
    }
    if (withoutMetrics.length > 0) {
      filters.push(`AND NOT metric = ANY(${parameter(withoutMetrics)}::text[])`);
    }
    const ranges = rangesOf(query, query.by.includes('hour'));
    if (ranges.length === 0) return [];
    const parts = ranges.map(
      ({ periodSeconds, from, to }) =>
        `SELECT * FROM ${table}
         WHERE period = ${periodSeconds} AND begins_at >= ${from} AND begins_at < ${to} ${filters.join(' ')}`,
    );
    const groups = query.by.map((name) => `${groupExpression(name, keys)} AS "${name}"`);
    const totals = sums.map((name) => `LEAST(${SUM_MAXIMUM}, sum(${columnOf(name)}))::bigint AS "${name}"`);
    const times = query.by.filter(isTime);
    const others = query.by.filter((name) => !isTime(name));
    const order = [...times.map(quoted), ...orderOfSums, ...others.map(quoted)];
    return ask(
      '',
      `SELECT ${[...groups, ...totals].join(', ')} FROM (${parts.join(' UNION ALL ')}) AS sums
       ${query.by.length === 0 ? 'HAVING count(*) > 0' : `GROUP BY ${query.by.map((_, index) => index + 1).join(', ')}`}
       ${order.length === 0 ? '' : `ORDER BY ${order.join(', ')}`} LIMIT ${parameter(query.limit)}`,
      values,
    );
  };
  return {
    costs: async (query) => {
      const rows = await read(COST_TABLE, query, { agent: query.agent, model: query.model }, DEAREST_FIRST);
      return rows.map((row) => sumRow(row, query.by, COST_SUMS));
    },
    outcomes: async (query) => {
      const { agent, promptDigest } = query;
      const rows = await read(OUTCOME_TABLE, query, { agent, promptDigest }, [], omittedMetrics(query));
      return rows.map((row) => sumRow(row, query.by, OUTCOME_SUMS));
    },
  };
}

function isTime(name: string): boolean {
  return name === 'hour' || name === 'day';
}

function quoted(name: string): string {
  return `"${name}"`;
}

/** Names come from the closed sets of groups, never from outside. */
function groupExpression(name: string, keys: SumTable['keys']): string {
  if (name === 'hour') return 'begins_at';
  if (name === 'day') return `begins_at - begins_at % ${DAY_SECONDS}`;
  if (!keys.includes(name)) throw new Error(`There is no group ${name}.`);
  return columnOf(name);
}

function groupOf<Group extends string>(row: Row, by: readonly Group[]): Partial<Record<Group, string>> {
  const group: Partial<Record<Group, string>> = {};
  for (const name of by) {
    const value: unknown = row[name];
    if (isTime(name)) group[name] = periodName(Number(value), name === 'day' ? DAY_SECONDS : HOUR_SECONDS);
    else if (value !== '') group[name] = fromColumn(String(value));
  }
  return group;
}

function sumRow<Group extends string, Name extends string>(
  row: Row,
  by: readonly Group[],
  names: readonly Name[],
): { readonly group: Partial<Record<Group, string>> } & Record<Name, number> {
  const sums = Object.fromEntries(names.map((name) => [name, Number(row[name])])) as Record<Name, number>;
  return { group: groupOf(row, by), ...sums };
}
