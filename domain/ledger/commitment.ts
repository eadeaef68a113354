/**
 * A commitment to a text: HMAC-SHA-256 under a key that is drawn for each run and kept with the run's texts. Whoever has
 * text and key can prove that this text was meant; with the key erased, not even a text of one word can be guessed.
 */
import { createHmac } from 'node:crypto';
import type { TextReference } from './record-fields.ts';

export const COMMITMENT_KEY_BYTES = 16;

/** `key` in hexadecimal. */
export function commitTo(text: string, key: string): Required<Omit<TextReference, 'keptCharacters'>> {
  const digest = createHmac('sha256', Buffer.from(key, 'hex')).update(text, 'utf8').digest('hex');
  return { digest, characters: text.length };
}
