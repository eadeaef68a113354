/** A file of the user's as text: bounded, UTF-8, and not something that never ends. */
import { readFile, stat } from 'node:fs/promises';

export type TextFile =
  | { readonly ok: true; readonly text: string }
  /** To be put behind the file's path. */
  | { readonly ok: false; readonly line: number; readonly problem: string };

export async function readTextFile(path: string, maximumBytes: number): Promise<TextFile> {
  let bytes: Buffer;
  try {
    const found = await stat(path);
    // A named pipe or a device would never end.
    if (!found.isFile())
      return refuse(found.isDirectory() ? 'it is a folder' : 'it is not a file, but a pipe or device');
    if (found.size > maximumBytes) return refuse(`it is larger than ${maximumBytes} bytes`);
    bytes = await readFile(path);
  } catch (error) {
    return refuse(`it cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    return { ok: true, text: decoder.decode(bytes) };
  } catch {
    const isWide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
    const problem = isWide ? 'it is UTF-16: save it as UTF-8' : 'it is not UTF-8 here: save it as UTF-8';
    return { ok: false, line: isWide ? 1 : lineOfFirstFault(bytes), problem };
  }
}

function refuse(problem: string): TextFile {
  return { ok: false, line: 1, problem };
}

const LINE_FEED = 0x0a;

/** No character of UTF-8 goes over the end of a line. */
function lineOfFirstFault(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line += 1) {
    const end = bytes.indexOf(LINE_FEED, start);
    const next = end === -1 ? bytes.length : end + 1;
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(start, next));
    } catch {
      return line;
    }
    start = next;
  }
  return line;
}
