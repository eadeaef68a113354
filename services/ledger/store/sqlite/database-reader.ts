/** All that is read from the database, on a connection that cannot write. */
import type { DatabaseSync } from 'node:sqlite';
import { openReadingConnection } from './connection.ts';
import { EntryReader } from './entry-reader.ts';
import { JudgedOutcomeReader } from './judged-outcomes.ts';
import { RunReader } from './run-reader.ts';
import { SumReader } from './sum-reader.ts';

/** Comes after all that a key may go on with. */
const LAST_CHARACTER = '\u{10ffff}';

export interface StoredDocument {
  readonly key: string;
  readonly value: string;
}

export function openDatabaseReader(path: string) {
  const database = openReadingConnection(path);
  const {
    namespaces,
    treeHead,
    tile,
    entriesByIndex,
    entryOfRecord,
    entriesAfter,
    lastPosition,
    positionBefore,
    texts,
    sourceGaps,
  } = new EntryReader(database);
  const { runs, runsOfId } = new RunReader(database);
  const { costs, outcomes } = new SumReader(database);
  const { histories } = new JudgedOutcomeReader(database);
  return {
    namespaces,
    treeHead,
    tile,
    entriesByIndex,
    entryOfRecord,
    entriesAfter,
    lastPosition,
    positionBefore,
    texts,
    sourceGaps,
    runs,
    runsOfId,
    costs,
    outcomes,
    histories,
    ...documentReads(database),
    close: (): void => database.close(),
  };
}
export type DatabaseReader = ReturnType<typeof openDatabaseReader>;

function documentReads(database: DatabaseSync) {
  const one = database.prepare('SELECT value FROM documents WHERE key = ?');
  const many = database.prepare('SELECT key, value FROM documents WHERE key >= ? AND key < ? ORDER BY key');
  return {
    getDocument: (key: string): string | undefined => (one.get(key) as { value: string } | undefined)?.value,
    listDocuments: (prefix: string): readonly StoredDocument[] =>
      many.all(prefix, `${prefix}${LAST_CHARACTER}`) as unknown as readonly StoredDocument[],
  };
}
