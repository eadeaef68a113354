/**
 * What a spool consists of, kept beside its files: whatever is gone by the next start, or has become shorter, leaves its
 * trace here. Written over in place, for a full disk must not keep it from being told.
 *
 *     spool.index, spool.index.copy   CRC-32 of the rest, 8 hexadecimal digits LF | name [TAB last sequence] LF ...
 *     spool.end                       CRC-32 of the rest SP name SP last sequence LF
 *
 * The first names the files, and where those end that are complete. A start that is cut while it is written finds the other.
 * The last, as long as ever, says with each append where the file ends that is being written.
 */
import { type FileHandle, constants, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

const INDEX_NAMES = ['spool.index', 'spool.index.copy'] as const;
const END_NAME = 'spool.end';
export const NAMES_OF_THE_INDEX: ReadonlySet<string> = new Set([...INDEX_NAMES, END_NAME]);
const END_BYTES = 160;
const LINE_FEED = '\n';
const ENTRY = /^([^\t]+)(?:\t(\d{1,16}))?$/;

export interface IndexEntry {
  readonly name: string;
  /** Of the last record in it; undefined: it is being written, and `spool.end` says it. */
  readonly lastSequence: number | undefined;
}

export async function writeIndex(folder: string, entries: readonly IndexEntry[]): Promise<void> {
  const rest = entries
    .map(({ name, lastSequence }) => `${name}${lastSequence === undefined ? '' : `\t${lastSequence}`}\n`)
    .join('');
  const bytes = Buffer.from(`${checkOf(rest)}\n${rest}`);
  // One behind the other, so that one of them is whole at any time.
  for (const name of INDEX_NAMES) {
    await using handle = await open(join(folder, name), constants.O_RDWR | constants.O_CREAT, 0o600);
    await writeWhole(handle, bytes);
    await handle.truncate(bytes.length);
  }
}

/** Undefined: there is none that can be believed. */
export async function readIndex(folder: string): Promise<readonly IndexEntry[] | undefined> {
  for (const name of INDEX_NAMES) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => '');
    const end = text.indexOf(LINE_FEED);
    const rest = text.slice(end + 1);
    if (end === -1 || text.slice(0, end) !== checkOf(rest)) continue;
    return rest
      .split(LINE_FEED)
      .slice(0, -1)
      .map((line) => {
        const [, entry = '', last] = ENTRY.exec(line) ?? [];
        return { name: entry, lastSequence: last === undefined ? undefined : Number(last) };
      });
  }
  return undefined;
}

/** Where the file ends that is being written. */
export class EndMark {
  readonly #handle: FileHandle;
  readonly #name: string;

  private constructor(handle: FileHandle, name: string) {
    this.#handle = handle;
    this.#name = name;
  }

  static async open(folder: string, name: string): Promise<EndMark> {
    const handle = await open(join(folder, END_NAME), constants.O_RDWR | constants.O_CREAT, 0o600);
    return new EndMark(handle, name);
  }

  async write(lastSequence: number): Promise<void> {
    const rest = `${this.#name} ${lastSequence}`;
    await writeWhole(this.#handle, Buffer.from(`${checkOf(rest)} ${rest}`.padEnd(END_BYTES - 1) + LINE_FEED));
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Undefined: there is none that can be believed. */
export async function readEnd(
  folder: string,
): Promise<{ readonly name: string; readonly lastSequence: number } | undefined> {
  const text = await readFile(join(folder, END_NAME), 'utf8').catch(() => '');
  const [check, name, last] = text.slice(0, END_BYTES).trimEnd().split(' ');
  if (name === undefined || last === undefined || check !== checkOf(`${name} ${last}`)) return undefined;
  return { name, lastSequence: Number(last) };
}

async function writeWhole(handle: FileHandle, bytes: Buffer): Promise<void> {
  const { bytesWritten } = await handle.write(bytes, 0, bytes.length, 0);
  if (bytesWritten < bytes.length) throw new Error('The disk of the spool takes its index only in part.');
}

function checkOf(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
