/** A golden set as the immutable ConfigMap that the gate reads. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

/** Larger sets travel compressed: an object of the API server holds a mebibyte. */
const PLAIN_MAXIMUM_BYTES = 262_144;
const COMPRESSED_MAXIMUM_BYTES = 700_000;
const DIGEST_PREFIX_LENGTH = 12;
const NAME_MAXIMUM_LENGTH = 253;

export interface GoldenSetData {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** SHA-256 of the set's text, with LF line ends and no byte order mark. */
export function goldenSetDigest(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

export function goldenSetConfigMapName(name: string, digest: string): string {
  const suffix = `-${digest.slice(0, DIGEST_PREFIX_LENGTH)}`;
  return `golden-set-${name}`.slice(0, NAME_MAXIMUM_LENGTH - suffix.length) + suffix;
}

/** The key is the file's name, so that its ending says how it is read; `.gz` when it is compressed. Undefined: too large. */
export function goldenSetData(fileName: string, text: string): GoldenSetData | undefined {
  if (Buffer.byteLength(text) <= PLAIN_MAXIMUM_BYTES) return { data: { [fileName]: text } };
  const compressed = gzipSync(text, { level: 9 });
  if (compressed.length > COMPRESSED_MAXIMUM_BYTES) return undefined;
  return { binaryData: { [`${fileName}.gz`]: compressed.toString('base64') } };
}
