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
}

export class ThreadCalls {
  readonly #options: ThreadOptions;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #end: Error | undefined;

  private constructor(options: ThreadOptions) {
    this.#options = options;
    this.#worker = new Worker(THREAD, { workerData: options.data });
  }

  /** Rejects with what kept the thread from opening the database. */
  static async start(options: ThreadOptions): Promise<ThreadCalls> {
    const thread = new ThreadCalls(options);
    await thread.#opened();
    return thread;
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
    this.#worker.postMessage(message);
    return promise;
  };

  /** What was called before is answered before. */
  async close(): Promise<void> {
    if (this.#end !== undefined) return;
    const closed = this.call('close');
    this.#end = new StoreClosedError(`The ledger ${this.#options.data.path} is closed.`);
    try {
      await closed;
    } finally {
      await this.#worker.terminate();
    }
  }

  get #name(): string {
    return `The ${this.#options.data.role} thread of the ledger ${this.#options.data.path}`;
  }

  async #opened(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#worker.on('message', (message: AnswerMessage) => {
      if (message.kind === 'ready') resolve();
      else if (message.kind === 'unopened') reject(toError(message.error));
      else this.#answer(message);
    });
    this.#worker.on('error', (error: unknown) => {
      reject(error instanceof Error ? error : new Error(String(error)));
      this.#die(new StoreClosedError(`${this.#name} has died: ${String(error)}.`));
    });
    this.#worker.on('exit', (code) => {
      const error = new StoreClosedError(`${this.#name} has ended by itself (${code}).`);
      reject(error);
      this.#die(error);
    });
    try {
      await promise;
    } catch (error) {
      this.#end ??= error as Error;
      await this.#worker.terminate();
      throw error;
    }
  }

  #answer(message: Extract<AnswerMessage, { id: number }>): void {
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    this.#waiting.delete(message.id);
    clearTimeout(waiting.timer);
    if (message.kind === 'result') waiting.resolve(message.value);
    else waiting.reject(toError(message.error));
  }

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
