/**
 * The spool on disk: append-only files, each of one boot, read and removed in the order of their numbers. What was
 * appended is the operating system's: it outlives this process, not the machine. Only whole appends are ever read, and a
 * file goes once all of it was acknowledged; after a crash up to one file is therefore delivered twice.
 *
 *     000000000007.BOOT.1.spool     number, boot, sequence of its first record
 *
 * A file that is gone, or that cannot be read after some tries, is told as a break and never holds up those behind it.
 */
import { type FileHandle, constants, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BATCH_MAXIMUM_BYTES, BATCH_MAXIMUM_RECORDS } from '#domain/ledger/record-batch.ts';
import { readIndex, writeIndex } from './spool-index.ts';
import { type SpooledRecord, readLines } from './spool-line.ts';
import { type FolderLock, lockFolder } from './spool-lock.ts';

const NAME = /^(\d{12,15})\.([\w:-]{1,64})\.(\d{1,16})\.spool$/;
/** A file with a greater one is none of ours, and would leave no numbers for those that are. */
const NUMBER_MAXIMUM = 99_999_999_999_999;
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

interface SpoolFile {
  readonly path: string;
  readonly number: number;
  readonly boot: string;
  readonly firstSequence: number;
  /** Up to here it may be read. */
  bytes: number;
  /** Nothing is added any more. */
  isComplete: boolean;
  /** It was there when the process before ended. */
  readonly isGone?: boolean;
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
  readonly #lock: FolderLock | undefined;
  /** Delivered, and not to be removed yet by a disk that is read only. */
  readonly #leftovers = new Set<SpoolFile>();
  #readFailures = 0;
  #nextNumber: number;
  #writing: OpenFile | undefined;
  #reading: OpenFile | undefined;
  /** In the first file. */
  #readAt = 0;
  #lastSequence: number | undefined;
  #bytes: number;

  private constructor(
    folder: string,
    boot: string,
    maximumBytes: number,
    files: SpoolFile[],
    lock: FolderLock | undefined,
  ) {
    this.#folder = folder;
    this.#lock = lock;
    this.#boot = boot;
    this.#fileBytes = Math.min(FILE_LARGEST_BYTES, Math.floor(maximumBytes / FILES_AT_LEAST));
    this.#files = files;
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

  get hasUnread(): boolean {
    return this.#files.some(
      (file, place) => file.isGone === true || file.bytes > (place === 0 ? this.#readAt : 0),
    );
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
      if (file.isGone === true) return this.#restIsMissing(file, 'lost_records');
      if (this.#readAt < file.bytes) return await this.#readOrGiveUp(file);
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
    this.#lock?.release();
  }

  async #begin(firstSequence: number): Promise<OpenFile> {
    const number = this.#nextNumber;
    const path = join(
      this.#folder,
      `${String(number).padStart(12, '0')}.${this.#boot}.${firstSequence}.spool`,
    );
    const handle = await open(path, 'wx+', 0o600);
    this.#nextNumber += 1;
    const file: SpoolFile = { path, number, boot: this.#boot, firstSequence, bytes: 0, isComplete: false };
    try {
      await this.#writeIndex([...this.#files, file]);
    } catch (error) {
      await handle.close();
      await rm(path, { force: true });
      throw error;
    }
    this.#files.push(file);
    return { file, handle };
  }

  async #complete(): Promise<void> {
    const writing = this.#writing;
    if (writing === undefined) return;
    this.#writing = undefined;
    writing.file.isComplete = true;
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
    await this.#writeIndex(this.#files).catch(() => undefined);
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
      files.map(({ path }) => basename(path)),
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
      return {
        boot: file.boot,
        records: lines.records,
        breaks: lines.broken.map(({ before }) => this.#breakIn(file, lines.records, before)),
        end: start + lines.length,
      };
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
    const sequence = this.#expected(file);
    const next = this.#files[1];
    const records =
      next?.boot === file.boot && next.number === file.number + 1 ? next.firstSequence - sequence : 0;
    const missing = { kind, boot: file.boot, sequence, records: records > 0 ? records : undefined };
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

/** In the order of their numbers: those that are there, and those that should be. */
async function findFiles(folder: string): Promise<SpoolFile[]> {
  const files = new Map<string, SpoolFile>();
  for (const name of await readIndex(folder)) {
    const file = fileOf(folder, name);
    if (file !== undefined) files.set(name, { ...file, isGone: true });
  }
  for (const name of await readdir(folder)) {
    const file = fileOf(folder, name);
    const found = file && (await lstat(file.path));
    if (file !== undefined && found?.isFile() === true) files.set(name, { ...file, bytes: found.size });
  }
  return [...files.values()].toSorted((one, other) => one.number - other.number);
}

function fileOf(folder: string, name: string): SpoolFile | undefined {
  const [, digits, boot, firstSequence] = NAME.exec(name) ?? [];
  const number = Number(digits);
  if (boot === undefined || number > NUMBER_MAXIMUM) return undefined;
  return {
    path: join(folder, name),
    number,
    boot,
    firstSequence: Number(firstSequence),
    bytes: 0,
    isComplete: true,
  };
}
