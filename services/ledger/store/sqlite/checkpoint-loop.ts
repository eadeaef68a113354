/**
 * Moves the write-ahead log into the database file, beside the writer and not within its commits: a checkpoint waits for
 * the disk twice, and whoever waits for a commit must not wait for that.
 *
 * A passive checkpoint holds up nobody, but while the writer never pauses the log is never begun anew. So when it has
 * grown, one more, which the writer waits for, ends what the passive one left: little. The file of the log keeps its size:
 * that room is the ledger's also when the disk is full. So the frames since its last beginning say how much it has grown,
 * and not the size of the file, which would have the writer wait at every checkpoint once it had been large.
 */
import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { openWritableConnection } from './connection.ts';
import { readPragma } from './schema.ts';

const PASSIVE_BYTES = 1_048_576;

export interface CheckpointOptions {
  readonly intervalMilliseconds: number;
  /** The log is begun anew when more was written to it since it last was. */
  readonly restartBytes: number;
}

const DEFAULTS: CheckpointOptions = { intervalMilliseconds: 500, restartBytes: 67_108_864 };

export class CheckpointLoop {
  readonly #database: DatabaseSync;
  readonly #logPath: string;
  readonly #restartFrames: number;
  readonly #timer: NodeJS.Timeout;

  constructor(path: string, { intervalMilliseconds, restartBytes } = DEFAULTS) {
    this.#database = openWritableConnection(path);
    this.#logPath = `${path}-wal`;
    this.#restartFrames = restartBytes / readPragma(this.#database, 'page_size');
    this.#timer = setInterval(this.checkpoint, intervalMilliseconds);
  }

  readonly checkpoint = (): void => {
    const bytes = statSync(this.#logPath, { throwIfNoEntry: false })?.size ?? 0;
    if (bytes < PASSIVE_BYTES) return;
    try {
      const { log: frames } = this.#database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get() as {
        log: number;
      };
      if (frames > this.#restartFrames) this.#database.exec('PRAGMA wal_checkpoint(RESTART)');
    } catch {
      // A full or failing disk: the log stays as it is, commits meet the same disk and say so, and this is tried again.
    }
  };

  readonly close = (): void => {
    clearInterval(this.#timer);
    this.#database.close();
  };
}
