/**
 * TextVault: texts on their way into the store and out of it. The store sees ciphertext only; a text is bound to its
 * namespace, record and field, and its key to a namespace and month.
 */
import type { RecordText } from '#domain/ledger/record-text.ts';
import type { LedgerStore, SealedText } from '#services/ledger/store/ledger-store.ts';
import { decryptBytes, encryptBytes } from './authenticated-encryption.ts';
import { expiryOf, MONTH, scopeOf } from './data-key-name.ts';
import { DataKeys, type DataKeysOptions, type UnreadableReason } from './data-keys.ts';

/** Rounds of one pass of expiry: what is left is for the next pass, and writers are let in between. */
const EXPIRY_ROUNDS_MAXIMUM = 64;

export type OpenedText =
  | { readonly field: string; readonly text: string }
  | { readonly field: string; readonly unreadable: UnreadableReason };

export interface TextVault {
  /** In the order of `texts`, to be handed to the store with their record. */
  readonly seal: (
    namespace: string,
    texts: readonly RecordText[],
    receivedAtMicroseconds: number,
  ) => Promise<readonly SealedText[]>;
  /** The texts of one record that are still kept. What cannot be opened says why; it is never left out. */
  readonly reveal: (namespace: string, recordId: string) => Promise<readonly OpenedText[]>;
  /** Answers with how many texts there were. */
  readonly eraseRun: (namespace: string, runId: string) => Promise<number>;
  /** All texts that arrived for a namespace in a month (`2026-11`, UTC), by its keys. Answers with how many keys. */
  readonly eraseMonth: (namespace: string, month: string) => Promise<number>;
  /** One pass of bounded length over what has expired: texts, then keys that open nothing any more. */
  readonly expire: (signal?: AbortSignal) => Promise<{ readonly texts: number; readonly keys: number }>;
  /** After a new key-encryption key: see DataKeys.rewrap. */
  readonly rewrap: () => Promise<{ readonly rewrapped: number; readonly kept: number }>;
}

type TextStore = DataKeysOptions['store'] &
  Pick<LedgerStore, 'texts' | 'eraseTextsOfRun' | 'eraseExpiredTexts'>;

interface TextVaultOptions extends DataKeysOptions {
  readonly store: TextStore;
}

export function createTextVault(options: TextVaultOptions): TextVault {
  const { store, randomBytes, nowMicroseconds } = options;
  const keys = new DataKeys(options);

  const sealOne = async (namespace: string, text: RecordText, received: number): Promise<SealedText> => {
    const expiresAtMicroseconds = expiryOf(received, text.retentionDays);
    const { id, key } = await keys.forSealing(scopeOf(namespace, received, expiresAtMicroseconds));
    const context = textContext(namespace, text.recordId, text.field, id);
    return {
      field: text.field,
      keyId: id,
      bytes: encryptBytes(key, context, Buffer.from(text.text, 'utf8'), randomBytes),
      expiresAtMicroseconds,
    };
  };

  const openOne = async (namespace: string, recordId: string, sealed: SealedText): Promise<OpenedText> => {
    const { field, keyId } = sealed;
    const key = await keys.forOpening(keyId);
    if (typeof key === 'string') return { field, unreadable: key };
    const plain = decryptBytes(key, textContext(namespace, recordId, field, keyId), sealed.bytes);
    return plain === undefined
      ? { field, unreadable: 'text_altered' }
      : { field, text: Buffer.from(plain).toString('utf8') };
  };

  return {
    seal: (namespace, texts, receivedAtMicroseconds) =>
      Promise.all(texts.map((text) => sealOne(namespace, text, receivedAtMicroseconds))),
    reveal: async (namespace, recordId) =>
      Promise.all(
        (await store.texts(namespace, recordId)).map((sealed) => openOne(namespace, recordId, sealed)),
      ),
    eraseRun: (namespace, runId) => store.eraseTextsOfRun(namespace, runId),
    eraseMonth: async (namespace, month) => {
      if (!MONTH.test(month)) throw new RangeError(`"${month}" is no month: write it as 2026-11.`);
      return keys.eraseMonth(namespace, month);
    },
    expire: async (signal) => {
      let texts = 0;
      for (let round = 0; round < EXPIRY_ROUNDS_MAXIMUM; round += 1) {
        signal?.throwIfAborted();
        const erased = await store.eraseExpiredTexts(nowMicroseconds());
        if (erased === 0) break;
        texts += erased;
      }
      return { texts, keys: await keys.dropSpent() };
    },
    rewrap: () => keys.rewrap(),
  };
}

function textContext(namespace: string, recordId: string, field: string, keyId: string): readonly string[] {
  return ['text', namespace, recordId, field, keyId];
}
