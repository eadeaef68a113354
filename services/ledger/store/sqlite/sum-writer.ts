/** Adds to the sums of hours and days. A sum stops at SUM_MAXIMUM (domain/ledger/rollups/bounded-sum.ts). */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { SUM_MAXIMUM } from '#domain/ledger/rollups/bounded-sum.ts';
import { addUp, DAY_SECONDS, HOUR_SECONDS } from '#domain/ledger/rollups/period-sums.ts';
import type { HourlyCosts, HourlyOutcomes } from '#domain/ledger/rollups/period-sums.ts';
import { COST_TABLE, COST_TOTALS_TABLE, OUTCOME_TABLE } from './sum-tables.ts';
import type { SumTable } from './sum-tables.ts';

export class SumWriter {
  readonly #addCosts: StatementSync;
  readonly #addCostTotals: StatementSync;
  readonly #addOutcomes: StatementSync;

  constructor(database: DatabaseSync) {
    this.#addCosts = database.prepare(upsertInto(COST_TABLE));
    this.#addCostTotals = database.prepare(upsertInto(COST_TOTALS_TABLE));
    this.#addOutcomes = database.prepare(upsertInto(OUTCOME_TABLE));
  }

  addCosts(costs: readonly HourlyCosts[]): void {
    for (const { hour, key, sums } of costs) add(this.#addCosts, COST_TABLE, hour, { ...key, ...sums });
    const totals = costs.map(({ hour, key: { namespace, model }, sums }) => ({
      hour,
      key: { namespace, model },
      sums,
    }));
    for (const { hour, key, sums } of addUp(totals)) {
      add(this.#addCostTotals, COST_TOTALS_TABLE, hour, { ...key, ...sums });
    }
  }

  addOutcomes(outcomes: readonly HourlyOutcomes[]): void {
    for (const { hour, key, sums } of outcomes) {
      add(this.#addOutcomes, OUTCOME_TABLE, hour, { ...key, ...sums });
    }
  }
}

function add(
  statement: StatementSync,
  { keys, sums }: SumTable,
  hour: number,
  values: Readonly<Record<string, string | number>>,
): void {
  const row = [...Object.keys(keys), ...Object.keys(sums)].map((name) => values[name] ?? null);
  statement.run(HOUR_SECONDS, hour, ...row);
  statement.run(DAY_SECONDS, hour - (hour % DAY_SECONDS), ...row);
}

function upsertInto({ table, keys, sums }: SumTable): string {
  const columns = ['period', 'begins_at', ...Object.values(keys), ...Object.values(sums)];
  const additions = Object.values(sums).map(
    (column) => `${column} = min(${SUM_MAXIMUM}, ${column} + excluded.${column})`,
  );
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})
    ON CONFLICT DO UPDATE SET ${additions.join(', ')}`;
}
