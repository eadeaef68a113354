/**
 * Moves the write-ahead log into the database file, beside the writer and not within its commits: a checkpoint waits for
 * the disk twice, and whoever waits for a commit must not wait for that.
 *
 * A passive checkpoint holds up nobody, but while the writer never pauses the log is never begun anew. So when it has
 * grown, one more, which the writer waits for, ends what the passive one left: little. The file of the log keeps its size:
 * that room is the ledger's also when the disk is full.
 */
import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { openWritableConnection } from './connection.ts';

const PASSIVE_BYTES = 1_048_576;

export interface CheckpointOptions {
  readonly intervalMilliseconds: number;
  /** The log is begun anew when it is larger. */
  readonly restartBytes: number;
}

const DEFAULTS: CheckpointOptions = { intervalMilliseconds: 500, restartBytes: 67_108_864 };

export class CheckpointLoop {
  readonly #database: DatabaseSync;
  readonly #logPath: string;
  readonly #restartBytes: number;
  readonly #timer: NodeJS.Timeout;

  constructor(path: string, { intervalMilliseconds, restartBytes } = DEFAULTS) {
    this.#database = openWritableConnection(path);
    this.#logPath = `${path}-wal`;
    this.#restartBytes = restartBytes;
    this.#timer = setInterval(this.checkpoint, intervalMilliseconds);
  }

  readonly checkpoint = (): void => {
    const bytes = statSync(this.#logPath, { throwIfNoEntry: false })?.size ?? 0;
    if (bytes < PASSIVE_BYTES) return;
    try {
      this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)');
      if (bytes > this.#restartBytes) this.#database.exec('PRAGMA wal_checkpoint(RESTART)');
    } catch {
      // A full or failing disk: the log stays as it is, commits meet the same disk and say so, and this is tried again.
    }
  };

  readonly close = (): void => {
    clearInterval(this.#timer);
    this.#database.close();
  };
}
