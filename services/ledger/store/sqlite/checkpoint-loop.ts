/**
 * Moves the write-ahead log into the database file, beside the writer and not within its commits: a checkpoint waits for
 * the disk twice, and whoever waits for a commit must not wait for that.
 *
 * A passive checkpoint holds up nobody, but while the writer never pauses the log is never begun anew. So when it has
 * grown, one more, which the writer waits for, ends what the passive one left: little. The file of the log keeps its size:
 * that room is the ledger's also when the disk is full. So the frames since its last beginning say how much it has grown,
 * and not the size of the file, which would have the writer wait at every checkpoint once it had been large.
 *
 * What was erased is still in the older frames of the log, and in the pages of the file that the log has newer ones of.
 * So after an erasure, and when it is opened, the log is moved whole and cut to nothing (`forget`). Somebody who reads an
 * older state, such as a backup, forbids that for as long: it is tried again until it is done.
 */
import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { BUSY_MILLISECONDS, openWritableConnection } from './connection.ts';
import { readPragma } from './schema.ts';

const PASSIVE_BYTES = 1_048_576;
/** While the cutting waits for readers, the writer waits for it. */
const CUTTING_MILLISECONDS = 250;
/** Between two attempts at it, at most. */
const PAUSE_MAXIMUM_MILLISECONDS = 30_000;

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
  readonly #intervalMilliseconds: number;
  /** A crash may have come between an erasure and the cutting. */
  #mustForget = true;
  #pauseMilliseconds = 0;
  #pausedUntil = 0;

  constructor(path: string, { intervalMilliseconds, restartBytes } = DEFAULTS) {
    this.#database = openWritableConnection(path);
    this.#logPath = `${path}-wal`;
    this.#restartFrames = restartBytes / readPragma(this.#database, 'page_size');
    this.#intervalMilliseconds = intervalMilliseconds;
    this.#timer = setInterval(this.checkpoint, intervalMilliseconds);
  }

  /**
   * After an erasure: what was erased is in no file when it returns, or as soon as nobody reads what was before. Reads of
   * the ledger itself are short, so that it is nearly always the former.
   */
  readonly forget = (): void => {
    this.#mustForget = true;
    this.#pauseMilliseconds = 0;
    this.#cut();
  };

  readonly checkpoint = (): void => {
    if (this.#mustForget && performance.now() >= this.#pausedUntil) this.#cut();
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

  #cut(): void {
    try {
      // Moves what it can without holding up anybody, so that little is left for what does.
      this.#database.exec(`PRAGMA wal_checkpoint(PASSIVE); PRAGMA busy_timeout = ${CUTTING_MILLISECONDS}`);
      const { busy } = this.#database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() as { busy: number };
      this.#mustForget = busy !== 0;
    } catch {
      // As for any checkpoint: it is tried again.
    } finally {
      this.#database.exec(`PRAGMA busy_timeout = ${BUSY_MILLISECONDS}`);
    }
    this.#pauseMilliseconds = this.#mustForget
      ? Math.min(
          Math.max(this.#pauseMilliseconds * 2, this.#intervalMilliseconds),
          PAUSE_MAXIMUM_MILLISECONDS,
        )
      : 0;
    this.#pausedUntil = performance.now() + this.#pauseMilliseconds;
  }

  readonly close = (): void => {
    clearInterval(this.#timer);
    this.#database.close();
  };
}
