/** Reads entries, trees and texts. */
import type { DatabaseSync } from 'node:sqlite';
import { edgeTiles, openEdge, rootOfEdge } from '#domain/transparency/tree-edge.ts';
import { EMPTY_TREE_ROOT, HASH_BYTES } from '#domain/transparency/tree-hashes.ts';
import type { EntryFilter, SealedText, SourceGap, StoredEntry, TreeHead } from '../ledger-store.ts';
import { PAGE_MAXIMUM_BYTES } from '../page-bounds.ts';
import { JudgedOutcomeReader } from './judged-outcomes.ts';
import { inSnapshot } from './transaction.ts';

/** Entries that one call of entriesAfter looks through. */
const LOOKED_THROUGH_MAXIMUM = 20_000;
/** More types than these are found by going through all entries. */
const TYPES_BY_INDEX_MAXIMUM = 4;
const SOURCE_GAPS_MAXIMUM = 1_000;

const ENTRY_COLUMNS = `entries.position, namespace, tree_index AS "index", canonical,
  (SELECT group_concat(field) FROM texts WHERE texts.position = entries.position) AS textFields`;

interface EntryColumns {
  readonly position: number;
  readonly namespace: string;
  readonly index: number;
  readonly canonical: string;
  readonly textFields: string | null;
}

interface Candidate {
  readonly position: number;
  readonly tree: number;
  readonly type: string;
  readonly run_id: string | null;
  readonly agent: string | null;
  readonly isPruned: number;
}

export class EntryReader {
  readonly #database: DatabaseSync;
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #judged: JudgedOutcomeReader;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = prepareStatements(database);
    this.#judged = new JudgedOutcomeReader(database);
  }

  readonly namespaces = (): readonly string[] =>
    this.#statements.namespaces.all().map(({ namespace }) => String(namespace));

  readonly treeHead = (namespace: string): TreeHead =>
    inSnapshot(this.#database, () => {
      const row = this.#statements.tree.get(namespace) as { tree: number; size: number } | undefined;
      if (row === undefined) return { size: 0, root: EMPTY_TREE_ROOT };
      const tiles = edgeTiles(row.size).map(({ level, index }) => ({
        level,
        hashes: (this.#statements.tile.get(namespace, level, index) as { hashes: Uint8Array }).hashes,
      }));
      return { size: row.size, root: rootOfEdge(openEdge(row.size, tiles)) };
    });

  readonly tile = (
    namespace: string,
    level: number,
    index: number,
    width: number,
  ): Uint8Array | undefined => {
    const row = this.#statements.tile.get(namespace, level, index) as { hashes: Uint8Array } | undefined;
    if (row === undefined || row.hashes.length < width * HASH_BYTES) return undefined;
    return row.hashes.slice(0, width * HASH_BYTES);
  };

  readonly entriesByIndex = (namespace: string, fromIndex: number, count: number): readonly StoredEntry[] =>
    this.#statements.byIndex.all(namespace, fromIndex, fromIndex + count).map(toEntry);

  readonly entryOfRecord = (namespace: string, recordId: string): StoredEntry | undefined => {
    const row = this.#statements.byRecord.get(recordId, namespace);
    return row === undefined ? undefined : toEntry(row);
  };

  readonly lastPosition = (): number => {
    const row = this.#statements.lastPosition.get() as { position: number | null };
    return row.position ?? 0;
  };

  readonly positionBefore = (receivedAtMicroseconds: number): number => {
    const row = this.#statements.receivedFrom.get(receivedAtMicroseconds) as { position: number } | undefined;
    return row === undefined ? this.lastPosition() : row.position - 1;
  };

  readonly entriesAfter = (
    position: number,
    filter: EntryFilter,
    count: number,
    maximumBytes = PAGE_MAXIMUM_BYTES,
  ): { entries: readonly StoredEntry[]; position: number; isEnd: boolean } =>
    inSnapshot(this.#database, () => {
      const passes = this.#passes(filter);
      const entries: StoredEntry[] = [];
      let bytes = 0;
      let lookedThrough = 0;
      let reached = position;
      let isCut = false;
      for (const candidate of this.#candidates(position, filter)) {
        lookedThrough += 1;
        reached = candidate.position;
        if (passes(candidate)) {
          const entry = toEntry(this.#statements.byPosition.get(candidate.position) ?? {});
          const run = filter.rollout && this.#judged.runOf(candidate.position);
          entries.push(run === undefined ? entry : { ...entry, run });
          bytes += Buffer.byteLength(entry.canonical);
        }
        isCut = entries.length >= count || bytes >= maximumBytes || lookedThrough >= LOOKED_THROUGH_MAXIMUM;
        if (isCut) break;
      }
      const last = this.lastPosition();
      if (!isCut) reached = Math.max(position, last);
      return { entries, position: reached, isEnd: reached >= last };
    });

  readonly texts = (namespace: string, recordId: string): readonly SealedText[] =>
    this.#statements.texts.all(recordId, namespace) as unknown as readonly SealedText[];

  readonly sourceGaps = (): readonly SourceGap[] =>
    this.#statements.sourceGaps.all(SOURCE_GAPS_MAXIMUM) as unknown as readonly SourceGap[];

  /** By the index that leads to the fewest of them; they may hold more than pass. */
  #candidates(position: number, { runId, types, rollout }: EntryFilter): Iterable<Candidate> {
    const columns = 'position, tree, type, run_id, agent, canonical IS NULL AS isPruned';
    const rows = (where: string, ...values: readonly string[]): Iterable<unknown> =>
      this.#database
        .prepare(`SELECT ${columns} FROM entries WHERE ${where} position > ? ORDER BY position LIMIT ?`)
        .iterate(...values, position, LOOKED_THROUGH_MAXIMUM);
    if (rollout !== undefined) {
      return this.#statements.ofRollout.iterate(
        rollout.namespace,
        rollout.name,
        position,
        LOOKED_THROUGH_MAXIMUM,
      ) as Iterable<unknown> as Iterable<Candidate>;
    }
    if (runId !== undefined) return rows('run_id = ? AND', runId) as Iterable<Candidate>;
    if (types === undefined || types.length > TYPES_BY_INDEX_MAXIMUM) return rows('') as Iterable<Candidate>;
    return inOrder(types.map((type) => rows('type = ? AND', type) as Iterable<Candidate>));
  }

  #passes({ namespaces, types, runId, agent }: EntryFilter): (candidate: Candidate) => boolean {
    const trees =
      namespaces &&
      new Set(
        namespaces.map(
          (namespace) => (this.#statements.tree.get(namespace) as { tree: number } | undefined)?.tree,
        ),
      );
    const wantedTypes = types && new Set<string>(types);
    return (candidate) =>
      candidate.isPruned === 0 &&
      (trees === undefined || trees.has(candidate.tree)) &&
      (wantedTypes === undefined || wantedTypes.has(candidate.type)) &&
      (runId === undefined || candidate.run_id === runId) &&
      (agent === undefined || candidate.agent === agent);
  }
}

/**
 * Merges what is each in the order of its positions. Statements that are not at their end are ended with it: each holds the connection
 * at the moment at which it was begun, and all that is read after it would be of that moment.
 */
function* inOrder(lists: readonly Iterable<Candidate>[]): Generator<Candidate, undefined> {
  const iterators = lists.map((list) => list[Symbol.iterator]());
  try {
    const heads = iterators.map((iterator) => iterator.next());
    for (;;) {
      let first: { readonly place: number; readonly candidate: Candidate } | undefined;
      for (const [place, head] of heads.entries()) {
        if (head.done === true) continue;
        const candidate = head.value;
        if (first === undefined || candidate.position < first.candidate.position)
          first = { place, candidate };
      }
      if (first === undefined) return undefined;
      yield first.candidate;
      const iterator = iterators[first.place];
      if (iterator !== undefined) heads[first.place] = iterator.next();
    }
  } finally {
    for (const iterator of iterators) iterator.return?.();
  }
}

function toEntry(row: Readonly<Record<string, unknown>>): StoredEntry {
  const { position, namespace, index, canonical, textFields } = row as unknown as EntryColumns;
  return {
    position,
    namespace,
    index,
    canonical,
    textFields: textFields === null ? [] : textFields.split(',').toSorted(),
  };
}

function prepareStatements(database: DatabaseSync) {
  const entries = (where: string) =>
    database.prepare(
      `SELECT ${ENTRY_COLUMNS} FROM entries JOIN trees USING (tree) WHERE canonical IS NOT NULL AND ${where}`,
    );
  return {
    namespaces: database.prepare('SELECT namespace FROM trees ORDER BY namespace'),
    tree: database.prepare('SELECT tree, size FROM trees WHERE namespace = ?'),
    tile: database.prepare(
      `SELECT hashes FROM tiles
       WHERE tree = (SELECT tree FROM trees WHERE namespace = ?) AND level = ? AND tile = ?`,
    ),
    byIndex: entries('namespace = ? AND tree_index >= ? AND tree_index < ? ORDER BY tree_index'),
    byRecord: entries('record_id = ? AND namespace = ?'),
    byPosition: entries('entries.position = ?'),
    ofRollout: database.prepare(
      `SELECT judged.position, judged.tree, type, entries.run_id, agent, canonical IS NULL AS isPruned
       FROM judged_outcomes AS judged JOIN entries ON entries.position = judged.position
       WHERE judged.tree = (SELECT tree FROM trees WHERE namespace = ?) AND judged.rollout = ? AND judged.position > ?
       ORDER BY judged.position LIMIT ?`,
    ),
    receivedFrom: database.prepare(
      `SELECT position FROM entries WHERE canonical IS NOT NULL AND received_at >= ?
       ORDER BY received_at, position LIMIT 1`,
    ),
    lastPosition: database.prepare('SELECT max(position) AS position FROM entries'),
    texts: database.prepare(
      `SELECT field, key_id AS keyId, bytes, expires_at AS expiresAtMicroseconds
       FROM texts JOIN entries USING (position) JOIN trees USING (tree)
       WHERE record_id = ? AND namespace = ? ORDER BY field`,
    ),
    sourceGaps: database.prepare(
      `SELECT reporter, process, instance, boot, first_missing AS firstMissing, last_missing AS lastMissing,
         seen_at AS seenAtMicroseconds
       FROM source_gaps JOIN sources USING (source)
       ORDER BY seen_at DESC, source DESC, first_missing DESC LIMIT ?`,
    ),
  };
}
