/** What judges of canaries read: outcomes of rollouts, beside the entries that tell them. */
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
import { HISTORY_OUTCOMES_MAXIMUM } from '../ledger-queries.ts';
import type { LedgerStore } from '../ledger-store.ts';
import { fromColumn, toColumn } from './column-text.ts';
import type { Ask } from './connections.ts';
import { columns } from './unnested-columns.ts';

const TYPES = JUDGED_COLUMNS.map((name) =>
  /^(is|have)_/.test(name) ? 'smallint' : /_(usd|microseconds)$/.test(name) ? 'bigint' : 'text',
);

export async function addJudgedOutcomes(
  ask: Ask,
  treeOf: (namespace: string) => number | undefined,
  judged: readonly OutcomeOfRollout[],
): Promise<void> {
  if (judged.length === 0) return;
  const types = ['bigint', 'bigint', ...TYPES];
  await ask(
    'add judged outcomes',
    `INSERT INTO judged_outcomes (position, tree, ${JUDGED_COLUMNS.join(', ')})
     SELECT * FROM unnest(${types.map((type, index) => `$${index + 1}::${type}[]`).join(', ')})`,
    columns(
      judged.map((each) => [each.outcome.position, treeOf(each.namespace), ...judgedValues(each, toColumn)]),
    ),
  );
}

export async function runsOfOutcomes(
  ask: Ask,
  positions: readonly number[],
): Promise<ReadonlyMap<number, RunOfOutcome>> {
  const rows = await ask<RunOfOutcomeRow & Pick<JudgedRow, 'position'>>(
    'runs of outcomes',
    `SELECT position, agent_uid, arm, digest, session, runs.began_at
     FROM judged_outcomes JOIN trees USING (tree)
     LEFT JOIN runs ON runs.run_id = judged_outcomes.run_id AND runs.namespace = trees.namespace
     WHERE position = ANY($1)`,
    [positions],
  );
  return new Map(
    rows.map((row) => [row.position, runOfRow({ ...row, agent_uid: fromColumn(row.agent_uid) })]),
  );
}

export function historyReads(ask: Ask): Pick<LedgerStore, 'histories'> {
  return {
    histories: async (query) => {
      const { namespace, rollout, promptDigest, upTo, limit, after = '' } = query;
      const where = `tree = (SELECT tree FROM trees WHERE namespace = $1) AND rollout = $2 AND digest = $3`;
      const next = (beyond: string): string =>
        `SELECT agent_uid FROM judged_outcomes WHERE ${where} AND agent_uid > ${beyond} ORDER BY agent_uid LIMIT 1`;
      const rows = await ask<JudgedRow & { readonly agent: string }>(
        'histories',
        // From one agent to the next by the index: going through all outcomes for their agents would take as long as they are many.
        `WITH RECURSIVE agents (agent_uid) AS (
           (${next('$4')})
           UNION ALL
           SELECT (${next('agents.agent_uid')}) FROM agents WHERE agents.agent_uid IS NOT NULL
         ), page AS (SELECT agent_uid FROM agents WHERE agent_uid IS NOT NULL LIMIT $5)
         SELECT page.agent_uid AS agent, found.* FROM page LEFT JOIN LATERAL (
           SELECT * FROM judged_outcomes WHERE ${where} AND judged_outcomes.agent_uid = page.agent_uid AND position <= $6
           ORDER BY position DESC LIMIT ${HISTORY_OUTCOMES_MAXIMUM}
         ) AS found ON true ORDER BY agent, position`,
        [namespace, toColumn(rollout), promptDigest, toColumn(after), limit, upTo],
      );
      const agents = [...Map.groupBy(rows, ({ agent }) => agent)].map(([agent, ofAgent]) =>
        historyOf(
          fromColumn(agent),
          ofAgent.filter(({ position }) => position !== null).map((row) => outcomeOfRow(readable(row))),
          query,
        ),
      );
      const last = agents.at(-1);
      return { agents, ...(last !== undefined && agents.length >= limit && { nextAfter: last.agentUid }) };
    },
  };
}

function readable(row: JudgedRow): JudgedRow {
  return { ...row, agent_uid: fromColumn(row.agent_uid) };
}
