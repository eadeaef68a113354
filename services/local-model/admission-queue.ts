/**
 * Lets a bounded number of jobs run and a bounded number wait, in the order they came. A job whose client has gone
 * leaves the queue at once.
 */

/** The queue is full; `retryAfterSeconds` is when a place in it should be free, 60 at most. */
export class QueueFullError extends Error {
  readonly waiting: number;
  readonly retryAfterSeconds: number;

  constructor(waiting: number, retryAfterSeconds: number) {
    super('the queue is full');
    this.waiting = waiting;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export interface AdmissionQueueOptions {
  readonly places: number;
  readonly queueLength: number;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
}

const RETRY_AFTER_MAXIMUM_SECONDS = 60;
/** Weight of the newest job in the mean duration. */
const NEWEST_WEIGHT = 0.2;

/** A place that is held until `leave` is called. Calling it again changes nothing. */
export interface Place {
  readonly leave: () => void;
}

interface Waiting {
  readonly admit: () => void;
}

export class AdmissionQueue {
  readonly #options: AdmissionQueueOptions;
  readonly #waiting: Waiting[] = [];
  #running = 0;
  #meanSeconds = 1;

  constructor(options: AdmissionQueueOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Waits for a place. Throws QueueFullError, or the signal's reason when it is
   * aborted while waiting.
   */
  async enter(signal: AbortSignal): Promise<Place> {
    signal.throwIfAborted();
    if (this.#running >= this.#options.places) {
      if (this.#waiting.length >= this.#options.queueLength) {
        throw new QueueFullError(this.#waiting.length, this.#retryAfterSeconds());
      }
      await this.#wait(signal);
    } else {
      this.#running += 1;
    }
    return this.#place();
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const entry: Waiting = {
      admit: () => {
        signal.removeEventListener('abort', leave);
        resolve();
      },
    };
    const leave = (): void => {
      this.#waiting.splice(this.#waiting.indexOf(entry), 1);
      reject(signal.reason as Error);
    };
    this.#waiting.push(entry);
    signal.addEventListener('abort', leave, { once: true });
    await promise;
  }

  #place(): Place {
    const start = this.#options.now();
    let isHeld = true;
    return {
      leave: () => {
        if (!isHeld) return;
        isHeld = false;
        const seconds = (this.#options.now() - start) / 1000;
        this.#meanSeconds += NEWEST_WEIGHT * (seconds - this.#meanSeconds);
        const next = this.#waiting.shift();
        // The place passes on directly: nobody who comes now can overtake.
        if (next === undefined) this.#running -= 1;
        else next.admit();
      },
    };
  }

  #retryAfterSeconds(): number {
    const seconds = (this.#meanSeconds * (this.#waiting.length + 1)) / this.#options.places;
    return Math.min(RETRY_AFTER_MAXIMUM_SECONDS, Math.max(1, Math.ceil(seconds)));
  }
}
