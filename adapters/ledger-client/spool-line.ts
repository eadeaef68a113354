/**
 * One line of the spool: a record and its texts as they go to the ledger, with what tells a whole line from a broken one.
 *
 *     CRC-32 of the rest, 8 hexadecimal digits | sequence[+skipped] TAB record TAB text,text,... LF
 *
 * JSON has neither a raw tab nor a raw line feed in it, so that lines are found and batches are put together without
 * anything being parsed.
 */
import { crc32 } from 'node:zlib';

const CRC_CHARACTERS = 8;
const TAB = 0x09;
const LINE_FEED = 0x0a;

const NUMBERS = /^(\d{1,16})(?:\+(\d{1,16}))?$/;

export interface SpooledRecord {
  readonly sequence: number;
  /** So many numbers before it were given to records for which there was no room: they are told of apart. */
  readonly skipped: number;
  readonly record: Buffer<ArrayBuffer>;
  /** JSON objects with commas between them; empty: none. */
  readonly texts: Buffer<ArrayBuffer>;
}

export interface LinesRead {
  readonly records: readonly SpooledRecord[];
  /** Lines, or parts of one, that are none. `before`: how many of `records` stand before them. */
  readonly broken: readonly { readonly before: number }[];
  /** Bytes up to the end of the last line that was read. */
  readonly length: number;
}

export function writeLine(sequence: number, skipped: number, record: string, texts: string): string {
  const rest = `${sequence}${skipped === 0 ? '' : `+${skipped}`}\t${record}\t${texts}`;
  return `${crc32(rest).toString(16).padStart(CRC_CHARACTERS, '0')}${rest}\n`;
}

/** Reads lines until one of the limits is reached; a first line is read whatever its size. */
export function readLines(
  bytes: Buffer<ArrayBuffer>,
  limits: { readonly records: number; readonly bytes: number },
): LinesRead {
  const records: SpooledRecord[] = [];
  const broken: { before: number }[] = [];
  let length = 0;
  while (records.length < limits.records) {
    const end = bytes.indexOf(LINE_FEED, length);
    if (end === -1 || (length > 0 && end + 1 > limits.bytes)) break;
    const read = readLine(bytes.subarray(length, end));
    if (read !== undefined) records.push(read);
    // Broken lines in a row are one break.
    else if (broken.at(-1)?.before !== records.length) broken.push({ before: records.length });
    length = end + 1;
  }
  return { records, broken, length };
}

function readLine(line: Buffer<ArrayBuffer>): SpooledRecord | undefined {
  const rest = line.subarray(CRC_CHARACTERS);
  const recordAt = rest.indexOf(TAB) + 1;
  const textsAt = rest.indexOf(TAB, recordAt) + 1;
  if (recordAt === 0 || textsAt === 0) return undefined;
  const [, sequence, skipped] = NUMBERS.exec(rest.subarray(0, recordAt - 1).toString('latin1')) ?? [];
  const crc = line.subarray(0, CRC_CHARACTERS).toString('latin1');
  if (sequence === undefined || crc !== crc32(rest).toString(16).padStart(CRC_CHARACTERS, '0'))
    return undefined;
  return {
    sequence: Number(sequence),
    skipped: Number(skipped ?? 0),
    record: rest.subarray(recordAt, textsAt - 1),
    texts: rest.subarray(textsAt),
  };
}
