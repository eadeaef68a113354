/**
 * One spelling for each JSON value (RFC 8785), so that equal values have equal digests: keys by their UTF-16 code units,
 * nothing between tokens, numbers and strings as ECMAScript writes them.
 */
import { createHash } from 'node:crypto';

/**
 * `value` is JSON (from JSON.parse or literals); its depth is bounded by whoever parsed it, and who hashes its UTF-8 has
 * refused lone surrogates. Members that are undefined are left out.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) {
    let items = '';
    for (const item of value) items += items === '' ? canonicalJson(item) : `,${canonicalJson(item)}`;
    return `[${items}]`;
  }
  let members = '';
  for (const key of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[key];
    if (member === undefined) continue;
    members += `${members === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
}

export function sha256Hex(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
