import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signerKeyOf } from '#domain/transparency/note-keys.ts';
import type { LedgerStore } from '../store/ledger-store.ts';
import { openSqliteStore } from '../store/sqlite/open-sqlite-store.ts';
import { attempt, RECEIVED_AT, submitted } from '../store/testing/sample-records.ts';
import { witnessInMemory } from '../testing/witness-in-memory.ts';
import { advanceLog } from './advance-log.ts';
import { storedCheckpoint } from './checkpoint-documents.ts';

const KEY = signerKeyOf('test-ledger', 'ed25519', new Uint8Array(32));
const OPTIONS = { isFirst: false, signal: new AbortController().signal };

let directory: string;
let store: LedgerStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'capataz-ledger-'));
  store = await openSqliteStore({ path: join(directory, 'ledger.sqlite'), onFailure: () => undefined });
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

async function grow(id: string): Promise<void> {
  await store.append([submitted(attempt(id))], RECEIVED_AT);
}

describe('a replica that is overtaken in the middle of its turn', () => {
  it('calls no loss what another one has signed and had witnessed after it looked at the tree', async () => {
    const witness = witnessInMemory(KEY);
    const another = { store, key: KEY, witness };
    await grow('r-1');
    await advanceLog(another, 'shop', OPTIONS);
    await grow('r-2');
    let isFrozen = true;
    const overtaken: LedgerStore = {
      ...store,
      treeHead: async (namespace) => {
        const head = await store.treeHead(namespace);
        if (!isFrozen) return head;
        isFrozen = false;
        await grow('r-3');
        await advanceLog(another, 'shop', OPTIONS);
        return head;
      },
      // Its lead is lost.
      setDocument: async () => undefined,
    };
    const late = await advanceLog({ store: overtaken, key: KEY, witness }, 'shop', OPTIONS);
    expect(late).toMatchObject({ kind: 'unwitnessed', size: 2 });
    expect(witness.sizes()).toEqual({ 'test-ledger/shop': 3 });
    expect(await storedCheckpoint(store, 'shop')).toMatch(/^test-ledger\/shop\n3\n/);
  });

  it('calls no loss what another one has signed just before it reads the last checkpoint', async () => {
    const another = { store, key: KEY, witness: undefined };
    await grow('r-1');
    await advanceLog(another, 'shop', OPTIONS);
    const overtaken: LedgerStore = {
      ...store,
      getDocument: async (key) => {
        await grow(`before-${key}`);
        await advanceLog(another, 'shop', OPTIONS);
        return await store.getDocument(key);
      },
    };
    const late = await advanceLog({ store: overtaken, key: KEY, witness: undefined }, 'shop', OPTIONS);
    expect(late.kind).toBe('unchanged');
  });
});
