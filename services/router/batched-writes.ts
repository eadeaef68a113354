/**
 * Writes figures down later, many at once: prom-client looks its series up by their labels each time, which costs a
 * busy router more in between other work than in one go. Nothing is lost by it: a scrape sees everything up to then.
 */
const FLUSH_MILLISECONDS = 250;
const MOST_WAITING = 4_096;

export class BatchedWrites {
  readonly #onError: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  #waiting: (() => void)[] = [];

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
    this.#timer = setInterval(this.flush, FLUSH_MILLISECONDS).unref();
  }

  readonly later = (write: () => void): void => {
    this.#waiting.push(write);
    if (this.#waiting.length >= MOST_WAITING) this.flush();
  };

  /** One write that throws takes none of the others with it. */
  readonly flush = (): void => {
    const due = this.#waiting;
    this.#waiting = [];
    for (const write of due) {
      try {
        write();
      } catch (error) {
        this.#onError(error);
      }
    }
  };

  stop(): void {
    clearInterval(this.#timer);
    this.flush();
  }
}
