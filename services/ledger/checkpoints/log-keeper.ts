/**
 * LogKeeper: advances the logs of all namespaces every few seconds, and sooner when many entries have come. When a log is
 * found to have lost what was signed or witnessed, nothing is written any more until an operator says that he knows: that is
 * kept in the store, so that all replicas heed it. One replica runs it, the one that leads; each other one looks once.
 */
import type { RecordDraft } from '#domain/ledger/ledger-record.ts';
import { SECURITY_EVENTS } from '#domain/ledger/security-events.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { OwnRecords } from '../own-records.ts';
import type { LedgerStore } from '../store/ledger-store.ts';
import type { WriteGate } from '../write-gate.ts';
import { type Advance, type AdvanceParts, advanceLog } from './advance-log.ts';
import { acceptLoss } from './accept-loss.ts';
import {
  type StandingLosses,
  forgetLoss,
  originOf,
  standingLosses,
  storeLoss,
} from './checkpoint-documents.ts';
import { OtherSigningKeyError, tellSigningKey } from './signing-key-document.ts';
import type { WitnessClient } from './witness-client.ts';

/** So many entries bring the next turn forward. */
const MANY_ENTRIES = 1_000;
const NAMESPACES_AT_A_TIME = 8;

export interface LogKeeperOptions extends AdvanceParts {
  /** Of the one that leads. */
  readonly store: LedgerStore;
  /** Of any replica. */
  readonly sharedStore: LedgerStore;
  readonly ownRecords: OwnRecords;
  readonly gate: WriteGate;
  readonly logger: Logger;
  readonly intervalMilliseconds: number;
  /** By namespace: the size up to which the loss is known and accepted. */
  readonly acceptedLosses: ReadonlyMap<string, number>;
  readonly nowMilliseconds: () => number;
  readonly nowMicroseconds: () => number;
  readonly newId: () => string;
}

type Loss = Advance & { readonly kind: 'lost' };

export interface LogState {
  readonly size: number;
  readonly witnessedSize: number;
}

export class LogKeeper {
  readonly #options: LogKeeperOptions;
  readonly #states = new Map<string, LogState>();
  /** Since when a namespace has entries that no witness has seen. */
  readonly #unwitnessedSince = new Map<string, number>();
  readonly #lost = new Set<string>();
  readonly #seen = new Set<string>();
  readonly #waiting = new Set<() => void>();
  #entries = 0;
  #alarms = 0;
  #isWitnessAway = false;
  #isKeyTold = false;
  #wake: (() => void) | undefined;

  constructor(options: LogKeeperOptions) {
    this.#options = options;
  }

  get states(): ReadonlyMap<string, LogState> {
    return this.#states;
  }

  get alarms(): number {
    return this.#alarms;
  }

  /** 0 where all has been witnessed, and where there is no witness. */
  witnessLagSeconds(): number {
    const now = this.#options.nowMilliseconds();
    const longest = Math.max(0, ...[...this.#unwitnessedSince.values()].map((since) => now - since));
    return longest / 1000;
  }

  written(entries: number): void {
    this.#entries += entries;
    if (this.#entries >= MANY_ENTRIES) this.#wake?.();
  }

  /** One turn over all namespaces: before the ledger serves, and then again and again. */
  async turn(signal: AbortSignal): Promise<void> {
    this.#entries = 0;
    this.#isWitnessAway = false;
    const { store, key } = this.#options;
    const losses = await standingLosses(store);
    await this.#inEachNamespace(signal, (namespace) => this.#advance(namespace, losses, signal));
    if (!this.#isKeyTold && !signal.aborted && losses.size === 0 && this.#lost.size === 0) {
      await tellSigningKey(store, key);
      this.#isKeyTold = true;
    }
    for (const told of this.#waiting) told();
    this.#waiting.clear();
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // At once: whoever comes to lead may have found the database of yesterday.
      try {
        await this.turn(signal);
      } catch (error) {
        if (!signal.aborted) this.#options.logger.error({ error }, 'checkpoints could not be made');
      }
      if (!signal.aborted) await this.#pause(signal);
    }
  }

  /**
   * Once, before a replica that does not lead serves: it holds all logs against what was signed and witnessed, as the leader
   * did at its own start, and writes nothing but a loss. Rejects with OtherSigningKeyError.
   */
  async look(signal: AbortSignal): Promise<void> {
    this.#isWitnessAway = false;
    const { sharedStore: store } = this.#options;
    const losses = await standingLosses(store);
    await this.#inEachNamespace(signal, async (namespace) => {
      if (losses.has(namespace)) return;
      const origin = await originOf(store, this.#options.key.name, namespace);
      const parts = { ...this.#options, store: { ...store, setDocument: async () => undefined } };
      const options = { isFirst: true, signal };
      const advance = await advanceLog({ ...parts, witness: this.#presentWitness() }, namespace, options);
      if (advance.kind === 'unwitnessed' && advance.isAway) this.#isWitnessAway = true;
      if (advance.kind !== 'lost') return;
      if (advance.isOfAnotherKey) throw new OtherSigningKeyError(this.#options.key);
      // Not what was accepted meanwhile: it is another log now.
      if ((await originOf(store, this.#options.key.name, namespace)) === origin) {
        await this.#loss(store, namespace, advance);
      }
    });
  }

  /** Another replica leads now: what was known here grows old, and is found anew if this one leads again. */
  rest(): void {
    this.#states.clear();
    this.#unwitnessedSince.clear();
    this.#lost.clear();
    this.#seen.clear();
    this.#isKeyTold = false;
  }

  /** Resolves after the next turn, or after the time. */
  async nextTurn(timeoutMilliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const told = (): void => resolve();
    const timer = setTimeout(told, timeoutMilliseconds);
    this.#waiting.add(told);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(told);
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => resolve();
    const timer = setTimeout(wake, this.#options.intervalMilliseconds);
    signal.addEventListener('abort', wake, { once: true });
    this.#wake = wake;
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      this.#wake = undefined;
    }
  }

  async #inEachNamespace(signal: AbortSignal, work: (namespace: string) => Promise<void>): Promise<void> {
    const namespaces = [...(await this.#options.sharedStore.namespaces())];
    const workOff = async (): Promise<void> => {
      for (let next = namespaces.pop(); next !== undefined; next = namespaces.pop()) {
        if (signal.aborted) return;
        await work(next);
      }
    };
    await Promise.all(Array.from({ length: NAMESPACES_AT_A_TIME }, workOff));
  }

  /** One that does not answer is asked once a turn, not once for each namespace. */
  #presentWitness(): WitnessClient | undefined {
    const { witness } = this.#options;
    return witness !== undefined && this.#isWitnessAway ? { ...witness, add: AWAY } : witness;
  }

  async #advance(namespace: string, losses: StandingLosses, signal: AbortSignal): Promise<void> {
    // Not for as long as the loss stands. Whoever comes to lead looks once himself.
    if (this.#lost.has(namespace) && losses.has(namespace)) return;
    this.#lost.delete(namespace);
    const witness = this.#presentWitness();
    const advance = await advanceLog({ ...this.#options, witness }, namespace, {
      isFirst: !this.#seen.has(namespace),
      signal,
    });
    // Only where the witness had a say: what it alone has found is not undone by its silence.
    const isWhole = advance.kind === 'unchanged' || advance.kind === 'advanced';
    if (isWhole && losses.has(namespace)) await forgetLoss(this.#options.store, namespace);
    switch (advance.kind) {
      case 'unchanged':
        return;
      case 'advanced':
        this.#seen.add(namespace);
        this.#unwitnessedSince.delete(namespace);
        this.#states.set(namespace, { size: advance.size, witnessedSize: witness ? advance.size : 0 });
        return;
      case 'unwitnessed':
        this.#unwitnessed(namespace, advance);
        return;
      case 'lost':
        await this.#loss(this.#options.store, namespace, advance);
    }
  }

  #unwitnessed(
    namespace: string,
    { size, message, isAway }: Advance & { readonly kind: 'unwitnessed' },
  ): void {
    const witnessedSize = this.#states.get(namespace)?.witnessedSize ?? 0;
    this.#states.set(namespace, { size, witnessedSize });
    if (!this.#unwitnessedSince.has(namespace)) {
      this.#unwitnessedSince.set(namespace, this.#options.nowMilliseconds());
      this.#options.logger.warn({ namespace, size, reason: message }, 'a checkpoint has no witness');
    }
    if (isAway) this.#isWitnessAway = true;
  }

  async #loss(store: LedgerStore, namespace: string, { size, sentence }: Loss): Promise<void> {
    const { acceptedLosses, logger, gate, ownRecords } = this.#options;
    if (acceptedLosses.get(namespace) === size) {
      await acceptLoss({ ...this.#options, store }, namespace, { size, message: sentence });
      return;
    }
    this.#alarms += 1;
    logger.fatal({ namespace, size, sentence }, 'the ledger has lost what was signed or witnessed');
    const { ok: isTold } = await ownRecords.tell(this.#alarm(namespace, sentence));
    const message = `${sentence} Nothing is written until somebody has looked; to go on without what is missing, set CAPATAZ_ACCEPTED_LOSSES=${namespace}=${size}.`;
    gate.tampered(namespace, message);
    await storeLoss(store, namespace, { size, message });
    // Whoever watches over security must be told: else it is found once more in the next turn.
    if (isTold) this.#lost.add(namespace);
  }

  #alarm(namespace: string, sentence: string): RecordDraft {
    const { severity, owasp } = SECURITY_EVENTS.ledger_tampered;
    return {
      id: this.#options.newId(),
      type: 'security_event',
      namespace,
      atMicroseconds: this.#options.nowMicroseconds(),
      event: 'ledger_tampered',
      severity,
      action: 'observed',
      owasp: [...owasp],
      sentence,
    };
  }
}

const AWAY: WitnessClient['add'] = async () => ({ kind: 'away', message: 'it did not answer just now' });
