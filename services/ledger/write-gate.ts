/**
 * WriteGate: whether the ledger takes records, and why not. Reading goes on in any case.
 *
 *   open --store is full--> full --(an attempt now and then succeeds)--> open
 *     |--another writer---> fenced      for good: this process has lost the store
 *     +--loss is found----> tampered    until an operator accepts the loss by configuration. Found by the replica that
 *                                       leads, and kept in the store, which asks in every append
 */
import type { Refusal } from '#domain/failures/refusal.ts';
import type { Readiness } from '#process/health-server.ts';
import { StoreFencedError, StoreFullError } from './store/ledger-store.ts';
import { StoreTamperedError } from './store/standing-losses.ts';

const RETRY_MILLISECONDS = 5_000;

const FENCED: Refusal = {
  code: 'ledger_fenced',
  message:
    'Another process has opened the store since, so this one writes no more: ask again, the other one answers.',
  retryAfterSeconds: 2,
};
const FULL: Refusal = {
  code: 'ledger_full',
  message:
    'The volume of the ledger is full, so nothing can be written: make the volume larger or the retention shorter.',
  retryAfterSeconds: RETRY_MILLISECONDS / 1000,
};
/** Says nothing of what was found: whoever tells may have no right to know of another namespace. */
const TAMPERED: Refusal = {
  code: 'ledger_tampered',
  message:
    'The store is behind or apart from what was signed or witnessed, so nothing is written until an operator has looked: the log of the ledger and its readiness say what was found.',
  retryAfterSeconds: 60,
};

export class WriteGate {
  readonly #nowMilliseconds: () => number;
  #isFenced = false;
  #fullSinceMilliseconds: number | undefined;
  #tampered: ReadonlyMap<string, string> = new Map();

  constructor(nowMilliseconds: () => number) {
    this.#nowMilliseconds = nowMilliseconds;
  }

  /**
   * Undefined: write. A full store is tried again after a while, for somebody may have made room. What tells of a loss is
   * written although one stands.
   */
  refusal({ tellsOfLoss }: { readonly tellsOfLoss: boolean }): Refusal | undefined {
    const standing = tellsOfLoss ? this.#ofStore() : this.#standing();
    if (standing !== FULL) return standing;
    const isTimeToTry = this.#nowMilliseconds() - (this.#fullSinceMilliseconds ?? 0) >= RETRY_MILLISECONDS;
    return isTimeToTry ? undefined : FULL;
  }

  readiness(): Readiness {
    const standing = this.#standing();
    if (standing === undefined) return { ready: true };
    const [found] = standing === TAMPERED ? this.#tampered.values() : [];
    return { ready: false, reason: `read-only: ${found ?? standing.message}` };
  }

  written(): void {
    this.#fullSinceMilliseconds = undefined;
  }

  /** What an append failed with; the refusal to tell, or undefined when it is no state of the store. */
  failed(error: unknown): Refusal | undefined {
    if (error instanceof StoreFencedError) {
      this.#isFenced = true;
      return FENCED;
    }
    if (error instanceof StoreFullError) {
      this.#fullSinceMilliseconds = this.#nowMilliseconds();
      return FULL;
    }
    // Not kept here: which losses stand is read from the store again and again.
    if (error instanceof StoreTamperedError) return TAMPERED;
    return undefined;
  }

  /** `sentence` says what was found. */
  tampered(namespace: string, sentence: string): void {
    this.#tampered = new Map([...this.#tampered, [namespace, sentence]]);
  }

  /** All that stand now, by namespace. */
  standing(tampered: ReadonlyMap<string, string>): void {
    this.#tampered = tampered;
  }

  #standing(): Refusal | undefined {
    return this.#isFenced ? FENCED : (this.#ofLosses() ?? this.#ofStore());
  }

  #ofLosses(): Refusal | undefined {
    return this.#tampered.size > 0 ? TAMPERED : undefined;
  }

  #ofStore(): Refusal | undefined {
    if (this.#isFenced) return FENCED;
    return this.#fullSinceMilliseconds === undefined ? undefined : FULL;
  }
}
