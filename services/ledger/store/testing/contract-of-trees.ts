import { describe, expect, it } from 'vitest';
import { leafOf, pathOf, rootOf } from '#domain/transparency/testing/recursive-tree.ts';
import { proveInclusion } from '#domain/transparency/tree-proofs.ts';
import { TILE_WIDTH } from '#domain/transparency/tiles.ts';
import { FIRST_OF_CHAIN, LedgerEntry } from '#domain/ledger/ledger-entry.ts';
import type { RecordOf } from '#domain/ledger/ledger-record.ts';
import type { LedgerStore } from '../ledger-store.ts';
import { attempt, feedback, RECEIVED_AT, rotation, runBegun, submitted } from './sample-records.ts';
import { withStore } from './store-place.ts';
import type { NewPlace } from './store-place.ts';

export function describeTrees(newPlace: NewPlace): void {
  describe('and proofs', () => {
    it('has the tree of RFC 6962 over the canonical entries of each namespace, however the batches were cut', async () => {
      await withStore(newPlace, async (store) => {
        let next = 0;
        for (const count of [1, 254, 1, 1, 255, 256, 512, 3]) {
          const records = Array.from({ length: count }, () => rotation(`r-${next++}`));
          const elsewhere = next % 5 === 0 ? records.map(inMail) : [];
          await store.append(
            [...records, ...elsewhere].map((record) => submitted(record)),
            RECEIVED_AT,
          );
          for (const namespace of await store.namespaces()) await expectTree(store, namespace);
        }
        expect((await store.treeHead('shop')).size).toBe(next);
        expect(await store.treeHead('nowhere')).toEqual({ size: 0, root: rootOf([]) });
      });
    });

    it('gives tiles as they stood when they were narrower, and none where there are not so many hashes', async () => {
      await withStore(newPlace, async (store) => {
        const records = Array.from({ length: 300 }, (_, place) => rotation(`r-${place}`));
        await store.append(
          records.map((record) => submitted(record)),
          RECEIVED_AT,
        );
        const full = await store.tile('shop', 0, 0, TILE_WIDTH);
        expect(full).toHaveLength(TILE_WIDTH * 32);
        expect(await store.tile('shop', 0, 0, 10)).toEqual(full?.slice(0, 320));
        expect(await store.tile('shop', 0, 1, 44)).toHaveLength(44 * 32);
        expect(await store.tile('shop', 1, 0, 1)).toHaveLength(32);
        for (const [level, index, width] of [
          [0, 1, 45],
          [1, 0, 2],
          [0, 2, 1],
          [2, 0, 1],
        ] as const) {
          expect(await store.tile('shop', level, index, width)).toBeUndefined();
        }
        expect(await store.tile('mail', 0, 0, 1)).toBeUndefined();
      });
    });

    it('links the records of each run one to the one before, across batches and whatever stands between them', async () => {
      await withStore(newPlace, async (store) => {
        const runs = ['run-1', 'run-2', 'run-1', 'run-1', 'run-3', 'run-2', 'run-1'];
        const records = runs.map((id, place) => attempt(`r-${place}`, { run: { id } }));
        await store.append(
          records.slice(0, 3).map((record) => submitted(record)),
          RECEIVED_AT,
        );
        await store.append([submitted(rotation('r-x')), submitted(feedback('r-8'))], RECEIVED_AT);
        await store.append(
          records.slice(3).map((record) => submitted(record)),
          RECEIVED_AT,
        );
        for (const [runId, count] of [
          ['run-1', 5],
          ['run-2', 2],
          ['run-3', 1],
        ] as const) {
          const { entries } = await store.entriesAfter(0, { runId }, 100);
          expect(entries).toHaveLength(count);
          let previous = FIRST_OF_CHAIN;
          for (const [sequence, { canonical }] of entries.entries()) {
            expect(LedgerEntry.parse(JSON.parse(canonical)).chain).toEqual({ sequence, previous });
            previous = Buffer.from(leafOf(canonical)).toString('hex');
          }
        }
        const loose = await store.entryOfRecord('shop', 'r-x');
        expect(loose?.canonical).not.toContain('"chain"');
      });
    });

    it('goes on with a chain where a record of the run was refused', async () => {
      await withStore(newPlace, async (store) => {
        const batch = [runBegun('r-1'), attempt('r-1'), attempt('r-2')];
        await store.append(
          batch.map((record) => submitted(record)),
          RECEIVED_AT,
        );
        const { entries } = await store.entriesAfter(0, { runId: 'run-1' }, 10);
        expect(
          entries.map(({ canonical }) => LedgerEntry.parse(JSON.parse(canonical)).chain?.sequence),
        ).toEqual([0, 1]);
      });
    });
  });
}

function inMail(record: RecordOf<'key_rotation'>): RecordOf<'key_rotation'> {
  return { ...record, namespace: 'mail' };
}

/** Root, every tile's place in it and one inclusion proof, from the definitions. */
async function expectTree(store: LedgerStore, namespace: string): Promise<void> {
  const { size, root } = await store.treeHead(namespace);
  const entries = await store.entriesByIndex(namespace, 0, size);
  expect(entries.map(({ index }) => index)).toEqual(Array.from({ length: size }, (_, index) => index));
  const leaves = entries.map(({ canonical }) => leafOf(canonical));
  expect(Buffer.from(root).toString('hex')).toBe(Buffer.from(rootOf(leaves)).toString('hex'));
  const index = Math.floor(size / 3);
  const proof = await proveInclusion(index, size, (tile) =>
    store.tile(namespace, tile.level, tile.index, tile.width),
  );
  expect(proof.map(hex)).toEqual(pathOf(index, leaves).map(hex));
}

function hex(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex');
}
