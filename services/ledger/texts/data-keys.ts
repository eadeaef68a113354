/**
 * Data keys: documents of the ledger's store, each wrapped by a key-encryption key. Two processes may make keys for the
 * same texts at the same time, since every key has a name of its own.
 *
 * An erasure leaves a mark with its time, and a key that is not younger than the mark is no key: neither a copy that
 * another process still holds nor one that is written back beside the erasure opens anything.
 */
import { z } from 'zod';
import type { LedgerStore } from '#services/ledger/store/ledger-store.ts';
import { KEY_BYTES } from './authenticated-encryption.ts';
import { type DataKeyScope, isSpent, parseDataKeyName, prefixOf } from './data-key-name.ts';
import { type KeyEncryptionKeys, unwrapKey, wrapKey } from './key-encryption-keys.ts';

const KEY_PREFIX = 'text-keys/';
const ERASURE_PREFIX = 'text-erasures/';
const NAME_RANDOM_BYTES = 8;
/** How long a process may go on sealing under a key that another one has erased. */
const TRUSTED_MICROSECONDS = 30_000_000;
const CACHED_KEYS_MAXIMUM = 1024;

const DataKeyDocument = z.object({
  version: z.literal(1),
  madeAtMicroseconds: z.int(),
  keyEncryptionKey: z.string(),
  wrapped: z.string(),
});
type DataKeyDocument = z.infer<typeof DataKeyDocument>;
const ErasureDocument = z.object({ version: z.literal(1), erasedAtMicroseconds: z.int() });

export type DocumentStore = Pick<
  LedgerStore,
  'getDocument' | 'setDocument' | 'deleteDocument' | 'listDocuments'
>;

export interface NamedDataKey {
  readonly id: string;
  readonly key: Uint8Array;
}

/** Why a text cannot be opened any more. */
export const UNREADABLE_REASONS = {
  key_erased: 'Its key was erased with all texts of that namespace and month.',
  key_missing: 'Its key is not in the store: it expired, or the store was restored from before it was made.',
  key_encryption_key_missing: 'The key that wraps its key is not in the key file any more.',
  text_altered: 'What is stored is not what was written: it was changed or moved.',
} as const;
export type UnreadableReason = keyof typeof UNREADABLE_REASONS;

export interface DataKeysOptions {
  readonly store: DocumentStore;
  /** Read for each use, for the file may change. */
  readonly keyEncryptionKeys: () => KeyEncryptionKeys;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly nowMicroseconds: () => number;
}

export class DataKeys {
  readonly #options: DataKeysOptions;
  readonly #inUse = new Map<
    string,
    { readonly key: Promise<NamedDataKey>; readonly sinceMicroseconds: number }
  >();

  constructor(options: DataKeysOptions) {
    this.#options = options;
  }

  /** The key to seal with; made and durably stored before it is used. */
  async forSealing(scope: DataKeyScope): Promise<NamedDataKey> {
    const prefix = prefixOf(scope);
    const now = this.#options.nowMicroseconds();
    const known = this.#inUse.get(prefix);
    // A clock that was set back must not prolong the trust.
    if (known !== undefined && Math.abs(now - known.sinceMicroseconds) < TRUSTED_MICROSECONDS)
      return known.key;
    const key = this.#findOrMake(prefix);
    // Again at its end of the map, whose beginning is then what was looked at longest ago.
    this.#inUse.delete(prefix);
    this.#inUse.set(prefix, { key, sinceMicroseconds: now });
    for (const oldest of this.#inUse.keys()) {
      if (this.#inUse.size <= CACHED_KEYS_MAXIMUM) break;
      this.#inUse.delete(oldest);
    }
    try {
      return await key;
    } catch (error) {
      if (this.#inUse.get(prefix)?.key === key) this.#inUse.delete(prefix);
      throw error;
    }
  }

  async forOpening(id: string): Promise<Uint8Array | UnreadableReason> {
    const scope = parseDataKeyName(id);
    if (scope === undefined) return 'key_missing';
    const [value, erasedAtMicroseconds] = await Promise.all([
      this.#options.store.getDocument(KEY_PREFIX + id),
      this.#erasedAt(scope),
    ]);
    if (value === undefined) return erasedAtMicroseconds === undefined ? 'key_missing' : 'key_erased';
    return this.#unwrap(id, value, erasedAtMicroseconds);
  }

  /** Answers with how many keys there were. Nothing that they sealed opens ever again, in no copy of the store. */
  async eraseMonth(namespace: string, month: string): Promise<number> {
    const { store, nowMicroseconds } = this.#options;
    const mark = { version: 1, erasedAtMicroseconds: nowMicroseconds() };
    await store.setDocument(erasureKey({ namespace, month }), JSON.stringify(mark));
    const prefix = `${namespace}/${month}/`;
    const keys = await store.listDocuments(KEY_PREFIX + prefix);
    for (const { key } of keys) await store.deleteDocument(key);
    for (const each of this.#inUse.keys()) if (each.startsWith(prefix)) this.#inUse.delete(each);
    return keys.length;
  }

  /** Drops the keys whose texts have all expired. Answers with how many. */
  async dropSpent(): Promise<number> {
    const { store, nowMicroseconds } = this.#options;
    const now = nowMicroseconds();
    let dropped = 0;
    for (const { key } of await store.listDocuments(KEY_PREFIX)) {
      const scope = parseDataKeyName(key.slice(KEY_PREFIX.length));
      if (scope === undefined || !isSpent(scope, now)) continue;
      await store.deleteDocument(key);
      dropped += 1;
    }
    return dropped;
  }

  /**
   * Wraps by the newest key-encryption key what an older one still wraps; no text is touched. `kept`: by a key-encryption
   * key that is not in the file, or altered. An older one may leave the file when nothing was left to wrap anew.
   */
  async rewrap(): Promise<{ readonly rewrapped: number; readonly kept: number }> {
    const { store } = this.#options;
    let rewrapped = 0;
    let kept = 0;
    for (const { key } of await store.listDocuments(KEY_PREFIX)) {
      const id = key.slice(KEY_PREFIX.length);
      const scope = parseDataKeyName(id);
      const value = await store.getDocument(key);
      if (scope === undefined || value === undefined) continue;
      const keys = this.#options.keyEncryptionKeys();
      const document = parseDocument(value);
      if (document?.keyEncryptionKey === keys[0].id) continue;
      const dataKey = this.#unwrap(id, value, await this.#erasedAt(scope));
      if (document === undefined || typeof dataKey === 'string') {
        kept += 1;
        continue;
      }
      await this.#write(id, dataKey, document.madeAtMicroseconds);
      // It may have been erased meanwhile, and is now written back: the mark came first, so it is seen here.
      const erasedAtMicroseconds = await this.#erasedAt(scope);
      if (erasedAtMicroseconds !== undefined && document.madeAtMicroseconds <= erasedAtMicroseconds) {
        await store.deleteDocument(key);
      }
      rewrapped += 1;
    }
    return { rewrapped, kept };
  }

  async #findOrMake(prefix: string): Promise<NamedDataKey> {
    const { store, randomBytes, nowMicroseconds } = this.#options;
    for (const { key, value } of await store.listDocuments(KEY_PREFIX + prefix)) {
      const id = key.slice(KEY_PREFIX.length);
      const scope = parseDataKeyName(id);
      if (scope === undefined) continue;
      const dataKey = this.#unwrap(id, value, await this.#erasedAt(scope));
      if (typeof dataKey !== 'string') return { id, key: dataKey };
    }
    const id = prefix + Buffer.from(randomBytes(NAME_RANDOM_BYTES)).toString('hex');
    const scope = parseDataKeyName(id);
    if (scope === undefined) throw new Error(`"${id}" is no name of a data key.`);
    const dataKey = randomBytes(KEY_BYTES);
    // After an erasure in the same microsecond, or before a clock that was set back: it is younger than the mark.
    const erasedAtMicroseconds = (await this.#erasedAt(scope)) ?? -1;
    await this.#write(id, dataKey, Math.max(nowMicroseconds(), erasedAtMicroseconds + 1));
    return { id, key: dataKey };
  }

  async #write(id: string, dataKey: Uint8Array, madeAtMicroseconds: number): Promise<void> {
    const { store, keyEncryptionKeys, randomBytes } = this.#options;
    const document: DataKeyDocument = {
      version: 1,
      madeAtMicroseconds,
      ...wrapKey(keyEncryptionKeys(), id, dataKey, randomBytes),
    };
    await store.setDocument(KEY_PREFIX + id, JSON.stringify(document));
  }

  #unwrap(
    id: string,
    value: string,
    erasedAtMicroseconds: number | undefined,
  ): Uint8Array | UnreadableReason {
    const document = parseDocument(value);
    if (document === undefined) return 'text_altered';
    if (erasedAtMicroseconds !== undefined && document.madeAtMicroseconds <= erasedAtMicroseconds) {
      return 'key_erased';
    }
    const dataKey = unwrapKey(this.#options.keyEncryptionKeys(), id, document);
    if (dataKey === 'missing') return 'key_encryption_key_missing';
    return dataKey === 'altered' ? 'text_altered' : dataKey;
  }

  async #erasedAt(scope: Pick<DataKeyScope, 'namespace' | 'month'>): Promise<number | undefined> {
    const value = await this.#options.store.getDocument(erasureKey(scope));
    return value === undefined ? undefined : ErasureDocument.parse(JSON.parse(value)).erasedAtMicroseconds;
  }
}

function erasureKey({ namespace, month }: Pick<DataKeyScope, 'namespace' | 'month'>): string {
  return `${ERASURE_PREFIX}${namespace}/${month}`;
}

function parseDocument(value: string): DataKeyDocument | undefined {
  try {
    return DataKeyDocument.safeParse(JSON.parse(value)).data;
  } catch {
    return undefined;
  }
}
