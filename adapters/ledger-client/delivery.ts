/**
 * Takes batches out of the spool and brings them to the ledger, one after the other, for as long as it takes. A batch
 * leaves the spool only once the ledger has answered for each of its records.
 */
import { backoffSeconds } from '../kubernetes/backoff.ts';
import { pause } from '../kubernetes/pause.ts';
import type { RecordPost, PostResult } from './post-records.ts';
import type { Spool, SpooledBatch } from './spool.ts';
import type { SpooledRecord } from './spool-line.ts';

/** Doubled by `backoffSeconds`. A waiter may cut a pause short, to the least of it. */
const BACKOFF = { minimumSeconds: 0.2, maximumSeconds: 15 };

const FINISHING_PAUSE_SECONDS = 1;

export interface RefusedRecord {
  readonly record: SpooledRecord;
  readonly code: string;
  readonly message: string;
}

export interface DeliveryOptions {
  readonly spool: Spool;
  readonly post: RecordPost;
  /** So long single records wait for others to go with. */
  readonly gatherMilliseconds: number;
  readonly random: () => number;
  /** Before the batch leaves the spool; what rejects is tried again. */
  readonly onTaken: (batch: SpooledBatch, refused: readonly RefusedRecord[]) => Promise<void>;
  readonly onRemoved: () => void;
  readonly onFailure: (failure: string, detail: string, failures: number) => void;
  readonly onRecovered: (failures: number) => void;
}

export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #ending = new AbortController();
  readonly #finishing = new AbortController();
  #hurry = Promise.withResolvers<void>();
  #isHurried = false;
  #wake = Promise.withResolvers<void>();
  #failures = 0;
  #ended: Promise<void> | undefined;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  begin(): void {
    this.#ended = this.#run();
  }

  /** There is something in the spool. */
  wake(): void {
    this.#wake.resolve();
  }

  /** Somebody waits for what is in the spool: neither gathers nor rests longer than must be. */
  hurry(): void {
    this.#isHurried = true;
    this.#hurry.resolve();
    this.wake();
  }

  /** The process ends soon: no longer pauses than a second, whatever the ledger asks for. */
  finish(): void {
    this.#finishing.abort();
    this.hurry();
  }

  /** Ends also what is under way; it stays in the spool. */
  async end(): Promise<void> {
    this.#ending.abort();
    this.wake();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { spool, gatherMilliseconds } = this.#options;
    const { signal } = this.#ending;
    while (!signal.aborted) {
      if (!spool.hasUnread) {
        this.#wake = Promise.withResolvers();
        if (!spool.hasUnread && !signal.aborted) await this.#wake.promise;
        if (!this.#isHurried && !this.#finishing.signal.aborted) await this.#rest(gatherMilliseconds / 1000);
        continue;
      }
      this.#isHurried = false;
      this.#hurry = Promise.withResolvers();
      try {
        const batch = await spool.read();
        if (batch !== undefined) await this.#deliver(batch);
      } catch (error) {
        await this.#fail('spool', error instanceof Error ? error.message : String(error));
      }
    }
  }

  async #deliver(batch: SpooledBatch): Promise<void> {
    const refused = await this.#postAll(batch.records);
    if (refused === undefined) return;
    await this.#options.onTaken(batch, refused);
    await this.#options.spool.acknowledge(batch);
    this.#options.onRemoved();
  }

  /** Undefined: not all of it was answered for. */
  async #postAll(records: readonly SpooledRecord[]): Promise<readonly RefusedRecord[] | undefined> {
    if (records.length === 0) return [];
    const result = await this.#options.post.post(records, this.#ending.signal);
    if (this.#ending.signal.aborted && result.kind !== 'taken') return undefined;
    if (result.kind === 'failed') {
      await this.#fail(result.failure, result.detail, result.retryAfterSeconds);
      return undefined;
    }
    if (this.#failures > 0) this.#options.onRecovered(this.#failures);
    this.#failures = 0;
    return result.kind === 'taken'
      ? refusedOf(records, result)
      : await this.#postParts(records, result.message);
  }

  /** One record of a body that cannot be taken must not hold up the others: halves find it. */
  async #postParts(
    records: readonly SpooledRecord[],
    message: string,
  ): Promise<readonly RefusedRecord[] | undefined> {
    const [record] = records;
    if (record !== undefined && records.length === 1) {
      return [{ record, code: 'record_invalid', message }];
    }
    const middle = Math.ceil(records.length / 2);
    const first = await this.#postAll(records.slice(0, middle));
    const second = first && (await this.#postAll(records.slice(middle)));
    return second && [...first, ...second];
  }

  async #fail(failure: string, detail: string, retryAfterSeconds?: number): Promise<void> {
    this.#failures += 1;
    this.#options.onFailure(failure, detail, this.#failures);
    const { random } = this.#options;
    // Jitter, so that not all come back at the same moment. Nobody who waits cuts short what the ledger asks for.
    const asked = retryAfterSeconds === undefined ? 0 : retryAfterSeconds * (1 + random() / 4);
    const seconds = asked > 0 ? asked : backoffSeconds(this.#failures, BACKOFF, random);
    const least = Math.max(asked, BACKOFF.minimumSeconds);
    const { signal } = this.#ending;
    if (!this.#finishing.signal.aborted) {
      await pause(least, AbortSignal.any([signal, this.#finishing.signal]));
      await this.#rest(seconds - least);
    }
    if (this.#finishing.signal.aborted) await pause(Math.min(seconds, FINISHING_PAUSE_SECONDS), signal);
  }

  /** Ends early when somebody waits. */
  async #rest(seconds: number): Promise<void> {
    if (seconds <= 0) return;
    const over = new AbortController();
    void this.#hurry.promise.then(() => over.abort());
    await pause(seconds, AbortSignal.any([this.#ending.signal, over.signal]));
  }
}

function refusedOf(
  records: readonly SpooledRecord[],
  { refused }: Extract<PostResult, { readonly kind: 'taken' }>,
): readonly RefusedRecord[] {
  return refused.flatMap(({ index, code, message }) => {
    const record = records[index];
    return record === undefined ? [] : [{ record, code, message }];
  });
}
