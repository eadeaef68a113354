import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RecordText } from '#domain/ledger/record-text.ts';
import type { SealedText } from '#services/ledger/store/ledger-store.ts';
import { parseKeyFile } from './key-encryption-keys.ts';
import { KeyFile } from './key-file.ts';
import { createTextVault, type TextVault } from './text-vault.ts';

const DAY = 86_400_000_000;
const NOVEMBER = Date.UTC(2026, 10, 25) * 1000;

/** The part of a store that the vault uses, in memory. */
class MemoryStore {
  readonly documents = new Map<string, string>();
  readonly sealed = new Map<string, readonly SealedText[]>();

  keep(namespace: string, recordId: string, texts: readonly SealedText[]): void {
    this.sealed.set(`${namespace} ${recordId}`, texts);
  }
  readonly getDocument = async (key: string) => this.documents.get(key);
  readonly setDocument = async (key: string, value: string) => void this.documents.set(key, value);
  readonly deleteDocument = async (key: string) => void this.documents.delete(key);
  readonly listDocuments = async (prefix: string) =>
    [...this.documents]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, value]) => ({ key, value }));
  readonly texts = async (namespace: string, recordId: string) =>
    this.sealed.get(`${namespace} ${recordId}`) ?? [];
  readonly eraseTextsOfRun = async () => 0;
  readonly eraseExpiredTexts = async (now: number) => {
    let erased = 0;
    for (const [key, texts] of this.sealed) {
      const kept = texts.filter((text) => text.expiresAtMicroseconds > now);
      erased += texts.length - kept.length;
      this.sealed.set(key, kept);
    }
    return erased;
  };
}

class World {
  readonly store = new MemoryStore();
  now = NOVEMBER;
  keyFile = `${newKey()}\n`;

  /** As after a restart: nothing is remembered but what the store holds. */
  vault(): TextVault {
    return createTextVault({
      store: this.store,
      keyEncryptionKeys: () => parseKeyFile(this.keyFile, 'keys'),
      randomBytes: (count) => randomBytes(count),
      nowMicroseconds: () => this.now,
    });
  }

  async write(vault: TextVault, text: string, overrides: Partial<RecordText> = {}): Promise<SealedText> {
    const [sealed] = await vault.seal('shop', [textOf(text, overrides)], this.now);
    if (sealed === undefined) throw new Error('nothing was sealed');
    this.store.keep('shop', overrides.recordId ?? 'r-1', [sealed]);
    return sealed;
  }

  keyDocuments(): readonly string[] {
    return [...this.store.documents.keys()].filter((key) => key.startsWith('text-keys/'));
  }
}

function newKey(): string {
  return randomBytes(32).toString('base64');
}

function textOf(text: string, overrides: Partial<RecordText> = {}): RecordText {
  return { recordId: 'r-1', field: 'input', text, retentionDays: 30, ...overrides };
}

describe('a text in the vault', () => {
  it('is noise in the store and itself again when it is revealed, after a restart too', async () => {
    const world = new World();
    const text = 'Refund order 4711 for Ana Núñez 🦊';
    const sealed = await world.write(world.vault(), text);
    const everything =
      Buffer.from(sealed.bytes).toString('latin1') + JSON.stringify([...world.store.documents]);
    expect(everything).not.toContain('4711');
    expect(await world.vault().reveal('shop', 'r-1')).toEqual([{ field: 'input', text }]);
  });

  it('is sealed differently each time, and under one key a namespace and month', async () => {
    const world = new World();
    const vault = world.vault();
    const sealed = await Promise.all(
      Array.from({ length: 50 }, () => vault.seal('shop', [textOf('yes')], world.now)),
    );
    const bytes = sealed.flat().map((text) => Buffer.from(text.bytes).toString('hex'));
    expect(new Set(bytes).size).toBe(50);
    expect(new Set(sealed.flat().map(({ keyId }) => keyId)).size).toBe(1);
    await vault.seal('bank', [textOf('yes')], world.now);
    await vault.seal('shop', [textOf('yes')], world.now + 10 * DAY);
    expect(world.keyDocuments()).toHaveLength(3);
  });

  it('does not open in another namespace, beside another record, as another field or changed in one bit', async () => {
    const world = new World();
    const vault = world.vault();
    const sealed = await world.write(vault, 'secret');
    const altered = [{ field: 'input', unreadable: 'text_altered' }];
    world.store.keep('bank', 'r-1', [sealed]);
    expect(await vault.reveal('bank', 'r-1')).toEqual(altered);
    world.store.keep('shop', 'r-2', [sealed]);
    expect(await vault.reveal('shop', 'r-2')).toEqual(altered);
    world.store.keep('shop', 'r-1', [{ ...sealed, field: 'output' }]);
    expect(await vault.reveal('shop', 'r-1')).toEqual([{ field: 'output', unreadable: 'text_altered' }]);
    for (const at of [0, 1, 20, 30, sealed.bytes.length - 1]) {
      const bytes = Uint8Array.from(sealed.bytes, (byte, index) => (index === at ? byte ^ 1 : byte));
      world.store.keep('shop', 'r-1', [{ ...sealed, bytes }]);
      expect(await vault.reveal('shop', 'r-1')).toEqual(altered);
    }
    world.store.keep('shop', 'r-1', [{ ...sealed, bytes: sealed.bytes.subarray(0, 10) }]);
    expect(await vault.reveal('shop', 'r-1')).toEqual(altered);
  });

  it('that cannot be opened any more says why, and never hides the others', async () => {
    const world = new World();
    const vault = world.vault();
    const texts = [textOf('mine'), textOf('theirs', { field: 'output', retentionDays: 90 })];
    const sealed = await vault.seal('shop', texts, world.now);
    world.store.keep('shop', 'r-1', sealed);
    world.store.documents.delete(`text-keys/${sealed[1]?.keyId}`);
    expect(await vault.reveal('shop', 'r-1')).toEqual([
      { field: 'input', text: 'mine' },
      { field: 'output', unreadable: 'key_missing' },
    ]);
    world.keyFile = newKey();
    expect(await vault.reveal('shop', 'r-1')).toMatchObject([
      { unreadable: 'key_encryption_key_missing' },
      {},
    ]);
  });
});

describe('keys', () => {
  it('are wrapped anew by a newer key-encryption key without a change of the texts, and the older may then go', async () => {
    const world = new World();
    const sealed = await world.write(world.vault(), 'kept');
    const older = world.keyFile;
    world.keyFile = `# rotated in November\n${newKey()}\n${older}`;
    expect(await world.vault().rewrap()).toEqual({ rewrapped: 1, kept: 0 });
    expect(await world.vault().rewrap()).toEqual({ rewrapped: 0, kept: 0 });
    world.keyFile = world.keyFile.replace(older, '');
    expect(await world.vault().reveal('shop', 'r-1')).toEqual([{ field: 'input', text: 'kept' }]);
    expect(await world.store.texts('shop', 'r-1')).toEqual([sealed]);
  });

  it('that nothing in the file unwraps are not sealed with, and counted when the rest is wrapped anew', async () => {
    const world = new World();
    await world.write(world.vault(), 'lost');
    world.keyFile = newKey();
    await world.write(world.vault(), 'new', { recordId: 'r-2' });
    expect(await world.vault().reveal('shop', 'r-2')).toEqual([{ field: 'input', text: 'new' }]);
    expect(await world.vault().rewrap()).toEqual({ rewrapped: 0, kept: 1 });
  });

  it('cannot be exchanged for each other in the store', async () => {
    const world = new World();
    const vault = world.vault();
    const { keyId } = await world.write(vault, 'mine');
    const [other] = await vault.seal('bank', [textOf('theirs')], world.now);
    const stolen = world.store.documents.get(`text-keys/${other?.keyId}`) ?? '';
    world.store.documents.set(`text-keys/${keyId}`, stolen);
    expect(await vault.reveal('shop', 'r-1')).toEqual([{ field: 'input', unreadable: 'text_altered' }]);
  });

  it('are refused with the line that is wrong, and what stands in it is not repeated', () => {
    for (const wrong of ['c2hvcnQ=', 'not base64 at all!', `${newKey()}x`, `id ${newKey()}`]) {
      expect(() => parseKeyFile(`${newKey()}\n${wrong}\n`, '/keys')).toThrow(
        /^Line 2 of \/keys is not a key/,
      );
      expect(() => parseKeyFile(`${newKey()}\n${wrong}\n`, '/keys')).not.toThrow(wrong);
    }
    expect(() => parseKeyFile('\n# none\n', '/keys')).toThrow(/holds no key/);
    const key = newKey();
    expect(() => parseKeyFile(`${key}\n${key}`, '/keys')).toThrow(/twice/);
    expect(() => parseKeyFile('x'.repeat(9000), '/keys')).toThrow(/larger than/);
    const many = Array.from({ length: 17 }, newKey).join('\n');
    expect(() => parseKeyFile(many, '/keys')).toThrow(/17 keys/);
  });

  it('come from a file that may change, and stay when it is broken', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'capataz-keys-'));
    const path = join(directory, 'keys');
    try {
      await expect(KeyFile.open(path)).rejects.toThrow(/could not be read \(ENOENT\)/);
      await writeFile(path, newKey());
      const file = await KeyFile.open(path);
      const [first] = file.keys();
      await writeFile(path, 'x'.repeat(1_000_000));
      await expect(file.reload()).rejects.toThrow(/larger than/);
      expect(file.keys()[0]).toEqual(first);
      await writeFile(path, `${newKey()}\n${Buffer.from(first.key).toString('base64')}`);
      expect(await file.reload()).toBe(true);
      expect(file.keys()[1]).toEqual(first);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

describe('erasing', () => {
  it('of a namespace and month opens none of its texts again, and leaves other months and namespaces', async () => {
    const world = new World();
    const vault = world.vault();
    await world.write(vault, 'november');
    world.now += 10 * DAY;
    await world.write(vault, 'december', { recordId: 'r-2' });
    world.store.keep('bank', 'r-1', await vault.seal('bank', [textOf('bank')], NOVEMBER));
    expect(await vault.eraseMonth('shop', '2026-11')).toBe(1);
    expect(await vault.reveal('shop', 'r-1')).toEqual([{ field: 'input', unreadable: 'key_erased' }]);
    expect(await vault.reveal('shop', 'r-2')).toEqual([{ field: 'input', text: 'december' }]);
    expect(await vault.reveal('bank', 'r-1')).toEqual([{ field: 'input', text: 'bank' }]);
    await expect(vault.eraseMonth('shop', '2026-13')).rejects.toThrow(/no month/);
  });

  it('holds against a key that somebody writes back beside it, and later texts get a key of their own', async () => {
    const world = new World();
    const vault = world.vault();
    await world.write(vault, 'erased');
    const [key = ''] = world.keyDocuments();
    const before = world.store.documents.get(key) ?? '';
    await vault.eraseMonth('shop', '2026-11');
    world.store.documents.set(key, before);
    expect(await vault.reveal('shop', 'r-1')).toEqual([{ field: 'input', unreadable: 'key_erased' }]);
    for (const each of [vault, world.vault()]) {
      await world.write(each, 'after', { recordId: 'r-2' });
      expect(await world.vault().reveal('shop', 'r-2')).toEqual([{ field: 'input', text: 'after' }]);
    }
    world.keyFile = `${newKey()}\n${world.keyFile}`;
    await world.vault().rewrap();
    expect(await vault.reveal('shop', 'r-1')).toEqual([{ field: 'input', unreadable: 'key_erased' }]);
  });

  it('by another process is followed within a minute', async () => {
    const world = new World();
    const vault = world.vault();
    await world.write(vault, 'before');
    await world.vault().eraseMonth('shop', '2026-11');
    world.now += 60_000_000;
    await world.write(vault, 'after');
    expect(await vault.reveal('shop', 'r-1')).toEqual([{ field: 'input', text: 'after' }]);
  });

  it('comes by itself after the days of retention, and takes the key when its last text has expired', async () => {
    const world = new World();
    const vault = world.vault();
    await world.write(vault, 'short', { retentionDays: 1 });
    await world.write(vault, 'long', { recordId: 'r-2', retentionDays: 40 });
    expect(await vault.expire()).toEqual({ texts: 0, keys: 0 });
    world.now = NOVEMBER + DAY;
    expect(await vault.expire()).toEqual({ texts: 1, keys: 0 });
    expect(await vault.reveal('shop', 'r-1')).toEqual([]);
    world.now = NOVEMBER + 7 * DAY;
    expect(await vault.expire()).toEqual({ texts: 0, keys: 1 });
    expect(await vault.reveal('shop', 'r-2')).toEqual([{ field: 'input', text: 'long' }]);
    world.now = NOVEMBER + 80 * DAY;
    expect(await vault.expire()).toEqual({ texts: 1, keys: 1 });
    expect(world.keyDocuments()).toEqual([]);
  });
});
