/**
 * The names of the files that a spool consists of, beside them: a file that is gone by the next start leaves its trace
 * here. Written over in place, for a full disk must not keep it from growing shorter; one that is torn is not believed.
 *
 *     CRC-32 of the rest, 8 hexadecimal digits LF | name LF name LF ...
 */
import { constants, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

const NAME = 'spool.index';
const LINE_FEED = '\n';

export async function writeIndex(folder: string, names: readonly string[]): Promise<void> {
  const rest = names.map((name) => `${name}\n`).join('');
  const bytes = Buffer.from(`${checkOf(rest)}\n${rest}`);
  const handle = await open(join(folder, NAME), constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    const { bytesWritten } = await handle.write(bytes, 0, bytes.length, 0);
    if (bytesWritten < bytes.length) throw new Error('The disk of the spool takes its index only in part.');
    await handle.truncate(bytes.length);
  } finally {
    await handle.close();
  }
}

/** Nothing where there is none that can be believed. */
export async function readIndex(folder: string): Promise<readonly string[]> {
  const text = await readFile(join(folder, NAME), 'utf8').catch(() => '');
  const end = text.indexOf(LINE_FEED);
  const rest = text.slice(end + 1);
  return end !== -1 && text.slice(0, end) === checkOf(rest) ? rest.split(LINE_FEED).slice(0, -1) : [];
}

function checkOf(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
