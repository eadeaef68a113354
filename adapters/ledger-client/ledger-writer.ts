/**
 * The RecordWriter of every process that tells the ledger: numbers what it is given, keeps it in a spool on disk, and has
 * it delivered. What cannot be kept is counted and told by a gap record as soon as there is room: nothing is forgotten
 * silently.
 *
 *     write -> intake -> (a few milliseconds) -> spool -> (a tenth of a second) -> delivery -> ledger
 *                                        settled ^                   writeDurably resolves ^
 */
import type { RecordDraft, RecordSource } from '#domain/ledger/ledger-record.ts';
import { NotRecordedError, type RecordWriter } from '#domain/ledger/record-writer.ts';
import type { Logger } from '#telemetry/logger.ts';
import { Delivery, type RefusedRecord } from './delivery.ts';
import { DurableWaiters } from './durable-waiters.ts';
import {
  type GapEnvelope,
  brokenSpoolGap,
  lostIndexGap,
  lostRecordsGap,
  refusedRecordGap,
} from './gap-records.ts';
import { Intake } from './intake.ts';
import type { LedgerClientMetrics } from './ledger-client-metrics.ts';
import { createRecordPost } from './post-records.ts';
import { Spool, type SpooledBatch } from './spool.ts';

const GATHER_MILLISECONDS = 100;
/** Of some seconds each. */
const SETTLE_TRIES = 6;
const ANSWER_TIMEOUT_MILLISECONDS = 10_000;
/**
 * Their ids follow from what was decided on, or from what is missing: a start that tells again what an earlier one has told
 * says nothing new.
 */
const TYPES_WITH_IDS_OF_STATE: ReadonlySet<RecordDraft['type']> = new Set(['rollout_decision', 'gap']);

export interface LedgerWriterOptions {
  /** Base URL of the ledger. */
  readonly url: string;
  /** File of the projected token with the audience `capataz-ledger`; without it calls carry no identity. */
  readonly tokenPath?: string | undefined;
  /** Of this process alone. */
  readonly spoolFolder: string;
  /** Of all files in it together, but for the last append. */
  readonly maximumBytes: number;
  readonly source: Pick<RecordSource, 'process' | 'instance'>;
  /** Where gaps are told that belong to no other namespace: the agent's, or that of the platform. */
  readonly namespace: string;
  readonly logger: Logger;
  readonly metrics: LedgerClientMetrics;
  readonly newId: () => string;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly epochMilliseconds: () => number;
  /** Yields [0, 1). */
  readonly random: () => number;
  readonly answerTimeoutMilliseconds?: number;
}

export interface LedgerWriter extends RecordWriter {
  /** Part of the source of every record that this start tells. */
  readonly boot: string;
  /**
   * Goes on delivering for so long; what is left then stays on disk for the next start. Nothing may be written after it.
   * A second call does nothing.
   */
  readonly close: (deliverMilliseconds: number) => Promise<void>;
}

/** Rejects when the folder cannot be used, or while another process uses it. */
export async function createLedgerWriter(options: LedgerWriterOptions): Promise<LedgerWriter> {
  const boot = options.newId();
  return new SpoolingWriter(options, boot, await Spool.open(options.spoolFolder, boot, options.maximumBytes));
}

class SpoolingWriter implements LedgerWriter {
  readonly boot: string;
  readonly #options: LedgerWriterOptions;
  readonly #spool: Spool;
  readonly #intake: Intake;
  readonly #delivery: Delivery;
  readonly #waiters = new DurableWaiters();
  readonly #endPost: () => Promise<void>;
  #progress = Promise.withResolvers<void>();
  #closing: Promise<void> | undefined;

  constructor(options: LedgerWriterOptions, boot: string, spool: Spool) {
    const { logger, metrics, maximumBytes, namespace } = options;
    this.boot = boot;
    this.#options = options;
    this.#spool = spool;
    this.#intake = new Intake({
      spool,
      maximumBytes,
      namespace,
      source: { ...options.source, boot },
      onAppended: () => {
        this.#delivery.wake();
        this.#progressed();
      },
      onLost: (isFirst) => {
        metrics.records('lost', 1);
        if (isFirst)
          logger.error('the spool for the ledger is full: records are lost until there is room again');
      },
      onTextCut: ({ id, type }, field) => {
        metrics.textCut();
        logger.warn({ recordId: id, type, field }, 'a text is too long to be told whole beside its record');
      },
      onDiskFailure: (error) =>
        logger.error({ error }, 'the spool for the ledger cannot be written; it is tried again'),
    });
    const post = createRecordPost({
      url: options.url,
      tokenPath: options.tokenPath,
      answerTimeoutMilliseconds: options.answerTimeoutMilliseconds ?? ANSWER_TIMEOUT_MILLISECONDS,
      now: options.now,
    });
    this.#endPost = post.close;
    this.#delivery = new Delivery({
      spool,
      post,
      gatherMilliseconds: GATHER_MILLISECONDS,
      random: options.random,
      onTaken: (batch, refused) => this.#taken(batch, refused),
      onRemoved: () => this.#progressed(),
      onFailure: (failure, detail, failures) => {
        metrics.deliveryFailed(failure);
        // Not a line for each attempt of a long outage.
        if (Number.isInteger(Math.log2(failures))) {
          logger.warn(
            { failure, detail, failures },
            'records cannot be delivered to the ledger; they wait in the spool',
          );
        }
      },
      onRecovered: (failures) => logger.info({ failures }, 'the ledger takes records again'),
    });
    metrics.observe({ bytes: () => this.#intake.bytes, maximumBytes });
    if (spool.isIndexLost) {
      this.write(lostIndexGap({ ...this.#envelope(namespace), id: `gap.${boot}.spool` }, options.source));
    }
    this.#delivery.begin();
  }

  readonly hasRoom: RecordWriter['hasRoom'] = () => this.#intake.hasRoom();

  readonly write: RecordWriter['write'] = (draft, texts = []) => void this.#intake.accept(draft, texts);

  readonly writeInstead: RecordWriter['writeInstead'] = (draft, texts = []) =>
    void this.#intake.acceptInstead(draft, texts);

  readonly settled: RecordWriter['settled'] = () => this.#intake.settled();

  readonly writeDurably: RecordWriter['writeDurably'] = async (draft, texts, limits) => {
    limits.signal.throwIfAborted();
    const sequence = this.#intake.accept(draft, texts);
    if (sequence === undefined) throw new NotRecordedError('The spool for the ledger has no room.');
    this.#intake.append();
    this.#delivery.hurry();
    await this.#waiters.wait(sequence, limits);
  };

  readonly close: LedgerWriter['close'] = (deliverMilliseconds) =>
    (this.#closing ??= this.#close(deliverMilliseconds));

  async #close(deliverMilliseconds: number): Promise<void> {
    const { promise: over, resolve } = Promise.withResolvers<'over'>();
    const timer = setTimeout(() => resolve('over'), deliverMilliseconds);
    this.#intake.append();
    this.#delivery.finish();
    while (this.#intake.waitingRecords > 0 || this.#spool.hasUnread) {
      if ((await Promise.race([this.#progress.promise, over])) === 'over') break;
    }
    clearTimeout(timer);
    await this.#delivery.end();
    await this.#intake.end();
    this.#waiters.rejectAll('The process ends before the ledger has acknowledged the record.');
    await Promise.all([this.#endPost(), this.#spool.close()]);
    const { waitingRecords: records } = this.#intake;
    if (records > 0)
      this.#options.logger.error({ records }, 'records are lost: the spool for the ledger cannot be written');
  }

  #progressed(): void {
    for (const { namespace, firstSequence, records } of this.#intake.takeLosses()) {
      const missing = { ...this.#options.source, boot: this.boot, sequence: firstSequence };
      this.write(lostRecordsGap(this.#gap(namespace, missing), missing, records));
    }
    this.#progress.resolve();
    this.#progress = Promise.withResolvers();
  }

  /** What is known to be missing is in the spool before the batch leaves it. */
  async #taken(batch: SpooledBatch, refused: readonly RefusedRecord[]): Promise<void> {
    const { metrics, namespace, source } = this.#options;
    metrics.records('acknowledged', batch.records.length - refused.length);
    for (const each of batch.breaks) this.write(brokenSpoolGap(this.#gap(namespace, each), source, each));
    for (const each of refused) this.#refused(each);
    if (batch.breaks.length + refused.length > 0) await this.#untilTold();
    if (batch.boot !== this.boot || this.#waiters.isEmpty) return;
    const problems = new Map(
      refused.map(({ record, code, message }) => [record.sequence, `${code}: ${message}`]),
    );
    const delivered = new Set(batch.records.map(({ sequence }) => sequence));
    this.#waiters.passed(batch.lastSequence ?? 0, (sequence) =>
      delivered.has(sequence)
        ? problems.get(sequence)
        : 'The record could not be read from the spool any more.',
    );
  }

  /**
   * A disk that takes nothing for long gets it later, for the batch would else never leave the spool. Rejects when the
   * process ends before: the next start then finds again what is missing.
   */
  async #untilTold(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#intake.settled();
      } catch (error) {
        if (this.#closing !== undefined) throw error;
        if (tries === SETTLE_TRIES) return;
      }
    }
  }

  #refused({ record, code, message }: RefusedRecord): void {
    const { logger, metrics } = this.#options;
    const { id, type, namespace, source } = JSON.parse(record.record.toString('utf8')) as RecordDraft & {
      readonly source: RecordSource;
    };
    if (code === 'record_conflict' && TYPES_WITH_IDS_OF_STATE.has(type)) {
      metrics.records('acknowledged', 1);
      return;
    }
    metrics.records('refused', 1);
    logger.error({ recordId: id, type, namespace, code, reason: message }, 'the ledger refuses a record');
    // A gap that is refused too would be told of for ever.
    if (type !== 'gap')
      this.write(refusedRecordGap(this.#gap(namespace, source), source, { id, type, code }));
  }

  /** Named by what is missing: told again after a crash, it is the same gap. */
  #gap(namespace: string, { boot, sequence }: Pick<RecordSource, 'boot' | 'sequence'>): GapEnvelope {
    return { ...this.#envelope(namespace), id: `gap.${boot}.${sequence}` };
  }

  #envelope(namespace: string): Omit<GapEnvelope, 'id'> {
    return { namespace, atMicroseconds: Math.round(this.#options.epochMilliseconds() * 1_000) };
  }
}
