/**
 * A thread of the store as its callers see it. Every call has an end: a result, the error that it met, the death of the
 * thread, or a deadline, after which the thread is given up.
 */
import { Worker } from 'node:worker_threads';
import { StoreClosedError } from '../ledger-store.ts';
import type { ThreadData } from './store-thread.ts';
import { toError } from './thread-messages.ts';
import type { AnswerMessage, CallMessage } from './thread-messages.ts';

const THREAD = new URL('store-thread.ts', import.meta.url);

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

export interface ThreadOptions {
  readonly data: ThreadData;
  readonly callSeconds: number;
  /** Told once, when the thread ends without having been closed. */
  readonly onDeath: (error: Error) => void;
  /** What runs in the thread. */
  readonly program?: URL;
}

export class ThreadCalls {
  readonly #options: ThreadOptions;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #end: Error | undefined;

  /** The thread begins to load at once, and answers nothing before it is opened. */
  constructor(options: ThreadOptions) {
    this.#options = options;
    this.#worker = new Worker(options.program ?? THREAD, { workerData: options.data });
    this.#worker.on('message', this.#answer);
    this.#worker.on('error', (error) => {
      this.#die(new StoreClosedError(`${this.#name} has died: ${String(error)}.`));
    });
    this.#worker.on('exit', (code) => {
      this.#die(new StoreClosedError(`${this.#name} has ended by itself (${code}).`));
    });
  }

  /** Opens its connection. Rejects with what it met, and is dead then. */
  async open(): Promise<void> {
    try {
      await this.call('open');
    } catch (error) {
      this.#end ??= error as Error;
      await this.#worker.terminate();
      throw error;
    }
  }

  get isAlive(): boolean {
    return this.#end === undefined;
  }

  readonly call = async (method: string, ...values: readonly unknown[]): Promise<unknown> => {
    if (this.#end !== undefined) throw this.#end;
    const id = (this.#lastId += 1);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const { callSeconds } = this.#options;
    const timer = setTimeout(() => {
      this.#die(
        new StoreClosedError(`${this.#name} has not answered a call (${method}) for ${callSeconds} s.`),
      );
    }, callSeconds * 1000);
    this.#waiting.set(id, { resolve, reject, timer });
    const message: CallMessage = { id, method, values };
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#worker.postMessage(message);
    return promise;
  };

  /** What was called before is answered before. Never rejects: a thread that has died has nothing left to close. */
  async close(): Promise<void> {
    const closing = this.call('close').catch(() => undefined);
    this.#end ??= new StoreClosedError(`The ledger ${this.#options.data.path} is closed.`);
    await closing;
    await this.#worker.terminate();
  }

  get #name(): string {
    return `The ${this.#options.data.role} thread of the ledger ${this.#options.data.path}`;
  }

  readonly #answer = (message: AnswerMessage): void => {
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    this.#waiting.delete(message.id);
    clearTimeout(waiting.timer);
    if (message.kind === 'result') waiting.resolve(message.value);
    else waiting.reject(toError(message.error));
  };

  #die(error: Error): void {
    const isFirst = this.#end === undefined;
    this.#end ??= error;
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#waiting.clear();
    if (!isFirst) return;
    void this.#worker.terminate();
    this.#options.onDeath(error);
  }
}
