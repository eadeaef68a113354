/**
 * Writes a batch within one transaction: entries, trees, texts, runs, sums, sources. The row `head` is taken first, and
 * all else is read after it: whoever holds it sees all that was committed and is alone in writing. Statements that do not
 * wait for each other's answers go out together, so that the head is held for a few round trips only.
 */
import { agentNameOf, runIdOf, sealRecords } from '#domain/ledger/seal-records.ts';
import type { KnownRecord, SealedEntry } from '#domain/ledger/seal-records.ts';
import { appendLeaves, EMPTY_TREE, edgeTiles, openEdge, rootOfEdge } from '#domain/transparency/tree-edge.ts';
import type { TreeEdge } from '#domain/transparency/tree-edge.ts';
import type { AppendOutcome, SubmittedRecord } from '../ledger-store.ts';
import { StoreFencedError } from '../ledger-store.ts';
import { LOSS_PREFIX, LOSSES_END, readLoss, StoreTamperedError, tellsOfLoss } from '../standing-losses.ts';
import { rollUp } from '#domain/ledger/rollups/roll-up.ts';
import type { RunState } from '#domain/ledger/rollups/run-rollup.ts';
import { countsOf } from '../source-changes.ts';
import { fromColumn, toColumn } from './column-text.ts';
import type { Ask } from './connections.ts';
import { addJudgedOutcomes } from './judged-outcomes.ts';
import { SCHEMA_STEPS } from './schema.ts';
import { noteSources } from './source-writer.ts';
import { COST_TABLE, OUTCOME_TABLE } from './sum-tables.ts';
import { addSums } from './sum-writer.ts';
import { columns } from './unnested-columns.ts';

interface Tree {
  readonly tree: number;
  readonly edge: TreeEdge;
}

interface Known {
  readonly position: number;
  readonly trees: ReadonlyMap<string, Tree>;
  readonly records: ReadonlyMap<string, KnownRecord>;
  readonly runs: ReadonlyMap<string, RunState>;
}

type Sealed = SealedEntry<SubmittedRecord>;

export async function appendBatch(
  ask: Ask,
  batch: readonly SubmittedRecord[],
  receivedAtMicroseconds: number,
): Promise<readonly AppendOutcome[]> {
  const known = await readKnown(ask, batch);
  const { entries, outcomes } = sealRecords(
    batch,
    {
      lastPosition: known.position,
      treeSize: (namespace) => known.trees.get(namespace)?.edge.size ?? 0,
      chainHead: (namespace, runId) => known.runs.get(within(namespace, runId))?.chainHead,
      knownRecord: (namespace, recordId) => known.records.get(within(namespace, recordId)),
      runOwner: (namespace, runId) => known.runs.get(within(namespace, runId))?.owner,
    },
    receivedAtMicroseconds,
  );
  const last = entries.at(-1);
  const counts = countsOf(batch, outcomes);
  if (last === undefined) {
    await noteSources(ask, counts, receivedAtMicroseconds);
    return outcomes;
  }
  const rollup = rollUp(entries, (namespace, runId) => known.runs.get(within(namespace, runId)));
  const trees = await createTrees(ask, known.trees, entries);
  await Promise.all([
    ask('move head', 'UPDATE head SET position = $1', [last.position]),
    insertEntries(ask, trees, entries),
    insertTexts(ask, entries),
    growTrees(ask, trees, entries),
    writeRuns(ask, rollup.runs),
    addSums(ask, COST_TABLE, rollup.costs),
    addSums(ask, OUTCOME_TABLE, rollup.outcomes),
    addJudgedOutcomes(ask, (namespace) => trees.get(namespace)?.tree, rollup.judged),
    noteSources(ask, counts, receivedAtMicroseconds),
  ]);
  return outcomes;
}

async function readKnown(ask: Ask, batch: readonly SubmittedRecord[]): Promise<Known> {
  const records = batch.map(({ record }) => record);
  const namespaces = [...new Set(records.map(({ namespace }) => namespace))];
  const runs = new Map(
    records.flatMap((record) => {
      const runId = runIdOf(record);
      return runId === undefined
        ? []
        : [[within(record.namespace, runId), [runId, record.namespace] as const]];
    }),
  );
  const [heads, losses, trees, tiles, known, states] = await Promise.all([
    ask<{ position: number; version: number }>(
      'take head',
      'SELECT position, schema_version AS version FROM head FOR UPDATE',
    ),
    ask<{ value: string }>(
      'read losses',
      'SELECT value FROM documents WHERE key >= $1 AND key < $2 LIMIT 1',
      [LOSS_PREFIX, LOSSES_END],
    ),
    ask<{ tree: number; namespace: string; size: number }>(
      'read trees',
      'SELECT tree, namespace, size FROM trees WHERE namespace = ANY($1)',
      [namespaces],
    ),
    // The last tile of each level: whatever edge the tree has, it is among them.
    ask<{ tree: number; level: number; tile: number; hashes: Uint8Array }>(
      'read edges',
      `SELECT tiles.tree, tiles.level, tiles.tile, tiles.hashes FROM trees
       CROSS JOIN generate_series(0, 6) AS levels (level)
       JOIN tiles ON tiles.tree = trees.tree AND tiles.level = levels.level
         AND tiles.tile = (trees.size >> (8 * (levels.level + 1)))
       WHERE namespace = ANY($1)`,
      [namespaces],
    ),
    ask<{ namespace: string; record_id: string; position: number; index: number; digest: string }>(
      'read known records',
      `SELECT namespace, record_id, position, tree_index AS index, encode(content_digest, 'hex') AS digest
       FROM unnest($1::text[], $2::text[]) AS told (id, told_namespace)
       JOIN trees ON namespace = told_namespace JOIN entries ON record_id = id AND entries.tree = trees.tree`,
      [records.map(({ id }) => id), records.map(({ namespace }) => namespace)],
    ),
    ask<{ state: string }>(
      'read runs',
      `SELECT state FROM runs JOIN unnest($1::text[], $2::text[]) AS told (id, told_namespace)
         ON run_id = id AND namespace = told_namespace`,
      [[...runs.values()].map(([id]) => id), [...runs.values()].map(([, namespace]) => namespace)],
    ),
  ]);
  const head = heads[0];
  if (head === undefined) throw new Error('The ledger in this database has lost its head: restore a backup.');
  if (head.version !== SCHEMA_STEPS.length) {
    throw new StoreFencedError(
      `The ledger was upgraded to the schema version ${head.version} since this process opened it with ${SCHEMA_STEPS.length}: restart it with the newer Capataz.`,
    );
  }
  const [loss] = losses;
  if (loss !== undefined && !batch.every(tellsOfLoss)) {
    throw new StoreTamperedError(readLoss(fromColumn(loss.value)).message);
  }
  return {
    position: head.position,
    trees: new Map(
      trees.map(({ tree, namespace, size }) => [
        namespace,
        {
          tree,
          edge: openTree(
            size,
            tiles.filter((tile) => tile.tree === tree),
          ),
        },
      ]),
    ),
    records: new Map(
      known.map(({ namespace, record_id: id, position, index, digest }) => [
        within(namespace, id),
        { position, index, contentDigest: digest },
      ]),
    ),
    runs: new Map(
      states.map(({ state: text }) => {
        const state = JSON.parse(text) as RunState;
        return [within(state.row.namespace, state.row.id), state];
      }),
    ),
  };
}

function openTree(
  size: number,
  tiles: readonly { readonly level: number; readonly tile: number; readonly hashes: Uint8Array }[],
): TreeEdge {
  const wanted = edgeTiles(size).map(({ level, index }) =>
    tiles.find((each) => each.level === level && each.tile === index),
  );
  return openEdge(
    size,
    wanted.filter((tile) => tile !== undefined),
  );
}

async function createTrees(
  ask: Ask,
  known: ReadonlyMap<string, Tree>,
  entries: readonly Sealed[],
): Promise<ReadonlyMap<string, Tree>> {
  const missing = new Set(
    entries.map(({ entry }) => entry.record.namespace).filter((namespace) => !known.has(namespace)),
  );
  if (missing.size === 0) return known;
  const created = await ask<{ tree: number; namespace: string }>(
    'create trees',
    `INSERT INTO trees (namespace, size, root) SELECT namespace, 0, $2 FROM unnest($1::text[]) AS created (namespace)
     RETURNING tree, namespace`,
    [[...missing], rootOfEdge(EMPTY_TREE)],
  );
  return new Map([
    ...known,
    ...created.map(({ tree, namespace }) => [namespace, { tree, edge: EMPTY_TREE }] as const),
  ]);
}

function insertEntries(ask: Ask, trees: ReadonlyMap<string, Tree>, entries: readonly Sealed[]) {
  return ask(
    'insert entries',
    `INSERT INTO entries
       (position, tree, tree_index, record_id, content_digest, type, run_id, agent, received_at, canonical)
     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bytea[], $6::text[], $7::text[],
       $8::text[], $9::bigint[], $10::text[])`,
    columns(
      entries.map(({ position, entry, canonical, contentDigest }) => {
        const { record } = entry;
        const agent = agentNameOf(record);
        return [
          position,
          trees.get(record.namespace)?.tree,
          entry.index,
          record.id,
          Buffer.from(contentDigest, 'hex'),
          record.type,
          runIdOf(record) ?? null,
          agent === undefined ? null : toColumn(agent),
          entry.receivedAtMicroseconds,
          canonical,
        ];
      }),
    ),
  );
}

async function insertTexts(ask: Ask, entries: readonly Sealed[]): Promise<void> {
  const texts = entries.flatMap(({ position, told }) =>
    told.texts.map(({ field, keyId, expiresAtMicroseconds, bytes }) => [
      position,
      toColumn(field),
      toColumn(keyId),
      expiresAtMicroseconds,
      Buffer.from(bytes),
    ]),
  );
  if (texts.length === 0) return;
  await ask(
    'insert texts',
    `INSERT INTO texts (position, field, key_id, expires_at, bytes)
     SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bytea[]) ON CONFLICT DO NOTHING`,
    columns(texts),
  );
}

async function growTrees(
  ask: Ask,
  trees: ReadonlyMap<string, Tree>,
  entries: readonly Sealed[],
): Promise<void> {
  const byNamespace = Map.groupBy(entries, ({ entry }) => entry.record.namespace);
  const grown = [...byNamespace].flatMap(([namespace, ofTree]) => {
    const before = trees.get(namespace);
    if (before === undefined) return [];
    return [
      {
        tree: before.tree,
        ...appendLeaves(
          before.edge,
          ofTree.map(({ leafHash }) => leafHash),
        ),
      },
    ];
  });
  await Promise.all([
    ask(
      'write tiles',
      `INSERT INTO tiles (tree, level, tile, hashes)
       SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::bytea[])
       ON CONFLICT (tree, level, tile) DO UPDATE SET hashes = excluded.hashes`,
      columns(
        grown.flatMap(({ tree, tiles }) =>
          tiles.map(({ level, index, hashes }) => [tree, level, index, Buffer.from(hashes)]),
        ),
      ),
    ),
    ask(
      'grow trees',
      `UPDATE trees SET size = grown.size, root = grown.root
       FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) AS grown (tree, size, root) WHERE trees.tree = grown.tree`,
      columns(grown.map(({ tree, edge }) => [tree, edge.size, Buffer.from(rootOfEdge(edge))])),
    ),
  ]);
}

async function writeRuns(ask: Ask, runs: readonly RunState[]): Promise<void> {
  if (runs.length === 0) return;
  await ask(
    'write runs',
    `INSERT INTO runs (run_id, namespace, agent, status, began_at, prompt_digest, models, state)
     SELECT run_id, namespace, agent, status, began_at, prompt_digest,
       ARRAY(SELECT json_array_elements_text(models::json)), state
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[])
       AS told (run_id, namespace, agent, status, began_at, prompt_digest, models, state)
     ON CONFLICT (run_id, namespace) DO UPDATE SET agent = excluded.agent, status = excluded.status,
       began_at = excluded.began_at, prompt_digest = excluded.prompt_digest, models = excluded.models,
       state = excluded.state`,
    columns(
      runs.map((state) => {
        const { row } = state;
        return [
          row.id,
          row.namespace,
          toColumn(row.agent),
          row.status,
          row.beganAtMicroseconds,
          row.promptDigest ?? '',
          // An array of arrays would have to be of one width.
          JSON.stringify(row.models.map(toColumn)),
          JSON.stringify(state),
        ];
      }),
    ),
  );
}

/** Neither namespaces nor ids have a space in them. */
function within(namespace: string, id: string): string {
  return `${namespace} ${id}`;
}
