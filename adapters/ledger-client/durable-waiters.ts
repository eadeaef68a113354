/** Who waits until the ledger has acknowledged a record, by the record's number. */
import { NotRecordedError } from '#domain/ledger/record-writer.ts';

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

export class DurableWaiters {
  readonly #waiters = new Map<number, Waiter>();

  get isEmpty(): boolean {
    return this.#waiters.size === 0;
  }

  /** Rejects with NotRecordedError in the end, or with the reason of the signal. */
  async wait(
    sequence: number,
    { timeoutMilliseconds, signal }: { readonly timeoutMilliseconds: number; readonly signal: AbortSignal },
  ): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(
      () =>
        reject(
          new NotRecordedError(`The ledger has not acknowledged the record in ${timeoutMilliseconds} ms.`),
        ),
      timeoutMilliseconds,
    );
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort);
    this.#waiters.set(sequence, { resolve, reject });
    try {
      await promise;
    } finally {
      this.#waiters.delete(sequence);
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }

  /**
   * All records up to `sequence` have left the spool. Of those that somebody waits for, `outcomeOf` says what became:
   * `undefined` is acknowledged, a sentence is why not.
   */
  passed(sequence: number, outcomeOf: (sequence: number) => string | undefined): void {
    for (const [waiting, { resolve, reject }] of this.#waiters) {
      if (waiting > sequence) continue;
      const problem = outcomeOf(waiting);
      if (problem === undefined) resolve();
      else reject(new NotRecordedError(problem));
    }
  }

  rejectAll(sentence: string): void {
    for (const { reject } of this.#waiters.values()) reject(new NotRecordedError(sentence));
  }
}
