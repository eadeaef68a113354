/** Writes a batch into the tables, within the transaction of whoever calls: entries, trees, texts, runs, sums, sources. */
import type { DatabaseSync } from 'node:sqlite';
import { agentNameOf, runIdOf, sealRecords } from '#domain/ledger/seal-records.ts';
import type { SealedEntry } from '#domain/ledger/seal-records.ts';
import { appendLeaves, edgeTiles, openEdge } from '#domain/transparency/tree-edge.ts';
import type { AppendOutcome, SubmittedRecord } from '../ledger-store.ts';
import { rollUp } from '#domain/ledger/rollups/roll-up.ts';
import type { RunState } from '#domain/ledger/rollups/run-rollup.ts';
import { countsOf } from '../source-changes.ts';
import { JudgedOutcomeWriter } from './judged-outcomes.ts';
import { SourceWriter } from './source-writer.ts';
import { SumWriter } from './sum-writer.ts';

interface Tree {
  /** Absent while nothing was ever written in the namespace. */
  readonly tree?: number;
  readonly size: number;
}

interface KnownRun {
  readonly run: number;
  readonly indexed: string;
  readonly state: RunState;
}

export class EntryWriter {
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #sums: SumWriter;
  readonly #sources: SourceWriter;
  readonly #judged: JudgedOutcomeWriter;

  constructor(database: DatabaseSync) {
    this.#statements = prepareStatements(database);
    this.#sums = new SumWriter(database);
    this.#sources = new SourceWriter(database);
    this.#judged = new JudgedOutcomeWriter(database);
  }

  append(batch: readonly SubmittedRecord[], receivedAtMicroseconds: number): readonly AppendOutcome[] {
    const trees = new Map<string, Tree>();
    const runs = new Map<string, KnownRun | undefined>();
    const runBefore = (namespace: string, runId: string): RunState | undefined => {
      const name = `${namespace} ${runId}`;
      if (!runs.has(name)) runs.set(name, this.#readRun(namespace, runId));
      return runs.get(name)?.state;
    };
    const treeOf = (namespace: string): Tree => {
      const tree = trees.get(namespace) ?? this.#readTree(namespace);
      trees.set(namespace, tree);
      return tree;
    };
    const { entries, outcomes } = sealRecords(
      batch,
      {
        lastPosition: this.#lastPosition(),
        treeSize: (namespace) => treeOf(namespace).size,
        chainHead: (namespace, runId) => runBefore(namespace, runId)?.chainHead,
        knownRecord: (namespace, recordId) => this.#knownRecord(namespace, recordId),
        runOwner: (namespace, runId) => runBefore(namespace, runId)?.owner,
      },
      receivedAtMicroseconds,
    );
    this.#sources.note(countsOf(batch, outcomes), receivedAtMicroseconds);
    if (entries.length === 0) return outcomes;
    for (const [namespace, ofTree] of Map.groupBy(entries, ({ entry }) => entry.record.namespace)) {
      const { tree = this.#createTree(namespace), size } = treeOf(namespace);
      for (const sealed of ofTree) this.#insertEntry(tree, sealed);
      this.#growTree(tree, size, ofTree);
    }
    const rollup = rollUp(entries, runBefore);
    for (const state of rollup.runs) {
      this.#writeRun(runs.get(`${state.row.namespace} ${state.row.id}`), state);
    }
    this.#sums.addCosts(rollup.costs);
    this.#sums.addOutcomes(rollup.outcomes);
    this.#judged.add(rollup.judged);
    return outcomes;
  }

  #lastPosition(): number {
    const row = this.#statements.lastPosition.get() as { position: number | null };
    return row.position ?? 0;
  }

  #readTree(namespace: string): Tree {
    return (this.#statements.readTree.get(namespace) ?? { size: 0 }) as unknown as Tree;
  }

  #createTree(namespace: string): number {
    return Number(this.#statements.createTree.run(namespace).lastInsertRowid);
  }

  #knownRecord(namespace: string, recordId: string) {
    const row = this.#statements.knownRecord.get(recordId, namespace) as
      | { position: number; tree_index: number; content_digest: Uint8Array }
      | undefined;
    return row === undefined
      ? undefined
      : {
          position: row.position,
          index: row.tree_index,
          contentDigest: Buffer.from(row.content_digest).toString('hex'),
        };
  }

  #readRun(namespace: string, runId: string): KnownRun | undefined {
    const row = this.#statements.readRun.get(runId, namespace) as { run: number; state: string } | undefined;
    if (row === undefined) return undefined;
    const state = JSON.parse(row.state) as RunState;
    return { run: row.run, indexed: indexedColumns(state).join(' '), state };
  }

  #insertEntry(
    tree: number,
    { position, entry, canonical, contentDigest, told }: SealedEntry<SubmittedRecord>,
  ): void {
    const { record } = entry;
    this.#statements.insertEntry.run(
      position,
      tree,
      entry.index,
      record.id,
      Buffer.from(contentDigest, 'hex'),
      record.type,
      runIdOf(record) ?? null,
      agentNameOf(record) ?? null,
      entry.receivedAtMicroseconds,
      canonical,
    );
    for (const { field, keyId, bytes, expiresAtMicroseconds } of told.texts) {
      this.#statements.insertText.run(position, field, keyId, expiresAtMicroseconds, bytes);
    }
  }

  #growTree(tree: number, size: number, entries: readonly SealedEntry[]): void {
    const partialTiles = edgeTiles(size).map(({ level, index }) => ({
      level,
      hashes: (this.#statements.readTile.get(tree, level, index) as { hashes: Uint8Array }).hashes,
    }));
    const { edge, tiles } = appendLeaves(
      openEdge(size, partialTiles),
      entries.map(({ leafHash }) => leafHash),
    );
    for (const tile of tiles) this.#statements.writeTile.run(tree, tile.level, tile.index, tile.hashes);
    this.#statements.resizeTree.run(edge.size, tree);
  }

  /** The columns that indexes stand on seldom change: where they do not, only the state is written. */
  #writeRun(known: KnownRun | undefined, state: RunState): void {
    const { row } = state;
    const columns = indexedColumns(state);
    const text = JSON.stringify(state);
    if (known === undefined) this.#statements.insertRun.run(row.id, row.namespace, ...columns, text);
    else if (known.indexed === columns.join(' ')) this.#statements.updateState.run(text, known.run);
    else this.#statements.updateRun.run(...columns, text, known.run);
  }
}

function indexedColumns({ row }: RunState): [string, string, number, string] {
  return [row.agent, row.status, row.beganAtMicroseconds, row.promptDigest ?? ''];
}

function prepareStatements(database: DatabaseSync) {
  return {
    lastPosition: database.prepare('SELECT max(position) AS position FROM entries'),
    readTree: database.prepare('SELECT tree, size FROM trees WHERE namespace = ?'),
    createTree: database.prepare('INSERT INTO trees (namespace, size) VALUES (?, 0)'),
    resizeTree: database.prepare('UPDATE trees SET size = ? WHERE tree = ?'),
    readTile: database.prepare('SELECT hashes FROM tiles WHERE tree = ? AND level = ? AND tile = ?'),
    writeTile: database.prepare(
      `INSERT INTO tiles (tree, level, tile, hashes) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET hashes = excluded.hashes`,
    ),
    knownRecord: database.prepare(
      `SELECT position, tree_index, content_digest FROM entries
       WHERE record_id = ? AND tree = (SELECT tree FROM trees WHERE namespace = ?)`,
    ),
    insertEntry: database.prepare(
      `INSERT INTO entries (position, tree, tree_index, record_id, content_digest, type, run_id, agent, received_at, canonical)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    insertText: database.prepare(
      'INSERT INTO texts (position, field, key_id, expires_at, bytes) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    readRun: database.prepare('SELECT run, state FROM runs WHERE run_id = ? AND namespace = ?'),
    insertRun: database.prepare(
      `INSERT INTO runs (run_id, namespace, agent, status, began_at, prompt_digest, state)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ),
    updateState: database.prepare('UPDATE runs SET state = ? WHERE run = ?'),
    updateRun: database.prepare(
      'UPDATE runs SET agent = ?, status = ?, began_at = ?, prompt_digest = ?, state = ? WHERE run = ?',
    ),
  };
}
