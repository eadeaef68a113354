/** Reads entries, trees and texts. */
import { EMPTY_TREE_ROOT, HASH_BYTES } from '#domain/transparency/tree-hashes.ts';
import type { EntryFilter, LedgerStore, SealedText, SourceGap, StoredEntry } from '../ledger-store.ts';
import { PAGE_MAXIMUM_BYTES } from '../page-bounds.ts';
import { fromColumn, toColumn } from './column-text.ts';
import type { Ask } from './connections.ts';
import { runsOfOutcomes } from './judged-outcomes.ts';

/** Entries that one call of entriesAfter looks through. */
const LOOKED_THROUGH_MAXIMUM = 20_000;
/** More types than these are found by going through all entries. */
const TYPES_BY_INDEX_MAXIMUM = 4;
const SOURCE_GAPS_MAXIMUM = 1000;

const ENTRY = `SELECT entries.position, namespace, tree_index AS index, canonical,
  ARRAY(SELECT field FROM texts WHERE texts.position = entries.position ORDER BY field) AS "textFields"
  FROM entries JOIN trees USING (tree) WHERE canonical IS NOT NULL AND`;

type EntryReads = Pick<
  LedgerStore,
  | 'namespaces'
  | 'treeHead'
  | 'tile'
  | 'entriesByIndex'
  | 'entryOfRecord'
  | 'entriesAfter'
  | 'lastPosition'
  | 'positionBefore'
  | 'texts'
  | 'sourceGaps'
>;

export function entryReads(ask: Ask): EntryReads {
  const lastPosition = async (): Promise<number> =>
    (await ask<{ position: number }>('last position', 'SELECT position FROM head'))[0]?.position ?? 0;
  return {
    lastPosition,
    positionBefore: async (receivedAtMicroseconds) => {
      const [next] = await ask<{ position: number }>(
        'received from',
        `SELECT position FROM entries WHERE canonical IS NOT NULL AND received_at >= $1
         ORDER BY received_at, position LIMIT 1`,
        [receivedAtMicroseconds],
      );
      return next === undefined ? await lastPosition() : next.position - 1;
    },
    namespaces: async () =>
      (await ask<{ namespace: string }>('namespaces', 'SELECT namespace FROM trees ORDER BY namespace')).map(
        ({ namespace }) => namespace,
      ),
    treeHead: async (namespace) => {
      const [head] = await ask<{ size: number; root: Uint8Array }>(
        'tree head',
        'SELECT size, root FROM trees WHERE namespace = $1',
        [namespace],
      );
      return head === undefined
        ? { size: 0, root: Uint8Array.from(EMPTY_TREE_ROOT) }
        : { size: head.size, root: Uint8Array.from(head.root) };
    },
    tile: async (namespace, level, index, width) => {
      const [tile] = await ask<{ hashes: Uint8Array }>(
        'tile',
        `SELECT substring(hashes FOR $4) AS hashes FROM tiles JOIN trees USING (tree)
         WHERE namespace = $1 AND level = $2 AND tile = $3 AND length(hashes) >= $4`,
        [namespace, level, index, width * HASH_BYTES],
      );
      return tile && Uint8Array.from(tile.hashes);
    },
    entriesByIndex: async (namespace, fromIndex, count) =>
      (
        await ask<StoredEntry>(
          'entries by index',
          `${ENTRY} namespace = $1 AND tree_index >= $2 AND tree_index < $3 ORDER BY tree_index`,
          [namespace, fromIndex, fromIndex + count],
        )
      ).map(toEntry),
    entryOfRecord: async (namespace, recordId) => {
      const [entry] = await ask<StoredEntry>(
        'entry of record',
        `${ENTRY} record_id = $1 AND namespace = $2`,
        [recordId, namespace],
      );
      return entry && toEntry(entry);
    },
    entriesAfter: async (position, filter, count, maximumBytes = PAGE_MAXIMUM_BYTES) => {
      // Before the entries: whatever is committed meanwhile lies beyond it, and is for the next call.
      const last = await lastPosition();
      if (position >= last) return { entries: [], position, isEnd: true };
      const looked = lookedThrough(filter);
      const values = [position, last, ...looked.values];
      const found = await ask<{ position: number }>(
        `find ${looked.name}`,
        `SELECT position FROM (${looked.text}) AS looked WHERE ${looked.passes} ORDER BY position LIMIT $${values.length + 1}`,
        [...values, count],
      );
      const positions = found.map((each) => each.position);
      const entries = await ask<StoredEntry>(
        'entries by position',
        `${ENTRY} entries.position IN (
           SELECT position FROM (
             SELECT position, sum(octet_length(canonical)) OVER (ORDER BY position) - octet_length(canonical) AS before
             FROM entries WHERE position = ANY($1)
           ) AS measured WHERE before < $2
         ) ORDER BY entries.position`,
        [positions, maximumBytes],
      );
      const runs = filter.rollout && (await runsOfOutcomes(ask, positions));
      const page = entries.map((entry) => withRun(toEntry(entry), runs?.get(entry.position)));
      const bytes = entries.reduce((sum, { canonical }) => sum + Buffer.byteLength(canonical), 0);
      const lastOfPage = entries.at(-1)?.position;
      if (lastOfPage !== undefined && bytes >= maximumBytes) {
        return { entries: page, position: lastOfPage, isEnd: lastOfPage >= last };
      }
      let reached = positions.at(-1) ?? position;
      if (positions.length < count) {
        const [end] = await ask<{ looked: number; position: number | null }>(
          `end of ${looked.name}`,
          // The filter's values are not all used here, and a statement must know the type of each.
          `SELECT count(*) AS looked, max(position) AS position FROM (${looked.text}) AS looked WHERE true OR (${looked.passes})`,
          values,
        );
        const isCut = end !== undefined && end.looked >= LOOKED_THROUGH_MAXIMUM;
        reached = (isCut ? end.position : undefined) ?? last;
      }
      return { entries: page, position: reached, isEnd: reached >= last };
    },
    texts: async (namespace, recordId) =>
      (
        await ask<SealedText>(
          'texts',
          `SELECT field, key_id AS "keyId", bytes, expires_at AS "expiresAtMicroseconds"
           FROM texts JOIN entries USING (position) JOIN trees USING (tree)
           WHERE record_id = $1 AND namespace = $2 ORDER BY field`,
          [recordId, namespace],
        )
      ).map(toText),
    sourceGaps: async () =>
      (
        await ask<SourceGap>(
          'source gaps',
          `SELECT reporter, process, instance, boot, first_missing AS "firstMissing", last_missing AS "lastMissing",
             seen_at AS "seenAtMicroseconds"
           FROM source_gaps JOIN sources USING (source)
           ORDER BY seen_at DESC, source DESC, first_missing DESC LIMIT $1`,
          [SOURCE_GAPS_MAXIMUM],
        )
      ).map(toSourceGap),
  };
}

interface LookedThrough {
  /** Of the statement: one for each shape of a filter. */
  readonly name: string;
  /** By the index that leads to the fewest; $1 and $2 are the positions to look between. They may hold more than pass. */
  readonly text: string;
  readonly passes: string;
  /** From $3 on. */
  readonly values: readonly unknown[];
}

function lookedThrough({ namespaces, types, runId, agent, rollout }: EntryFilter): LookedThrough {
  const values: unknown[] = [];
  const parameter = (value: unknown): string => `$${values.push(value) + 2}`;
  const between = 'position > $1 AND position <= $2';
  const columns = 'position, tree, type, agent, canonical IS NULL AS is_pruned';
  const passes = ['NOT is_pruned'];
  const shape: string[] = [];
  const bounded = (where: string): string =>
    `SELECT ${columns} FROM entries WHERE ${where}${between} ORDER BY position LIMIT ${LOOKED_THROUGH_MAXIMUM}`;

  let text = bounded('');
  if (rollout !== undefined) {
    shape.push('rollout');
    text = `SELECT judged.position, judged.tree, type, agent, entries.run_id, canonical IS NULL AS is_pruned
      FROM judged_outcomes AS judged JOIN entries ON entries.position = judged.position
      WHERE judged.tree = (SELECT tree FROM trees WHERE namespace = ${parameter(rollout.namespace)})
        AND judged.rollout = ${parameter(toColumn(rollout.name))} AND judged.position > $1 AND judged.position <= $2
      ORDER BY judged.position LIMIT ${LOOKED_THROUGH_MAXIMUM}`;
    if (runId !== undefined) {
      shape.push('run');
      passes.push(`run_id = ${parameter(runId)}`);
    }
  } else if (runId !== undefined) {
    shape.push('run');
    text = bounded(`run_id = ${parameter(runId)} AND `);
  } else if (types !== undefined && types.length <= TYPES_BY_INDEX_MAXIMUM) {
    shape.push('few types');
    // Each type by its index, or a rare one would be looked for through all entries.
    text = `SELECT found.* FROM unnest(${parameter(types)}::text[]) AS wanted (type)
      CROSS JOIN LATERAL (${bounded('entries.type = wanted.type AND ')}) AS found
      ORDER BY position LIMIT ${LOOKED_THROUGH_MAXIMUM}`;
  }
  if (types !== undefined) {
    shape.push('types');
    passes.push(`type = ANY(${parameter(types)}::text[])`);
  }
  if (namespaces !== undefined) {
    shape.push('namespaces');
    passes.push(`tree IN (SELECT tree FROM trees WHERE namespace = ANY(${parameter(namespaces)}::text[]))`);
  }
  if (agent !== undefined) {
    shape.push('agent');
    passes.push(`agent = ${parameter(toColumn(agent))}`);
  }
  return { name: `entries by ${shape.join(', ')}`, text, passes: passes.join(' AND '), values };
}

function withRun(entry: StoredEntry, run: StoredEntry['run']): StoredEntry {
  return run === undefined ? entry : { ...entry, run };
}

function toEntry(entry: StoredEntry): StoredEntry {
  return { ...entry, textFields: entry.textFields.map(fromColumn) };
}

function toText(text: SealedText): SealedText {
  const { field, keyId, bytes } = text;
  return { ...text, field: fromColumn(field), keyId: fromColumn(keyId), bytes: Uint8Array.from(bytes) };
}

function toSourceGap(gap: SourceGap): SourceGap {
  return { ...gap, reporter: fromColumn(gap.reporter), instance: fromColumn(gap.instance) };
}
