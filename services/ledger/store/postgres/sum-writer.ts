import { SUM_MAXIMUM } from '#domain/ledger/rollups/bounded-sum.ts';
import { DAY_SECONDS, HOUR_SECONDS } from '#domain/ledger/rollups/period-sums.ts';
import type { HourSums } from '#domain/ledger/rollups/period-sums.ts';
import { toColumn } from './column-text.ts';
import type { Ask } from './connections.ts';
import { columnOf } from './sum-tables.ts';
import type { SumTable } from './sum-tables.ts';
import { columns } from './unnested-columns.ts';

/** Adds to the hour and to the day. A sum stops at SUM_MAXIMUM (domain/ledger/rollups/bounded-sum.ts). */
export async function addSums(
  ask: Ask,
  { table, keys, sums }: SumTable,
  additions: readonly HourSums<object, Readonly<Record<string, number>>>[],
): Promise<void> {
  const periods = [HOUR_SECONDS, DAY_SECONDS];
  // Several hours of a batch are of one day, and one statement changes a row once only.
  const rows = new Map<string, unknown[]>();
  for (const { hour, key, sums: added } of additions) {
    for (const period of periods) {
      const names = keys.map((name) => toColumn((key as Readonly<Record<string, string>>)[name] ?? ''));
      const place = [period, hour - (hour % period), ...names];
      const before = rows.get(JSON.stringify(place));
      const totals = sums.map((name, index) =>
        Math.min(SUM_MAXIMUM, Number(before?.[place.length + index] ?? 0) + (added[name] ?? 0)),
      );
      rows.set(JSON.stringify(place), [...place, ...totals]);
    }
  }
  if (rows.size === 0) return;
  const names = ['period', 'begins_at', ...keys.map(columnOf), ...sums.map(columnOf)];
  const types = ['integer', 'bigint', ...keys.map(() => 'text'), ...sums.map(() => 'bigint')];
  await ask(
    `add to ${table}`,
    `INSERT INTO ${table} (${names.join(', ')})
     SELECT * FROM unnest(${types.map((type, index) => `$${index + 1}::${type}[]`).join(', ')})
     ON CONFLICT (period, begins_at, ${keys.map(columnOf).join(', ')}) DO UPDATE SET
       ${sums
         .map(columnOf)
         .map((name) => `${name} = LEAST(${SUM_MAXIMUM}, ${table}.${name} + excluded.${name})`)
         .join(', ')}`,
    columns([...rows.values()]),
  );
}
