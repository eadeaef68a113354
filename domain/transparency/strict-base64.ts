/**
 * Standard base64 (RFC 4648 section 4) that is the only spelling of its bytes. node:buffer skips what it does not know and
 * takes the URL alphabet, so that two texts could mean one signature.
 */

/** Undefined for any other spelling, and for more than `maximumBytes`. */
export function decodeBase64(text: string, maximumBytes: number): Buffer | undefined {
  if (text.length > 4 * Math.ceil(maximumBytes / 3)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.length <= maximumBytes && bytes.toString('base64') === text ? bytes : undefined;
}

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Lines of one base64 hash each, as proofs are written; undefined when one of them is none. */
export function decodeHashLines(lines: readonly string[]): readonly Uint8Array[] | undefined {
  const hashes = lines.map((line) => decodeBase64(line, 32));
  return hashes.every((hash) => hash?.length === 32)
    ? hashes.filter((hash) => hash !== undefined)
    : undefined;
}
