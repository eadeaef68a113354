/**
 * From memory into the spool: numbers what is written, appends it a few milliseconds later in one go, and counts what
 * there is no room for. A disk that takes nothing is tried again until it does.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordDraft, RecordSource } from '#domain/ledger/ledger-record.ts';
import { NotRecordedError, type TextDraft } from '#domain/ledger/record-writer.ts';
import { type NumberedRecord, lineOf, writeSource } from './numbered-record.ts';
import { type Spool, lineMaximumBytes } from './spool.ts';

const GATHER_MILLISECONDS = 8;
/** In one append, so that the event loop is not held for long. */
const APPEND_MAXIMUM_RECORDS = 512;
const APPEND_MAXIMUM_BYTES = 4_194_304;
/** No line of a record is shorter. */
const LINE_LEAST_BYTES = 64;
/** Of the spool; the rest is for what was begun while there was room. */
const SHARE_FOR_NEW_WORK = 0.75;
/** So much may wait in memory for a disk that takes nothing. */
const MEMORY_MAXIMUM_BYTES = 8_388_608;
const DISK_RETRY_MILLISECONDS = 250;
/** Namespaces by which lost records are counted apart. Those of others are told in the process's own. */
const NAMESPACES_OF_LOSSES_MAXIMUM = 256;
/** Whoever asks for `settled` waits so long for a disk that takes nothing. */
const SETTLE_MAXIMUM_MILLISECONDS = 5_000;

export interface Loss {
  readonly namespace: string;
  readonly firstSequence: number;
  readonly records: number;
}

export interface IntakeOptions {
  readonly spool: Spool;
  readonly maximumBytes: number;
  readonly source: Omit<RecordSource, 'sequence'>;
  /** For losses that have no other. */
  readonly namespace: string;
  readonly onAppended: () => void;
  /** There was no room for a record. */
  readonly onLost: (isFirst: boolean) => void;
  readonly onTextCut: (record: RecordDraft, field: TextDraft['field']) => void;
  readonly onDiskFailure: (error: unknown) => void;
}

interface Waiting {
  readonly key: string;
  readonly sequence: number;
  readonly skipped: number;
  line: string;
  bytes: number;
}

export class Intake {
  readonly #options: IntakeOptions;
  readonly #source: string;
  readonly #lineMaximumBytes: number;
  /** Not in the spool yet, oldest first. */
  readonly #waiting: Waiting[] = [];
  readonly #waitingByKey = new Map<string, Waiting>();
  readonly #settling = new Set<{ readonly sequence: number; readonly resolve: () => void }>();
  /** By namespace. */
  readonly #losses = new Map<string, { -readonly [Field in keyof Loss]: Loss[Field] }>();
  #waitingBytes = 0;
  #sequence = 0;
  #lastAccepted = 0;
  /** Of the last record that is on its way into the spool; 0: none is. */
  #lastUnderWay = 0;
  #appending: Promise<void> | undefined;
  #appendSoon: NodeJS.Timeout | undefined;
  #isDiskRefusing = false;
  readonly #ending = new AbortController();

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#source = writeSource(options.source);
    this.#lineMaximumBytes = lineMaximumBytes(options.maximumBytes);
  }

  /** In the spool, and on the way into it. */
  get bytes(): number {
    return this.#options.spool.bytes + this.#waitingBytes;
  }

  get waitingRecords(): number {
    return this.#waiting.length;
  }

  hasRoom(): boolean {
    return !this.#isDiskRefusing && this.bytes < this.#options.maximumBytes * SHARE_FOR_NEW_WORK;
  }

  /** As `accept`, in the place of what was told with its id and waits for the disk still. */
  acceptInstead(draft: RecordDraft, texts: readonly TextDraft[]): number | undefined {
    return this.#replace(draft, texts) ?? this.accept(draft, texts);
  }

  /** The record's number, or undefined when there is no room for it, which is counted. */
  accept(draft: RecordDraft, texts: readonly TextDraft[]): number | undefined {
    this.#sequence += 1;
    const sequence = this.#sequence;
    // A full spool is no reason to write out what it has no room for.
    const skipped = sequence - this.#lastAccepted - 1;
    const waiting = this.#fits(LINE_LEAST_BYTES)
      ? this.#writeOut({ sequence, skipped, draft, texts })
      : undefined;
    if (waiting === undefined || !this.#fits(waiting.bytes)) {
      this.#lose(draft.namespace, sequence);
      return undefined;
    }
    this.#lastAccepted = sequence;
    this.#waitingBytes += waiting.bytes;
    this.#waiting.push(waiting);
    this.#waitingByKey.set(waiting.key, waiting);
    if (this.#waiting.length >= APPEND_MAXIMUM_RECORDS) this.append();
    else this.#appendSoon ??= setTimeout(() => this.append(), GATHER_MILLISECONDS);
    return sequence;
  }

  /** Now, not in some milliseconds. */
  append(): void {
    clearTimeout(this.#appendSoon);
    this.#appendSoon = undefined;
    this.#appending ??= this.#appendAll();
  }

  /** Rejects with NotRecordedError when the disk takes nothing for some seconds. */
  async settled(): Promise<void> {
    if (this.#waiting.length === 0) return;
    this.append();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { sequence: this.#sequence, resolve };
    const timer = setTimeout(
      () => reject(new NotRecordedError('The disk of the spool takes no records.')),
      SETTLE_MAXIMUM_MILLISECONDS,
    );
    this.#settling.add(waiter);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#settling.delete(waiter);
    }
  }

  /** What was lost since the last call, once there is room to tell it. */
  takeLosses(): readonly Loss[] {
    if (this.#losses.size === 0 || !this.hasRoom()) return [];
    const losses = [...this.#losses.values()];
    this.#losses.clear();
    return losses;
  }

  /** A last time: what the disk does not take now is lost with the process. */
  async end(): Promise<void> {
    this.append();
    this.#ending.abort();
    await this.#appending;
    clearTimeout(this.#appendSoon);
  }

  #replace(draft: RecordDraft, texts: readonly TextDraft[]): number | undefined {
    const told = this.#waitingByKey.get(keyOf(draft));
    // What is on its way may already be where it goes.
    if (told === undefined || told.sequence <= this.#lastUnderWay) return undefined;
    const { sequence, skipped } = told;
    const { line, bytes } = this.#writeOut({ sequence, skipped, draft, texts });
    if (!this.#fits(bytes - told.bytes)) return undefined;
    this.#waitingBytes += bytes - told.bytes;
    told.line = line;
    told.bytes = bytes;
    return sequence;
  }

  #writeOut(record: NumberedRecord): Waiting {
    const { line, cutTexts } = lineOf(record, this.#source, this.#lineMaximumBytes);
    for (const field of cutTexts) this.#options.onTextCut(record.draft, field);
    const { sequence, skipped, draft } = record;
    return { key: keyOf(draft), sequence, skipped, line, bytes: Buffer.byteLength(line) };
  }

  #fits(bytes: number): boolean {
    const { maximumBytes } = this.#options;
    return (
      this.bytes + bytes <= maximumBytes &&
      (!this.#isDiskRefusing || this.#waitingBytes + bytes <= MEMORY_MAXIMUM_BYTES)
    );
  }

  #lose(namespace: string, firstSequence: number): void {
    const isFirst = this.#losses.size === 0;
    const isKnown = this.#losses.has(namespace) || this.#losses.size < NAMESPACES_OF_LOSSES_MAXIMUM;
    const key = isKnown ? namespace : this.#options.namespace;
    const loss = this.#losses.get(key);
    if (loss === undefined) this.#losses.set(key, { namespace: key, firstSequence, records: 1 });
    else loss.records += 1;
    this.#options.onLost(isFirst);
  }

  async #appendAll(): Promise<void> {
    // What the caller's turn still writes goes along.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      try {
        await this.#appendSome();
      } catch (error) {
        if (!this.#isDiskRefusing) this.#options.onDiskFailure(error);
        this.#isDiskRefusing = true;
        if (this.#ending.signal.aborted) break;
        await sleep(DISK_RETRY_MILLISECONDS, undefined, { signal: this.#ending.signal }).catch(
          () => undefined,
        );
      }
    }
    // In the same turn as the look above, so that what comes next begins an append of its own.
    this.#appending = undefined;
  }

  async #appendSome(): Promise<void> {
    const { spool, onAppended } = this.#options;
    const lines: string[] = [];
    let bytes = 0;
    for (const waiting of this.#waiting) {
      if (lines.length >= APPEND_MAXIMUM_RECORDS || bytes >= APPEND_MAXIMUM_BYTES) break;
      lines.push(waiting.line);
      bytes += waiting.bytes;
    }
    const [first, last] = [this.#waiting[0], this.#waiting[lines.length - 1]];
    if (first === undefined || last === undefined) return;
    this.#lastUnderWay = last.sequence;
    try {
      await spool.append(Buffer.from(lines.join('')), { first: first.sequence, last: last.sequence });
    } finally {
      this.#lastUnderWay = 0;
    }
    this.#isDiskRefusing = false;
    for (const waiting of this.#waiting.splice(0, lines.length)) {
      if (this.#waitingByKey.get(waiting.key) === waiting) this.#waitingByKey.delete(waiting.key);
    }
    this.#waitingBytes -= bytes;
    const unsettled = this.#waiting[0]?.sequence ?? Infinity;
    for (const { sequence, resolve } of this.#settling) if (sequence < unsettled) resolve();
    onAppended();
  }
}

function keyOf({ namespace, id }: RecordDraft): string {
  return `${namespace}/${id}`;
}
