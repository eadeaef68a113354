/**
 * The spool on disk: append-only files, each of one boot, read and removed in the order of their numbers. What was
 * appended is the operating system's: it outlives this process, not the machine. Only whole appends are ever read, and a
 * file goes once all of it was acknowledged; after a crash up to one file is therefore delivered twice.
 *
 *     000000000007.BOOT.1.spool     number, boot, sequence of its first record
 */
import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BATCH_MAXIMUM_BYTES, BATCH_MAXIMUM_RECORDS } from '#domain/ledger/record-batch.ts';
import { type SpooledRecord, readLines } from './spool-line.ts';

const NAME = /^(\d{12})\.([\w:-]{1,64})\.(\d{1,16})\.spool$/;
const READ_BYTES = 262_144;
const FILE_LARGEST_BYTES = 4_194_304;
const FILES_AT_LEAST = 16;
/** Whatever else is in a batch's body, and what is not of a record in a line. */
const ENVELOPE_BYTES = 65_536;
const BATCH_LINES_BYTES = BATCH_MAXIMUM_BYTES - ENVELOPE_BYTES;
/** No line of ours is so long: what has no end by then is none. */
const READ_LARGEST_BYTES = 16_777_216;

/** A line may be so long that a batch of it alone is not too large, and that a spool holds some. */
export function lineMaximumBytes(spoolMaximumBytes: number): number {
  return Math.min(BATCH_LINES_BYTES, Math.floor(spoolMaximumBytes / 8));
}

interface SpoolFile {
  readonly path: string;
  readonly number: number;
  readonly boot: string;
  readonly firstSequence: number;
  /** Up to here it may be read. */
  bytes: number;
  /** Nothing is added any more. */
  isComplete: boolean;
}

interface OpenFile {
  readonly file: SpoolFile;
  readonly handle: FileHandle;
}

/** Something in a file that is no record: the end of a write that a crash cut, or bytes that changed on the disk. */
export interface SpoolBreak {
  readonly kind: 'torn_tail' | 'lost_records';
  readonly boot: string;
  /** Of the first record that is missing. */
  readonly sequence: number;
  /** Undefined: not known how many. */
  readonly records: number | undefined;
}

export interface SpooledBatch {
  readonly boot: string;
  readonly records: readonly SpooledRecord[];
  readonly breaks: readonly SpoolBreak[];
  /** The next batch begins here. */
  readonly end: number;
}

export class Spool {
  readonly #folder: string;
  readonly #boot: string;
  readonly #fileBytes: number;
  readonly #files: SpoolFile[];
  #nextNumber: number;
  #writing: OpenFile | undefined;
  #reading: OpenFile | undefined;
  /** In the first file. */
  #readAt = 0;
  #lastSequence: number | undefined;
  #bytes: number;

  private constructor(folder: string, boot: string, maximumBytes: number, files: SpoolFile[]) {
    this.#folder = folder;
    this.#boot = boot;
    this.#fileBytes = Math.min(FILE_LARGEST_BYTES, Math.floor(maximumBytes / FILES_AT_LEAST));
    this.#files = files;
    this.#nextNumber = (files.at(-1)?.number ?? 0) + 1;
    this.#bytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** With the files of earlier boots, which are read first. */
  static async open(folder: string, boot: string, maximumBytes: number): Promise<Spool> {
    await mkdir(folder, { recursive: true });
    const files: SpoolFile[] = [];
    for (const name of (await readdir(folder)).toSorted()) {
      const [, number, fileBoot, firstSequence] = NAME.exec(name) ?? [];
      if (fileBoot === undefined) continue;
      const path = join(folder, name);
      files.push({
        path,
        number: Number(number),
        boot: fileBoot,
        firstSequence: Number(firstSequence),
        bytes: (await stat(path)).size,
        isComplete: true,
      });
    }
    return new Spool(folder, boot, maximumBytes, files);
  }

  /** On disk, acknowledged or not. */
  get bytes(): number {
    return this.#bytes;
  }

  get hasUnread(): boolean {
    return this.#files.some((file, place) => file.bytes > (place === 0 ? this.#readAt : 0));
  }

  /**
   * All of it or, when it rejects, nothing. One call at a time. `firstSequence` is that of the first record in it.
   */
  async append(lines: Buffer, firstSequence: number): Promise<void> {
    const { file, handle } = (this.#writing ??= await this.#begin(firstSequence));
    let written = 0;
    try {
      while (written < lines.length) {
        const { bytesWritten } = await handle.write(
          lines,
          written,
          lines.length - written,
          file.bytes + written,
        );
        written += bytesWritten;
      }
    } catch (error) {
      // What came of it is behind the end that is read, and is written over or cut by the next append.
      await handle.truncate(file.bytes).catch(() => this.#complete());
      throw error;
    }
    file.bytes += lines.length;
    this.#bytes += lines.length;
    if (file.bytes >= this.#fileBytes) await this.#complete();
  }

  /** The next records in order, of one file; the same until `acknowledge`. Undefined: there are none. One call at a time. */
  async read(): Promise<SpooledBatch | undefined> {
    for (let file = this.#files[0]; file !== undefined; file = this.#files[0]) {
      if (this.#readAt < file.bytes) return await this.#readFrom(file);
      if (!file.isComplete) return undefined;
      await this.#removeFirst(file);
    }
    return undefined;
  }

  async acknowledge(batch: SpooledBatch): Promise<void> {
    this.#readAt = batch.end;
    this.#lastSequence = batch.records.at(-1)?.sequence ?? this.#lastSequence;
    const [file] = this.#files;
    if (file?.isComplete === true && this.#readAt >= file.bytes) await this.#removeFirst(file);
  }

  /** A file of which all was acknowledged goes too, so that nothing is delivered twice after an ordered end. */
  async close(): Promise<void> {
    await this.#complete();
    const [file] = this.#files;
    if (file !== undefined && this.#readAt >= file.bytes) await this.#removeFirst(file);
    await this.#reading?.handle.close();
    this.#reading = undefined;
  }

  async #begin(firstSequence: number): Promise<OpenFile> {
    const number = this.#nextNumber;
    const path = join(
      this.#folder,
      `${String(number).padStart(12, '0')}.${this.#boot}.${firstSequence}.spool`,
    );
    const handle = await open(path, 'w', 0o600);
    this.#nextNumber += 1;
    const file: SpoolFile = { path, number, boot: this.#boot, firstSequence, bytes: 0, isComplete: false };
    this.#files.push(file);
    return { file, handle };
  }

  async #complete(): Promise<void> {
    const writing = this.#writing;
    if (writing === undefined) return;
    this.#writing = undefined;
    writing.file.isComplete = true;
    await writing.handle.close();
  }

  async #removeFirst(file: SpoolFile): Promise<void> {
    if (this.#reading?.file === file) {
      await this.#reading.handle.close();
      this.#reading = undefined;
    }
    await rm(file.path, { force: true });
    this.#files.shift();
    this.#bytes -= file.bytes;
    this.#readAt = 0;
    this.#lastSequence = undefined;
  }

  async #readFrom(file: SpoolFile): Promise<SpooledBatch> {
    const handle = await this.#openForReading(file);
    if (handle === undefined) return this.#restIsMissing(file, 'lost_records');
    const start = this.#readAt;
    for (let wanted = READ_BYTES; ; wanted *= 4) {
      const bytes = Buffer.allocUnsafe(Math.min(wanted, file.bytes - start));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
      const isAll = start + bytesRead >= file.bytes || bytesRead < bytes.length;
      const lines = readLines(bytes.subarray(0, bytesRead), {
        records: BATCH_MAXIMUM_RECORDS,
        bytes: BATCH_LINES_BYTES,
      });
      // A line is longer than what was read, or what is there is the piece of one.
      if (lines.length === 0 && !isAll && wanted < READ_LARGEST_BYTES) continue;
      if (lines.length === 0) return this.#restIsMissing(file, 'torn_tail');
      return {
        boot: file.boot,
        records: lines.records,
        breaks: lines.broken.map(({ before }) => this.#breakIn(file, lines.records, before)),
        end: start + lines.length,
      };
    }
  }

  /** Undefined when somebody has removed it. */
  async #openForReading(file: SpoolFile): Promise<FileHandle | undefined> {
    if (this.#reading?.file === file) return this.#reading.handle;
    await this.#reading?.handle.close();
    this.#reading = undefined;
    try {
      const handle = await open(file.path, 'r');
      this.#reading = { file, handle };
      return handle;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  #restIsMissing(file: SpoolFile, kind: SpoolBreak['kind']): SpooledBatch {
    const missing = { kind, boot: file.boot, sequence: this.#expected(file), records: undefined };
    return { boot: file.boot, records: [], breaks: [missing], end: file.bytes };
  }

  #expected(file: SpoolFile): number {
    return this.#lastSequence === undefined ? file.firstSequence : this.#lastSequence + 1;
  }

  #breakIn(file: SpoolFile, records: readonly SpooledRecord[], before: number): SpoolBreak {
    const previous = records[before - 1]?.sequence;
    const sequence = previous === undefined ? this.#expected(file) : previous + 1;
    const next = records[before]?.sequence;
    const missing = next === undefined || next <= sequence ? undefined : next - sequence;
    return { kind: 'lost_records', boot: file.boot, sequence, records: missing };
  }
}
