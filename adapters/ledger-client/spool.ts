/**
 * The spool on disk: append-only files, each of one boot, read and removed in the order of their numbers. What was
 * appended is the operating system's: it outlives this process, not the machine. Only whole appends are ever read, and a
 * file goes once all of it was acknowledged; after a crash up to one file is therefore delivered twice.
 *
 *     000000000007.BOOT.1.spool     number, boot, sequence of its first record
 *
 * A file that is gone, or that cannot be read after some tries, is told as a break and never holds up those behind it.
 */
import { type FileHandle, constants, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BATCH_MAXIMUM_BYTES, BATCH_MAXIMUM_RECORDS } from '#domain/ledger/record-batch.ts';
import { type FoundFiles, type SpoolFile, findFiles, nameOfFile } from './spool-files.ts';
import { EndMark, writeIndex } from './spool-index.ts';
import { type LinesRead, type SpooledRecord, readLines } from './spool-line.ts';
import { type FolderLock, lockFolder } from './spool-lock.ts';

const READ_BYTES = 262_144;
const FILE_LARGEST_BYTES = 4_194_304;
const FILES_AT_LEAST = 16;
/** Whatever else is in a batch's body, and what is not of a record in a line. */
const ENVELOPE_BYTES = 65_536;
const BATCH_LINES_BYTES = BATCH_MAXIMUM_BYTES - ENVELOPE_BYTES;
/** No line of ours is so long: what has no end by then is none. */
const READ_LARGEST_BYTES = 16_777_216;

/** With pauses between that grow to 13 s: what a disk cannot read for so long it cannot read. */
const READ_TRIES = 8;
/** Of this process and not of the file. */
const ERRORS_OF_THE_PROCESS: ReadonlySet<string | undefined> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EAGAIN',
]);
/** Somebody has removed the file, or put another thing in its place. */
const ERRORS_OF_A_REMOVED_FILE: ReadonlySet<string | undefined> = new Set([
  'ENOENT',
  'ENOTDIR',
  'EISDIR',
  'ELOOP',
  'ENXIO',
]);

/** A line may be so long that a batch of it alone is not too large, and that a spool holds some. */
export function lineMaximumBytes(spoolMaximumBytes: number): number {
  return Math.min(BATCH_LINES_BYTES, Math.floor(spoolMaximumBytes / 8));
}

interface OpenFile {
  readonly file: SpoolFile;
  readonly handle: FileHandle;
}

interface WrittenFile extends OpenFile {
  readonly end: EndMark;
}

/** What is not in a file that should be: the end of a write that a crash cut, or bytes that were changed or removed. */
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
  /** Of the file, up to which its records are in the batch or are told as missing. */
  readonly lastSequence: number | undefined;
  /** The next batch begins here. */
  readonly end: number;
}

export class Spool {
  readonly #folder: string;
  readonly #boot: string;
  readonly #fileBytes: number;
  readonly #files: SpoolFile[];
  /** What should be in the folder was not known at the start, and is not yet again. */
  #isIndexLost: boolean;
  readonly #lock: FolderLock | undefined;
  /** Delivered, and not to be removed yet by a disk that is read only. */
  readonly #leftovers = new Set<SpoolFile>();
  #readFailures = 0;
  #nextNumber: number;
  #writing: WrittenFile | undefined;
  #reading: OpenFile | undefined;
  /** In the first file. */
  #readAt = 0;
  #lastSequence: number | undefined;
  #bytes: number;

  private constructor(
    folder: string,
    boot: string,
    maximumBytes: number,
    { files, isIndexLost }: FoundFiles,
    lock: FolderLock | undefined,
  ) {
    this.#folder = folder;
    this.#lock = lock;
    this.#boot = boot;
    this.#fileBytes = Math.min(FILE_LARGEST_BYTES, Math.floor(maximumBytes / FILES_AT_LEAST));
    this.#files = [...files];
    this.#isIndexLost = isIndexLost;
    this.#nextNumber = (files.at(-1)?.number ?? 0) + 1;
    this.#bytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * With the files of earlier boots, which are read first. Rejects when the folder cannot be read, and while another
   * process holds it.
   */
  static async open(folder: string, boot: string, maximumBytes: number): Promise<Spool> {
    await mkdir(folder, { recursive: true });
    const lock = lockFolder(folder);
    try {
      return new Spool(folder, boot, maximumBytes, await findFiles(folder), lock);
    } catch (error) {
      lock?.release();
      throw error;
    }
  }

  /** On disk, acknowledged or not. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Nobody knows which files should be there: some may be gone. */
  get isIndexLost(): boolean {
    return this.#isIndexLost;
  }

  get hasUnread(): boolean {
    return this.#files.some((file, place) =>
      place === 0
        ? file.isGone || file.bytes > this.#readAt || this.#lacksItsEnd(file, this.#lastSequence)
        : file.isGone || file.bytes > 0 || this.#lacksItsEnd(file, undefined),
    );
  }

  /**
   * All of it or, when it rejects, nothing. One call at a time. `first` and `last` are the sequences of the first and the
   * last record in it.
   */
  async append(
    lines: Buffer,
    { first, last }: { readonly first: number; readonly last: number },
  ): Promise<void> {
    const { file, handle, end } = (this.#writing ??= await this.#begin(first));
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
      await end.write(last);
    } catch (error) {
      // What came of it is behind the end that is read, and is written over or cut by the next append.
      await handle.truncate(file.bytes).catch(async () => await this.#complete());
      throw error;
    }
    file.bytes += lines.length;
    file.lastSequence = last;
    this.#bytes += lines.length;
    if (file.bytes >= this.#fileBytes) await this.#complete();
  }

  /** The next records in order, of one file; the same until `acknowledge`. Undefined: there are none. One call at a time. */
  async read(): Promise<SpooledBatch | undefined> {
    for (let file = this.#files[0]; file !== undefined; file = this.#files[0]) {
      if (file.isGone) return await this.#giveUp(file);
      if (this.#readAt < file.bytes) return await this.#readOrGiveUp(file);
      if (this.#lacksItsEnd(file, this.#lastSequence)) return this.#restIsMissing(file, 'lost_records');
      if (!file.isComplete) return undefined;
      await this.#removeFirst(file);
    }
    return undefined;
  }

  async acknowledge(batch: SpooledBatch): Promise<void> {
    this.#readAt = batch.end;
    this.#lastSequence = batch.lastSequence;
    const [file] = this.#files;
    if (file !== undefined && this.#isDone(file)) await this.#removeFirst(file);
  }

  /** A file of which all was acknowledged goes too, so that nothing is delivered twice after an ordered end. */
  async close(): Promise<void> {
    await this.#complete();
    const [file] = this.#files;
    if (file !== undefined && this.#isDone(file)) await this.#removeFirst(file);
    await this.#reading?.handle.close();
    this.#reading = undefined;
    this.#lock?.release();
  }

  #isDone(file: SpoolFile): boolean {
    return (
      file.isComplete &&
      this.#readAt >= file.bytes &&
      (!file.isGone || this.#lastSequence !== undefined) &&
      !this.#lacksItsEnd(file, this.#lastSequence)
    );
  }

  /** Whole lines were cut from it: what was appended last is not what stands there last. */
  #lacksItsEnd(file: SpoolFile, lastRead: number | undefined): boolean {
    return file.isComplete && (lastRead ?? file.firstSequence - 1) < (file.lastSequence ?? 0);
  }

  async #begin(firstSequence: number): Promise<WrittenFile> {
    const number = this.#nextNumber;
    const name = nameOfFile(number, this.#boot, firstSequence);
    const path = join(this.#folder, name);
    const handle = await open(path, 'wx+', 0o600);
    this.#nextNumber += 1;
    const file: SpoolFile = {
      path,
      number,
      boot: this.#boot,
      firstSequence,
      lastSequence: undefined,
      bytes: 0,
      isComplete: false,
      isGone: false,
    };
    let end: EndMark | undefined;
    try {
      await this.#writeIndex([...this.#files, file]);
      // Only now, for until now it says where the file before ends.
      end = await EndMark.open(this.#folder, name);
      await end.write(firstSequence - 1);
    } catch (error) {
      await end?.close();
      await handle.close();
      await rm(path, { force: true });
      throw error;
    }
    this.#isIndexLost = false;
    this.#files.push(file);
    return { file, handle, end };
  }

  async #complete(): Promise<void> {
    const writing = this.#writing;
    if (writing === undefined) return;
    this.#writing = undefined;
    writing.file.isComplete = true;
    await writing.end.close();
    // It can be read to its end also when somebody has removed it.
    if (this.#files[0] === writing.file && this.#reading === undefined) this.#reading = writing;
    else await writing.handle.close();
  }

  async #removeFirst(file: SpoolFile): Promise<void> {
    if (this.#reading?.file === file) {
      await this.#reading.handle.close();
      this.#reading = undefined;
    }
    this.#files.shift();
    this.#readAt = 0;
    this.#readFailures = 0;
    this.#lastSequence = undefined;
    // Before the file goes: one that is not in it and still there is only delivered once more.
    if (!this.#isIndexLost) await this.#writeIndex(this.#files).catch(() => undefined);
    this.#leftovers.add(file);
    for (const each of this.#leftovers) {
      try {
        await rm(each.path, { force: true });
      } catch {
        continue;
      }
      this.#leftovers.delete(each);
      this.#bytes -= each.bytes;
    }
  }

  async #writeIndex(files: readonly SpoolFile[]): Promise<void> {
    await writeIndex(
      this.#folder,
      files.map(({ path, lastSequence, isComplete }) => ({
        name: basename(path),
        lastSequence: isComplete ? lastSequence : undefined,
      })),
    );
  }

  async #readOrGiveUp(file: SpoolFile): Promise<SpooledBatch> {
    try {
      const batch = await this.#readFrom(file);
      this.#readFailures = 0;
      return batch;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (ERRORS_OF_A_REMOVED_FILE.has(code)) return await this.#giveUp(file);
      if (ERRORS_OF_THE_PROCESS.has(code)) throw error;
      this.#readFailures += 1;
      if (this.#readFailures < READ_TRIES) throw error;
      return await this.#giveUp(file);
    }
  }

  /** What is in its place stays there under another name, for whoever can get more out of it. */
  async #giveUp(file: SpoolFile): Promise<SpooledBatch> {
    if (this.#writing?.file === file) await this.#complete();
    await rename(file.path, `${file.path}.unreadable`).catch(() => undefined);
    return this.#restIsMissing(file, 'lost_records');
  }

  async #readFrom(file: SpoolFile): Promise<SpooledBatch> {
    const handle = await this.#openForReading(file);
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
      return this.#batchOf(file, lines, start + lines.length);
    }
  }

  async #openForReading(file: SpoolFile): Promise<FileHandle> {
    if (this.#reading?.file === file) return this.#reading.handle;
    await this.#reading?.handle.close();
    this.#reading = undefined;
    if (this.#writing?.file === file) return this.#writing.handle;
    // What is no file must not hold up whoever opens it.
    const handle = await open(file.path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.#reading = { file, handle };
    return handle;
  }

  #restIsMissing(file: SpoolFile, kind: SpoolBreak['kind']): SpooledBatch {
    const sequence = this.#expected(file, this.#lastSequence);
    const missing = { kind, boot: file.boot, sequence, records: this.#restOf(file, sequence) };
    const lastSequence = Math.max(sequence - 1, file.lastSequence ?? 0);
    return { boot: file.boot, records: [], breaks: [missing], lastSequence, end: file.bytes };
  }

  /** So many records should follow in it; undefined: not known. */
  #restOf(file: SpoolFile, sequence: number): number | undefined {
    const records = (file.lastSequence ?? 0) - sequence + 1;
    return records > 0 ? records : undefined;
  }

  #expected(file: SpoolFile, lastRead: number | undefined): number {
    return lastRead === undefined ? file.firstSequence : lastRead + 1;
  }

  /** A line that cannot be read is a break, and so is a number that no line has. */
  #batchOf(file: SpoolFile, { records, broken }: LinesRead, end: number): SpooledBatch {
    const breaks: SpoolBreak[] = [];
    const placesOfBroken = new Set(broken.map(({ before }) => before));
    let lastSequence = this.#lastSequence;
    for (const [place, { sequence, skipped }] of records.entries()) {
      const expected = this.#expected(file, lastSequence);
      const missing = Math.max(sequence - skipped - expected, 0);
      if (missing > 0 || placesOfBroken.has(place)) {
        breaks.push(lostIn(file, expected, missing > 0 ? missing : undefined));
      }
      lastSequence = Math.max(sequence, lastSequence ?? 0);
    }
    if (placesOfBroken.has(records.length)) {
      const expected = this.#expected(file, lastSequence);
      const isAtEnd = file.isComplete && end >= file.bytes;
      breaks.push(lostIn(file, expected, isAtEnd ? this.#restOf(file, expected) : undefined));
      if (isAtEnd) lastSequence = Math.max(expected - 1, file.lastSequence ?? 0);
    }
    return { boot: file.boot, records, breaks, lastSequence, end };
  }
}

function lostIn({ boot }: SpoolFile, sequence: number, records: number | undefined): SpoolBreak {
  return { kind: 'lost_records', boot, sequence, records };
}
