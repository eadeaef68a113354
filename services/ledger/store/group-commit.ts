/**
 * Collects what concurrent callers hand over into one append, for a wait on the disk costs the same for one record as for
 * hundreds. Whoever comes while nothing is under way is appended at once; whoever comes meanwhile goes with the next group,
 * which begins as soon as that append has ended. No timer gathers: the slower the disk, the larger the groups become by
 * themselves, and on a fast one nobody waits for others who might come.
 * Each caller is answered when his own records are on the disk.
 */
import { StoreFencedError, StoreFullError, StoreClosedError } from './ledger-store.ts';
import type { AppendOutcome, LedgerStore, SubmittedRecord } from './ledger-store.ts';

export interface GroupCommitOptions {
  readonly append: LedgerStore['append'];
  readonly nowMicroseconds: () => number;
  /** A group is closed when it holds as many. One submission is never split. */
  readonly groupMaximumRecords: number;
  /** What may wait. Beyond, submissions are refused at once. */
  readonly queueMaximumRecords: number;
  readonly queueMaximumBytes: number;
}

export const GROUP_COMMIT_DEFAULTS = {
  groupMaximumRecords: 256,
  queueMaximumRecords: 8_192,
  queueMaximumBytes: 67_108_864,
} as const;

/** More waits than may: the caller keeps his records and tells them again later. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';
}

interface Submission {
  readonly records: readonly SubmittedRecord[];
  readonly bytes: number;
  readonly resolve: (outcomes: readonly AppendOutcome[]) => void;
  readonly reject: (error: unknown) => void;
}

export class GroupCommit implements AsyncDisposable {
  readonly #options: GroupCommitOptions;
  readonly #waiting: Submission[] = [];
  /** Of those that wait and of those that are being appended. */
  #heldRecords = 0;
  #heldBytes = 0;
  #appending: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /**
   * Resolves with one outcome a record when all of them are durable. `bytes`: what they weigh, texts included. Rejects with
   * QueueFullError, with StoreClosedError after the end, and with what the append of these records met.
   */
  readonly submit = async (
    records: readonly SubmittedRecord[],
    bytes: number,
  ): Promise<readonly AppendOutcome[]> => {
    if (this.#isClosed) throw new StoreClosedError('The ledger is ending: tell the records again later.');
    if (records.length === 0) return [];
    const { queueMaximumRecords, queueMaximumBytes } = this.#options;
    // A submission that is larger than the whole queue may pass alone, or it never would.
    const isFull =
      this.#heldRecords + records.length > queueMaximumRecords || this.#heldBytes + bytes > queueMaximumBytes;
    if (isFull && this.#heldRecords > 0) {
      throw new QueueFullError(
        `${this.#heldRecords} records (${this.#heldBytes} bytes) wait to be written already: tell these again later.`,
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<readonly AppendOutcome[]>();
    this.#waiting.push({ records, bytes, resolve, reject });
    this.#heldRecords += records.length;
    this.#heldBytes += bytes;
    this.#schedule();
    return promise;
  };

  /** What was submitted before is still written. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    while (this.#waiting.length > 0 || this.#appending !== undefined) {
      if (this.#appending === undefined) this.#begin();
      await this.#appending;
    }
  }

  get heldRecords(): number {
    return this.#heldRecords;
  }

  #schedule(): void {
    if (this.#appending !== undefined || this.#waiting.length === 0) return;
    // Not at once: what else comes in this turn of the loop belongs to the same group.
    setImmediate(this.#begin);
  }

  readonly #begin = (): void => {
    if (this.#appending !== undefined || this.#waiting.length === 0) return;
    this.#appending = this.#write(this.#takeGroup());
  };

  #takeGroup(): readonly Submission[] {
    let records = 0;
    let count = 0;
    for (const submission of this.#waiting) {
      if (records >= this.#options.groupMaximumRecords) break;
      records += submission.records.length;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #write(group: readonly Submission[]): Promise<void> {
    await this.#append(group);
    for (const { records, bytes } of group) {
      this.#heldRecords -= records.length;
      this.#heldBytes -= bytes;
    }
    this.#appending = undefined;
    this.#schedule();
  }

  /** Never rejects: every caller is told. */
  async #append(group: readonly Submission[]): Promise<void> {
    try {
      const { append, nowMicroseconds } = this.#options;
      const outcomes = await append(
        group.flatMap(({ records }) => records),
        nowMicroseconds(),
      );
      let place = 0;
      for (const { records, resolve } of group) {
        resolve(outcomes.slice(place, place + records.length));
        place += records.length;
      }
    } catch (error) {
      if (group.length === 1 || concernsAll(error)) {
        for (const { reject } of group) reject(error);
        return;
      }
      // Something in one of them: the others must not fail for it. Nor may an alarm, where a loss stands for all but that.
      for (const submission of group) await this.#append([submission]);
    }
  }
}

function concernsAll(error: unknown): boolean {
  return (
    error instanceof StoreFencedError || error instanceof StoreFullError || error instanceof StoreClosedError
  );
}
