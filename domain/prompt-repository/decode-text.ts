/** The text of a file, or the sentence why it is none. */

const LFS_POINTER = 'version https://git-lfs.github.com/spec/';
const LINE_FEED = 0x0a;

export type DecodedText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly line: number; readonly message: string };

/** UTF-8 with or without a byte order mark; line ends become LF. */
export function decodeText(bytes: Uint8Array): DecodedText {
  const refuse = (line: number, message: string): DecodedText => ({ ok: false, line, message });
  if (startsWith(bytes, [0xff, 0xfe]) || startsWith(bytes, [0xfe, 0xff])) {
    return refuse(1, 'the file is UTF-16: save it as UTF-8');
  }
  const nul = bytes.indexOf(0);
  if (nul !== -1) {
    return refuse(
      lineAt(bytes, nul),
      'the file has a NUL byte, as binary files and UTF-16 have: save it as UTF-8',
    );
  }
  const text = Buffer.from(bytes).toString('utf8');
  const invalid = firstInvalidByte(bytes);
  if (invalid !== undefined) {
    return refuse(lineAt(bytes, invalid), 'the file is not valid UTF-8 here: save it as UTF-8');
  }
  if (text.startsWith(LFS_POINTER)) {
    return refuse(
      1,
      'this is a pointer of Git LFS, which is not fetched: keep prompts and golden sets in git itself',
    );
  }
  return { ok: true, text: text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n') };
}

function startsWith(bytes: Uint8Array, beginning: readonly number[]): boolean {
  return beginning.every((byte, index) => bytes[index] === byte);
}

function lineAt(bytes: Uint8Array, offset: number): number {
  let line = 1;
  for (let index = 0; index < offset; index += 1) if (bytes[index] === LINE_FEED) line += 1;
  return line;
}

/** A line feed is never part of a longer sequence, so that lines can be looked at one by one. */
function firstInvalidByte(bytes: Uint8Array): number | undefined {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const isValid = (piece: Uint8Array): boolean => {
    try {
      decoder.decode(piece);
      return true;
    } catch {
      return false;
    }
  };
  if (isValid(bytes)) return undefined;
  for (let start = 0; start < bytes.length;) {
    const feed = bytes.indexOf(LINE_FEED, start);
    const end = feed === -1 ? bytes.length : feed + 1;
    if (!isValid(bytes.subarray(start, end))) return start;
    start = end;
  }
  return 0;
}
