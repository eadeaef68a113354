/** Reads rows of runs, newest first, by the index that fits the query. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { RunQuery, RunRow } from '../ledger-queries.ts';
import { nextRunCursor, readRunCursor } from '../rollups/run-cursor.ts';
import type { RunState } from '#domain/ledger/rollups/run-rollup.ts';

/** Rows that one page looks through. */
const LOOKED_THROUGH_MAXIMUM = 20_000;

interface RunColumns {
  readonly run_id: string;
  readonly namespace: string;
  readonly agent: string;
  readonly status: string;
  readonly began_at: number;
  readonly prompt_digest: string;
  readonly state: string;
}

export class RunReader {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  readonly runsOfId = (runId: string): readonly RunRow[] =>
    this.#database
      .prepare('SELECT state FROM runs WHERE run_id = ? ORDER BY namespace')
      .all(runId)
      .map((row) => rowOf(row as unknown as RunColumns));

  readonly runs = (query: RunQuery): { runs: readonly RunRow[]; nextCursor: string | undefined } => {
    if (query.namespaces?.length === 0) return { runs: [], nextCursor: undefined };
    const { where, values } = conditions(query);
    const statement = this.#database.prepare(
      `SELECT run_id, namespace, agent, status, began_at, prompt_digest, state FROM runs
       WHERE ${where.join(' AND ')} ORDER BY began_at DESC, run_id DESC, namespace DESC LIMIT ?`,
    );
    const runs: RunRow[] = [];
    let lookedThrough = 0;
    for (const each of statement.iterate(...values, LOOKED_THROUGH_MAXIMUM)) {
      const columns = each as unknown as RunColumns;
      lookedThrough += 1;
      const row = passes(query, columns) ? rowOf(columns) : undefined;
      if (row !== undefined && (query.model === undefined || row.models.includes(query.model)))
        runs.push(row);
      if (runs.length >= query.limit || lookedThrough >= LOOKED_THROUGH_MAXIMUM) {
        const { began_at: beganAtMicroseconds, run_id: id, namespace } = columns;
        return { runs, nextCursor: nextRunCursor({ beganAtMicroseconds, id, namespace }) };
      }
    }
    return { runs, nextCursor: undefined };
  };
}

function conditions({ namespaces, agent, fromMicroseconds, toMicroseconds, cursor }: RunQuery): {
  readonly where: readonly string[];
  readonly values: readonly SQLInputValue[];
} {
  const where: string[] = ['began_at >= ?'];
  const values: SQLInputValue[] = [fromMicroseconds ?? 0];
  if (toMicroseconds !== undefined) {
    where.push('began_at < ?');
    values.push(toMicroseconds);
  }
  if (namespaces?.length === 1) {
    where.push('namespace = ?');
    values.push(...namespaces);
    if (agent !== undefined) {
      where.push('agent = ?');
      values.push(agent);
    }
  }
  if (cursor !== undefined) {
    const { beganAtMicroseconds, id, namespace } = readRunCursor(cursor);
    where.push('began_at <= ? AND (began_at, run_id, namespace) < (?, ?, ?)');
    values.push(beganAtMicroseconds, beganAtMicroseconds, id, namespace);
  }
  return { where, values };
}

function passes({ namespaces, agent, status, promptDigest }: RunQuery, columns: RunColumns): boolean {
  return (
    (namespaces === undefined || namespaces.includes(columns.namespace)) &&
    (agent === undefined || agent === columns.agent) &&
    (status === undefined || status === columns.status) &&
    (promptDigest === undefined || promptDigest === columns.prompt_digest)
  );
}

function rowOf({ state }: RunColumns): RunRow {
  return (JSON.parse(state) as RunState).row;
}
