/** A golden set as the immutable ConfigMap that the gate reads. */
import { createHash } from 'node:crypto';

/** An object of the API server holds a mebibyte. */
const SET_MAXIMUM_BYTES = 900_000;
const DIGEST_PREFIX_LENGTH = 12;
const NAME_MAXIMUM_LENGTH = 253;

export interface GoldenSetData {
  readonly data: Readonly<Record<string, string>>;
}

/** SHA-256 of the set's text, with LF line ends and no byte order mark. */
export function goldenSetDigest(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

export function goldenSetConfigMapName(name: string, digest: string): string {
  const suffix = `-${digest.slice(0, DIGEST_PREFIX_LENGTH)}`;
  return `golden-set-${name}`.slice(0, NAME_MAXIMUM_LENGTH - suffix.length) + suffix;
}

/** The key is the file's name, so that its ending says how it is read. Undefined: too large. */
export function goldenSetData(fileName: string, text: string): GoldenSetData | undefined {
  return Buffer.byteLength(text) <= SET_MAXIMUM_BYTES ? { data: { [fileName]: text } } : undefined;
}
