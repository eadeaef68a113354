/** Reads rows of runs, newest first, by the index that fits the query. */
import type { RunQuery, RunRow } from '../ledger-queries.ts';
import type { LedgerStore } from '../ledger-store.ts';
import { nextRunCursor, readRunCursor } from '../rollups/run-cursor.ts';
import type { RunState } from '#domain/ledger/rollups/run-rollup.ts';
import { toColumn } from './column-text.ts';
import type { Ask } from './connections.ts';

/** Rows that one page looks through. */
const LOOKED_THROUGH_MAXIMUM = 20_000;
const NEWEST_FIRST = 'ORDER BY began_at DESC, run_id DESC, namespace DESC';

interface RunColumns {
  readonly id: string;
  readonly namespace: string;
  readonly beganAtMicroseconds: number;
  readonly state: string;
}

export function runReads(ask: Ask): Pick<LedgerStore, 'runs' | 'runsOfId'> {
  return {
    runsOfId: async (runId) =>
      (
        await ask<RunColumns>('runs of id', 'SELECT state FROM runs WHERE run_id = $1 ORDER BY namespace', [
          runId,
        ])
      ).map(rowOf),
    runs: async (query) => {
      const values: unknown[] = [];
      const parameter = (value: unknown): string => `$${values.push(value)}`;
      const looked = `SELECT * FROM runs WHERE ${indexed(query, parameter).join(' AND ')}
        ${NEWEST_FIRST} LIMIT ${LOOKED_THROUGH_MAXIMUM}`;
      const lookedValues = [...values];
      const passes = filters(query, parameter).join(' AND ');
      const columns = 'run_id AS id, namespace, began_at AS "beganAtMicroseconds", state';
      // Not prepared: there are too many shapes of a query.
      const found = await ask<RunColumns>(
        '',
        `SELECT ${columns} FROM (${looked}) AS looked WHERE ${passes} ${NEWEST_FIRST} LIMIT ${parameter(query.limit)}`,
        values,
      );
      const runs = found.map(rowOf);
      if (found.length >= query.limit) return { runs, nextCursor: cursorOf(found.at(-1)) };
      // Nothing but the end of what was looked through tells whether there may be more beyond it.
      const [end] = await ask<RunColumns>(
        '',
        `SELECT ${columns} FROM (${looked}) AS looked ${NEWEST_FIRST} OFFSET ${LOOKED_THROUGH_MAXIMUM - 1}`,
        lookedValues,
      );
      return { runs, nextCursor: cursorOf(end) };
    },
  };
}

function cursorOf(columns: RunColumns | undefined): string | undefined {
  return columns && nextRunCursor(columns);
}

/** What an index leads to. */
function indexed(
  { namespaces, agent, fromMicroseconds, toMicroseconds, cursor }: RunQuery,
  parameter: (value: unknown) => string,
): readonly string[] {
  const where = [`began_at >= ${parameter(fromMicroseconds ?? 0)}`];
  if (toMicroseconds !== undefined) where.push(`began_at < ${parameter(toMicroseconds)}`);
  if (namespaces?.length === 1) {
    where.push(`namespace = ${parameter(namespaces[0])}`);
    if (agent !== undefined) where.push(`agent = ${parameter(toColumn(agent))}`);
  }
  if (cursor !== undefined) {
    const { beganAtMicroseconds, id, namespace } = readRunCursor(cursor);
    where.push(
      `(began_at, run_id, namespace) < (${parameter(beganAtMicroseconds)}, ${parameter(id)}, ${parameter(namespace)})`,
    );
  }
  return where;
}

function filters(
  { namespaces, agent, status, promptDigest, model }: RunQuery,
  parameter: (value: unknown) => string,
): readonly string[] {
  const passes = ['true'];
  if (namespaces !== undefined) passes.push(`namespace = ANY(${parameter(namespaces)}::text[])`);
  if (agent !== undefined) passes.push(`agent = ${parameter(toColumn(agent))}`);
  if (status !== undefined) passes.push(`status = ${parameter(status)}`);
  if (promptDigest !== undefined) passes.push(`prompt_digest = ${parameter(promptDigest)}`);
  if (model !== undefined) passes.push(`${parameter(toColumn(model))} = ANY(models)`);
  return passes;
}

function rowOf({ state }: RunColumns): RunRow {
  return (JSON.parse(state) as RunState).row;
}
