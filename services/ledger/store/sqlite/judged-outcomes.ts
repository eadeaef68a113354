/** What judges of canaries read: outcomes of rollouts, beside the entries that tell them. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { historyOf } from '#domain/judging/agent-history.ts';
import type { RunOfOutcome } from '#domain/judging/outcome-of-entry.ts';
import type { OutcomeOfRollout } from '#domain/ledger/rollups/judged-outcomes.ts';
import {
  JUDGED_COLUMNS,
  type JudgedRow,
  type RunOfOutcomeRow,
  judgedValues,
  outcomeOfRow,
  runOfRow,
} from '../judged-columns.ts';
import { HISTORY_OUTCOMES_MAXIMUM, type HistoryPage, type HistoryQuery } from '../ledger-queries.ts';
import { inSnapshot } from './transaction.ts';

const TREE = '(SELECT tree FROM trees WHERE namespace = ?)';

export class JudgedOutcomeWriter {
  readonly #insert: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare(
      `INSERT INTO judged_outcomes (position, tree, ${JUDGED_COLUMNS.join(', ')})
       VALUES (?, ${TREE}, ${JUDGED_COLUMNS.map(() => '?').join(', ')})`,
    );
  }

  add(judged: readonly OutcomeOfRollout[]): void {
    for (const each of judged) {
      this.#insert.run(each.outcome.position, each.namespace, ...judgedValues(each));
    }
  }
}

export class JudgedOutcomeReader {
  readonly #database: DatabaseSync;
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = prepareStatements(database);
  }

  runOf(position: number): RunOfOutcome | undefined {
    const row = this.#statements.run.get(position) as unknown as RunOfOutcomeRow | undefined;
    return row && runOfRow(row);
  }

  readonly histories = (query: HistoryQuery): HistoryPage =>
    inSnapshot(this.#database, () => {
      const { namespace, rollout, promptDigest, upTo, limit, after = '' } = query;
      const agents = [];
      let last = after;
      while (agents.length < limit) {
        const next = this.#statements.nextAgent.get(namespace, rollout, promptDigest, last) as
          | { agent_uid: string }
          | undefined;
        if (next === undefined) return { agents };
        last = next.agent_uid;
        const rows = this.#statements.ofAgent.all(
          namespace,
          rollout,
          promptDigest,
          last,
          upTo,
          HISTORY_OUTCOMES_MAXIMUM,
        ) as unknown as JudgedRow[];
        agents.push(historyOf(last, rows.toReversed().map(outcomeOfRow), query));
      }
      return { agents, nextAfter: last };
    });
}

function prepareStatements(database: DatabaseSync) {
  const where = `FROM judged_outcomes WHERE tree = ${TREE} AND rollout = ? AND digest = ?`;
  return {
    run: database.prepare(
      `SELECT agent_uid, arm, digest, session, runs.began_at FROM judged_outcomes JOIN trees USING (tree)
       LEFT JOIN runs ON runs.run_id = judged_outcomes.run_id AND runs.namespace = trees.namespace
       WHERE position = ?`,
    ),
    nextAgent: database.prepare(`SELECT agent_uid ${where} AND agent_uid > ? ORDER BY agent_uid LIMIT 1`),
    ofAgent: database.prepare(
      `SELECT * ${where} AND agent_uid = ? AND position <= ? ORDER BY position DESC LIMIT ?`,
    ),
  };
}
