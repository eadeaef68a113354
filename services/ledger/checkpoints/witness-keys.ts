/**
 * Whose countersignature the ledger believes: keys that are named or, where that is asked for, the first that the witness
 * shows. That one is kept in the store for ever: another key later, of whoever took the witness's place, is not believed.
 */
import { request } from 'undici';
import { type VerifierKey, encodeVerifierKey, parseVerifierKey } from '#domain/transparency/note-keys.ts';
import type { LedgerStore } from '../store/ledger-store.ts';

const DOCUMENT = 'witness-key';
const KEY_MAXIMUM_BYTES = 4_096;

export interface WitnessKeys {
  /** Empty until the first is known. */
  readonly current: () => readonly VerifierKey[];
  /** Takes over what another replica has learned. */
  readonly recall: () => Promise<void>;
  /** Asks the witness, where none is known. Rejects when it does not answer with a key. */
  readonly learn: (signal: AbortSignal) => Promise<void>;
}

export function namedWitnessKeys(keys: readonly VerifierKey[]): WitnessKeys {
  return { current: () => keys, recall: async () => undefined, learn: async () => undefined };
}

export async function firstWitnessKey(
  url: string,
  store: Pick<LedgerStore, 'getDocument' | 'setDocument'>,
): Promise<WitnessKeys> {
  const kept = async (): Promise<readonly VerifierKey[]> => {
    const text = await store.getDocument(DOCUMENT);
    return text === undefined ? [] : [parseVerifierKey(text)];
  };
  let keys = await kept();
  const recall = async (): Promise<void> => {
    if (keys.length === 0) keys = await kept();
  };
  return {
    current: () => keys,
    recall,
    learn: async (signal) => {
      await recall();
      if (keys.length > 0) return;
      const { statusCode, body } = await request(`${url.replace(/\/$/, '')}/key`, { signal });
      const text = await boundedText(body);
      if (statusCode !== 200)
        throw new Error(`The witness answered ${statusCode} when it was asked for its key.`);
      const key = parseVerifierKey(text.trim());
      await store.setDocument(DOCUMENT, encodeVerifierKey(key));
      keys = [key];
    },
  };
}

async function boundedText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > KEY_MAXIMUM_BYTES) throw new RangeError('The answer is too large to be a key.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
