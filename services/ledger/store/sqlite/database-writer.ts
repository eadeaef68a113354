/**
 * All that changes the database: one connection, one transaction a call. The epoch fences: whoever opens the file for
 * writing raises it, and every transaction of those before finds that out before it writes.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { AppendOutcome, SubmittedRecord } from '../ledger-store.ts';
import { StoreFencedError } from '../ledger-store.ts';
import { LOSS_PREFIX, LOSSES_END, readLoss, StoreTamperedError, tellsOfLoss } from '../standing-losses.ts';
import { openWritableConnection } from './connection.ts';
import { EntryWriter } from './entry-writer.ts';
import { upgradeSchema } from './schema.ts';
import { inTransaction } from './transaction.ts';

/** Texts that one transaction erases: the others wait no longer than for that. */
const ERASED_AT_ONCE_MAXIMUM = 1_000;

export interface DatabaseWriterOptions {
  readonly path: string;
  /** Beyond it appends are refused with StoreFullError. Undefined: the disk is the bound. */
  readonly maximumBytes?: number;
}

export class DatabaseWriter {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #epoch: number;
  readonly #entries: EntryWriter;
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor({ path, maximumBytes }: DatabaseWriterOptions) {
    this.#path = path;
    this.#database = openWritableConnection(path);
    try {
      upgradeSchema(this.#database, path);
      if (maximumBytes !== undefined) limitSize(this.#database, maximumBytes);
      this.#entries = new EntryWriter(this.#database);
      this.#statements = prepareStatements(this.#database);
      this.#epoch = this.#raiseEpoch();
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  readonly append = (
    batch: readonly SubmittedRecord[],
    receivedAtMicroseconds: number,
  ): readonly AppendOutcome[] =>
    this.#write(() => {
      const loss = this.#statements.standingLoss.get(LOSS_PREFIX, LOSSES_END) as
        | { value: string }
        | undefined;
      if (loss !== undefined && !batch.every(tellsOfLoss))
        throw new StoreTamperedError(readLoss(loss.value).message);
      return this.#entries.append(batch, receivedAtMicroseconds);
    });

  readonly eraseTextsOfRun = (namespace: string, runId: string): number =>
    this.#write(() => Number(this.#statements.eraseOfRun.run(runId, namespace).changes));

  readonly eraseExpiredTexts = (nowMicroseconds: number): number => {
    let erased = 0;
    for (;;) {
      const changes = this.#write(() =>
        Number(this.#statements.eraseExpired.run(nowMicroseconds, ERASED_AT_ONCE_MAXIMUM).changes),
      );
      erased += changes;
      if (changes < ERASED_AT_ONCE_MAXIMUM) return erased;
    }
  };

  readonly setDocument = (key: string, value: string): void =>
    this.#write(() => void this.#statements.setDocument.run(key, value));

  readonly deleteDocument = (key: string): void =>
    this.#write(() => void this.#statements.deleteDocument.run(key));

  readonly prune = (receivedBeforeMicroseconds: number, maximumEntries: number): number =>
    this.#write(() => {
      const { positions, dropTexts, dropBody } = this.#statements;
      const due = positions.all(receivedBeforeMicroseconds, maximumEntries) as { position: number }[];
      for (const { position } of due) {
        dropTexts.run(position);
        dropBody.run(position);
      }
      return due.length;
    });

  readonly close = (): void => {
    this.#database.close();
  };

  #raiseEpoch(): number {
    return inTransaction(this.#database, () => {
      this.#database.exec("UPDATE settings SET value = value + 1 WHERE name = 'writer_epoch'");
      return this.#readEpoch();
    });
  }

  #readEpoch(): number {
    return (this.#statements.epoch.get() as { value: number }).value;
  }

  #write<Result>(work: () => Result): Result {
    return inTransaction(this.#database, () => {
      if (this.#readEpoch() !== this.#epoch) {
        throw new StoreFencedError(
          `Another process has opened the ledger ${this.#path} for writing: this one writes no more. Run one ledger for a file.`,
        );
      }
      return work();
    });
  }
}

function limitSize(database: DatabaseSync, maximumBytes: number): void {
  const { page_size: pageBytes } = database.prepare('PRAGMA page_size').get() as { page_size: number };
  database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maximumBytes / pageBytes))}`);
}

function prepareStatements(database: DatabaseSync) {
  return {
    epoch: database.prepare("SELECT value FROM settings WHERE name = 'writer_epoch'"),
    eraseOfRun: database.prepare(
      `DELETE FROM texts WHERE position IN
         (SELECT position FROM entries WHERE run_id = ? AND tree = (SELECT tree FROM trees WHERE namespace = ?))`,
    ),
    eraseExpired: database.prepare(
      `DELETE FROM texts WHERE (position, field) IN
         (SELECT position, field FROM texts WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
    ),
    setDocument: database.prepare(
      'INSERT INTO documents (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    ),
    standingLoss: database.prepare('SELECT value FROM documents WHERE key >= ? AND key < ? LIMIT 1'),
    deleteDocument: database.prepare('DELETE FROM documents WHERE key = ?'),
    positions: database.prepare(
      `SELECT position FROM entries WHERE canonical IS NOT NULL AND received_at < ?
       ORDER BY received_at, position LIMIT ?`,
    ),
    dropTexts: database.prepare('DELETE FROM texts WHERE position = ?'),
    dropBody: database.prepare('UPDATE entries SET canonical = NULL WHERE position = ?'),
  };
}
