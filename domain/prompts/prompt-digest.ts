/** The identity of a prompt version is its text, whatever commit, file system or editor it came through. */
import { createHash } from 'node:crypto';

const BYTE_ORDER_MARK = '\uFEFF';
const NAME_MAXIMUM_LENGTH = 253;
const DIGEST_PREFIX_LENGTH = 12;

/** The text as it is digested and served: LF line ends, no byte order mark. */
export function canonicalPromptText(text: string): string {
  const withoutMark = text.startsWith(BYTE_ORDER_MARK) ? text.slice(BYTE_ORDER_MARK.length) : text;
  return withoutMark.replaceAll('\r\n', '\n');
}

/** SHA-256 in lower-case hexadecimal of the canonical text in UTF-8. */
export function promptDigest(text: string): string {
  return createHash('sha256').update(canonicalPromptText(text), 'utf8').digest('hex');
}

/** The metadata.name of a PromptVersion: `<prompt>-<first 12 hex of the digest>`, cut to what a name may hold. */
export function promptVersionName(prompt: string, digest: string): string {
  const suffix = `-${digest.slice(0, DIGEST_PREFIX_LENGTH)}`;
  return `${prompt.slice(0, NAME_MAXIMUM_LENGTH - suffix.length)}${suffix}`;
}
