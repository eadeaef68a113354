/**
 * Leader: whether this replica is the one that signs, has witnessed, delivers, prunes and expires. Each replica asks for the
 * lead until it gets it. Whoever loses it stops, and asks again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '#telemetry/logger.ts';
import { type Lead, LeadLostError, type LedgerStore } from './store/ledger-store.ts';

const ASK_MILLISECONDS = 2_000;

export class Leader implements AsyncDisposable {
  /** For what one replica alone does: its documents are changed only while this one leads. */
  readonly store: LedgerStore;
  readonly #logger: Logger;
  #lead: Lead | undefined;

  constructor(store: LedgerStore, logger: Logger) {
    this.#logger = logger;
    this.store = {
      ...store,
      setDocument: (key, value) => this.#held().setDocument(key, value),
      deleteDocument: (key) => this.#held().deleteDocument(key),
    };
  }

  get isLeading(): boolean {
    return this.#lead !== undefined && !this.#lead.lost.aborted;
  }

  /** Takes the lead where nobody has it. Never rejects: a store that cannot be asked gives none. */
  async ask(): Promise<void> {
    if (this.isLeading) return;
    try {
      this.#lead = await this.store.takeLead();
    } catch (error) {
      this.#lead = undefined;
      this.#logger.warn({ error }, 'the store could not be asked who leads');
    }
    if (this.#lead !== undefined) this.#logger.info('this replica leads: it signs, delivers and forgets');
  }

  /**
   * `work` is begun each time that this replica comes to lead, and must end with its signal. The lead is kept at the end, for
   * what is left to do: it goes with this object.
   */
  async run(signal: AbortSignal, work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    while (!signal.aborted) {
      await this.ask();
      const lead = this.#lead;
      if (lead === undefined) {
        await sleep(ASK_MILLISECONDS, undefined, { signal }).catch(() => undefined);
        continue;
      }
      await work(AbortSignal.any([signal, lead.lost]));
      if (lead.lost.aborted) this.#logger.warn('this replica leads no longer');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lead?.[Symbol.asyncDispose]();
    this.#lead = undefined;
  }

  #held(): Lead {
    if (this.#lead === undefined)
      throw new LeadLostError('Another replica leads: this one writes no such document.');
    return this.#lead;
  }
}
