import { describe, expect, it } from 'vitest';
import { leafOf } from '#domain/transparency/testing/recursive-tree.ts';
import { isIncluded } from '#domain/transparency/proof-verification.ts';
import { proveInclusion } from '#domain/transparency/tree-proofs.ts';
import type { LedgerStore, SealedText } from '../ledger-store.ts';
import { attempt, common, RECEIVED_AT, rotation, runBegun, runEnded, submitted } from './sample-records.ts';
import { LEDGER_ITSELF, LOSS_PREFIX, StoreTamperedError, writeLoss } from '../standing-losses.ts';
import { withStore } from './store-place.ts';
import type { NewPlace } from './store-place.ts';

function text(field: string, changes: Partial<SealedText> = {}): SealedText {
  return {
    field,
    keyId: 'key-1',
    bytes: Uint8Array.of(0, 1, 255),
    expiresAtMicroseconds: RECEIVED_AT + 100,
    ...changes,
  };
}

async function fieldsOf(store: LedgerStore, ...ids: readonly string[]): Promise<readonly string[]> {
  const texts = await Promise.all(ids.map((id) => store.texts('shop', id)));
  return texts.flat().map(({ field }) => field);
}

async function appendWithTexts(store: LedgerStore): Promise<void> {
  await store.append(
    [
      submitted(runBegun('r-1'), {
        texts: [text('input'), text('commitment_key', { expiresAtMicroseconds: RECEIVED_AT })],
      }),
      submitted(runEnded('r-2'), { texts: [text('output', { bytes: new Uint8Array(1_048_576).fill(7) })] }),
      submitted(runEnded('r-3', { run: { id: 'run-2' } }), { texts: [text('output')] }),
      submitted(runEnded('r-4', { namespace: 'mail' }), { texts: [text('output')] }),
    ],
    RECEIVED_AT,
  );
}

export function describeKeeping(newPlace: NewPlace): void {
  describe('while a loss stands', () => {
    it('appends nothing from the moment on at which it stands, but what the ledger itself tells of losses', async () => {
      await withStore(newPlace, async (store) => {
        await store.append([submitted(attempt('r-1'))], RECEIVED_AT);
        const loss = writeLoss({ size: 7, message: 'Six are gone.' });
        // Among appends that are under way: none of them is behind it.
        const appends = Array.from({ length: 20 }, (_, place) =>
          store.append([submitted(attempt(`w-${place}`))], RECEIVED_AT).catch((error: unknown) => error),
        );
        await store.setDocument(`${LOSS_PREFIX}shop`, loss);
        const position = await store.lastPosition();
        const refused = (await Promise.all(appends)).filter((outcome) => outcome instanceof Error);
        expect(refused).toEqual(refused.map(() => new StoreTamperedError('Six are gone.')));
        expect(await store.lastPosition()).toBe(position);
        const others = [submitted(attempt('m-1', { namespace: 'mail' }))];
        await expect(store.append(others, RECEIVED_AT)).rejects.toThrow(StoreTamperedError);
        const gap = { ...common('g-1'), type: 'gap', cause: 'restored_backup', sentence: 'Known.' } as const;
        await expect(store.append([submitted(gap)], RECEIVED_AT)).rejects.toThrow(StoreTamperedError);
        const ofItself = submitted(gap, { reporter: LEDGER_ITSELF });
        await expect(store.append([ofItself, ...others], RECEIVED_AT)).rejects.toThrow(StoreTamperedError);
        expect(await store.append([ofItself], RECEIVED_AT)).toMatchObject([{ kind: 'written' }]);
        await store.deleteDocument(`${LOSS_PREFIX}shop`);
        expect(await store.append(others, RECEIVED_AT)).toMatchObject([{ kind: 'written' }]);
      });
    });
  });

  describe('when texts stand beside records', () => {
    it('gives them back as they came, and says at the entry which there are', async () => {
      await withStore(newPlace, async (store) => {
        await appendWithTexts(store);
        expect(await store.texts('shop', 'r-1')).toEqual([
          text('commitment_key', { expiresAtMicroseconds: RECEIVED_AT }),
          text('input'),
        ]);
        const [output] = await store.texts('shop', 'r-2');
        expect(Buffer.from(output?.bytes ?? []).equals(Buffer.alloc(1_048_576, 7))).toBe(true);
        expect(await store.texts('shop', 'r-9')).toEqual([]);
        expect((await store.entryOfRecord('shop', 'r-1'))?.textFields).toEqual(['commitment_key', 'input']);
        expect((await store.entryOfRecord('mail', 'r-4'))?.textFields).toEqual(['output']);
      });
    });

    it('keeps the first of two for the same field of a record', async () => {
      await withStore(newPlace, async (store) => {
        const texts = [text('input'), text('input', { keyId: 'key-2' })];
        await store.append([submitted(runBegun('r-1'), { texts })], RECEIVED_AT);
        expect(await store.texts('shop', 'r-1')).toEqual([text('input')]);
      });
    });

    it('erases those of one run in one namespace, counts them, and leaves entries and proofs as they were', async () => {
      await withStore(newPlace, async (store) => {
        await appendWithTexts(store);
        const entry = await store.entryOfRecord('shop', 'r-1');
        const head = await store.treeHead('shop');
        expect(await store.eraseTextsOfRun('shop', 'run-1')).toBe(3);
        expect(await store.eraseTextsOfRun('shop', 'run-1')).toBe(0);
        expect(await store.eraseTextsOfRun('nowhere', 'run-2')).toBe(0);
        expect(await fieldsOf(store, 'r-1', 'r-2', 'r-3')).toEqual(['output']);
        expect(await store.texts('mail', 'r-4')).toHaveLength(1);
        expect(await store.entryOfRecord('shop', 'r-1')).toEqual({ ...entry, textFields: [] });
        expect(await store.treeHead('shop')).toEqual(head);
      });
    });

    it('does not bring erased texts back when the record is told again', async () => {
      await withStore(newPlace, async (store) => {
        await appendWithTexts(store);
        await store.eraseTextsOfRun('shop', 'run-1');
        await appendWithTexts(store);
        expect(await fieldsOf(store, 'r-1', 'r-2')).toEqual([]);
      });
    });

    it('erases those whose time has come, and only those', async () => {
      await withStore(newPlace, async (store) => {
        await appendWithTexts(store);
        expect(await store.eraseExpiredTexts(RECEIVED_AT - 1)).toBe(0);
        expect(await store.eraseExpiredTexts(RECEIVED_AT)).toBe(1);
        expect(await fieldsOf(store, 'r-1')).toEqual(['input']);
        expect(await store.eraseExpiredTexts(RECEIVED_AT + 100)).toBe(4);
        expect(await store.eraseExpiredTexts(RECEIVED_AT + 100)).toBe(0);
      });
    });
  });

  describe('when entries are pruned', () => {
    it('drops bodies and texts of those that came before, the oldest first and no more than asked for', async () => {
      await withStore(newPlace, async (store) => {
        for (const number of [0, 1, 2, 3]) {
          const texts = [text('input')];
          await store.append([submitted(runBegun(`r-${number}`), { texts })], RECEIVED_AT + number);
        }
        expect(await store.prune(RECEIVED_AT, 10)).toBe(0);
        expect(await store.prune(RECEIVED_AT + 3, 2)).toBe(2);
        const { entries, position, isEnd } = await store.entriesAfter(0, {}, 10);
        expect(entries.map((entry) => entry.index)).toEqual([2, 3]);
        expect({ position, isEnd }).toEqual({ position: 4, isEnd: true });
        expect(await store.prune(RECEIVED_AT + 3, 2)).toBe(1);
        expect(await store.prune(RECEIVED_AT + 3, 2)).toBe(0);
        expect(await fieldsOf(store, 'r-0', 'r-1', 'r-2', 'r-3')).toEqual(['input']);
        expect((await store.entriesByIndex('shop', 0, 10)).map(({ index }) => index)).toEqual([3]);
        expect(await store.entryOfRecord('shop', 'r-0')).toBeUndefined();
      });
    });

    it('keeps proofs, chains, sums and ids whole', async () => {
      await withStore(newPlace, async (store) => {
        const records = Array.from({ length: 300 }, (_, number) => attempt(`r-${number}`));
        await store.append(
          records.map((record) => submitted(record)),
          RECEIVED_AT,
        );
        const pruned = await store.entryOfRecord('shop', 'r-17');
        const [head, runs] = [await store.treeHead('shop'), await store.runsOfId('run-1')];
        expect(await store.prune(RECEIVED_AT + 1, 1_000)).toBe(300);
        expect(await store.treeHead('shop')).toEqual(head);
        expect(await store.runsOfId('run-1')).toEqual(runs);
        const proof = await proveInclusion(17, head.size, (tile) =>
          store.tile('shop', tile.level, tile.index, tile.width),
        );
        const leafHash = leafOf(pruned?.canonical ?? '');
        expect(isIncluded({ leafHash, index: 17, size: head.size, root: head.root, proof })).toBe(true);
        expect(
          await store.append(
            [attempt('r-17'), attempt('r-18', { model: 'another' }), attempt('r-300')].map((record) =>
              submitted(record),
            ),
            RECEIVED_AT + 2,
          ),
        ).toMatchObject([
          { kind: 'duplicate', index: 17 },
          { kind: 'refused', code: 'record_conflict' },
          { kind: 'written', index: 300 },
        ]);
        const last = await store.entryOfRecord('shop', 'r-300');
        expect(JSON.parse(last?.canonical ?? '')).toMatchObject({ chain: { sequence: 300 } });
      });
    });
  });

  describe('when documents are kept', () => {
    it('gives back what was set last, and lists by what a key begins with, in order', async () => {
      await withStore(newPlace, async (store) => {
        expect(await store.getDocument('a')).toBeUndefined();
        for (const key of ['sink/b', 'sink/a', 'sinks', 'sink/%', 'sink_', '', 'sink/\u{1f40c}']) {
          await store.setDocument(key, `old ${key}`);
          await store.setDocument(key, `new ${key}\u0000"'`);
        }
        expect(await store.getDocument('sink/b')).toBe('new sink/b\u0000"\'');
        const listed = await store.listDocuments('sink/');
        expect(listed.map(({ key }) => key)).toEqual(['sink/%', 'sink/a', 'sink/b', 'sink/\u{1f40c}']);
        expect(listed[1]).toEqual({ key: 'sink/a', value: 'new sink/a\u0000"\'' });
        expect(await store.listDocuments('')).toHaveLength(7);
        await store.deleteDocument('sink/a');
        await store.deleteDocument('sink/a');
        expect(await store.getDocument('sink/a')).toBeUndefined();
      });
    });

    it('keeps them when it is closed and opened again', async () => {
      await using place = await newPlace();
      {
        await using store = await place.open();
        await store.setDocument('checkpoint', 'x'.repeat(100_000));
      }
      await using store = await place.open();
      expect(await store.getDocument('checkpoint')).toBe('x'.repeat(100_000));
    });
  });

  describe('when a source counts its records', () => {
    const counted = (sequence: number, changes: Partial<Parameters<typeof submitted>[1]> = {}) =>
      submitted(rotation(`r-${sequence}`, { source: { ...common('r-0').source, sequence } }), changes);
    const gaps = async (store: LedgerStore) => {
      const all = await store.sourceGaps();
      return all
        .toSorted((one, other) => one.firstMissing - other.firstMissing)
        .map(({ firstMissing, lastMissing }) => [firstMissing, lastMissing]);
    };

    it('knows no gap while nothing is missing, in whatever batches and namespaces it comes', async () => {
      await withStore(newPlace, async (store) => {
        await store.append([counted(1), counted(2)], RECEIVED_AT);
        const elsewhere = rotation('r-3', {
          namespace: 'mail',
          source: { ...common('r-0').source, sequence: 3 },
        });
        await store.append([submitted(elsewhere), counted(4), counted(2)], RECEIVED_AT);
        expect(await store.sourceGaps()).toEqual([]);
      });
    });

    it('says what is missing, who told what is around it and since when, the newest first', async () => {
      await withStore(newPlace, async (store) => {
        await store.append([counted(3)], RECEIVED_AT);
        await store.append([counted(4), counted(7)], RECEIVED_AT + 9);
        const source = { process: 'router', instance: 'router-0', boot: 'boot' };
        const { reporter } = counted(1);
        expect(await store.sourceGaps()).toEqual([
          { ...source, reporter, firstMissing: 5, lastMissing: 6, seenAtMicroseconds: RECEIVED_AT + 9 },
          { ...source, reporter, firstMissing: 1, lastMissing: 2, seenAtMicroseconds: RECEIVED_AT },
        ]);
      });
    });

    it('closes a gap as what was missing arrives, from either end and from the middle', async () => {
      await withStore(newPlace, async (store) => {
        await store.append([counted(1), counted(9)], RECEIVED_AT);
        await store.append([counted(5)], RECEIVED_AT + 1);
        expect(await gaps(store)).toEqual([
          [2, 4],
          [6, 8],
        ]);
        await store.append([counted(2), counted(8), counted(3), counted(7)], RECEIVED_AT + 2);
        expect(await gaps(store)).toEqual([
          [4, 4],
          [6, 6],
        ]);
        await store.append([counted(6), counted(4), counted(10)], RECEIVED_AT + 3);
        expect(await gaps(store)).toEqual([]);
      });
    });

    it('takes a number for seen whose record is refused because another with its id was written', async () => {
      await withStore(newPlace, async (store) => {
        await store.append([counted(1)], RECEIVED_AT);
        const retold = rotation('r-1', { source: { ...common('r-0').source, sequence: 2 } });
        expect(await store.append([submitted(retold)], RECEIVED_AT)).toMatchObject([
          { kind: 'refused', code: 'record_conflict' },
        ]);
        await store.append([counted(3)], RECEIVED_AT);
        expect(await store.sourceGaps()).toEqual([]);
      });
    });

    const lost = (sequence: number, first: number, records?: number, boot = 'boot') =>
      submitted({
        ...common(`gap:${first}`),
        type: 'gap',
        cause: 'lost_records',
        source: { ...common('r-0').source, boot, sequence },
        missing: { ...common('r-0').source, sequence: first },
        ...(records !== undefined && { records }),
        sentence: 'The spool had no room.',
      });

    it('closes a gap that a record says is lost: all of it, or so many of what is missing from there on', async () => {
      await withStore(newPlace, async (store) => {
        await store.append([counted(1), counted(10), counted(12), counted(20)], RECEIVED_AT);
        await store.append([lost(21, 4, 3)], RECEIVED_AT);
        expect(await gaps(store)).toEqual([
          [2, 3],
          [7, 9],
          [11, 11],
          [13, 19],
        ]);
        await store.append([lost(22, 7, 5)], RECEIVED_AT);
        expect(await gaps(store)).toEqual([
          [2, 3],
          [14, 19],
        ]);
        await store.append([lost(1, 15, undefined, 'next boot'), lost(23, 2)], RECEIVED_AT);
        expect(await gaps(store)).toEqual([[14, 14]]);
      });
    });

    it('closes a gap in the batch that opens it, and closes none of another reporter', async () => {
      await withStore(newPlace, async (store) => {
        await store.append([counted(1), counted(4), lost(5, 2, 2)], RECEIVED_AT);
        expect(await gaps(store)).toEqual([]);
        await store.append([counted(8)], RECEIVED_AT);
        await store.append([{ ...lost(9, 6, 2), reporter: 'mallory' }], RECEIVED_AT);
        const ofOthers = (await store.sourceGaps()).filter(({ reporter }) => reporter !== 'mallory');
        expect(ofOthers).toMatchObject([{ firstMissing: 6, lastMissing: 7 }]);
      });
    });

    it('does not let one reporter fill, or tear, a gap of another', async () => {
      await withStore(newPlace, async (store) => {
        await store.append([counted(1), counted(3)], RECEIVED_AT);
        await store.append([counted(2, { reporter: 'mallory' })], RECEIVED_AT + 1);
        expect(await store.sourceGaps()).toMatchObject([
          { reporter: 'mallory', firstMissing: 1, lastMissing: 1 },
          { reporter: counted(1).reporter, firstMissing: 2, lastMissing: 2 },
        ]);
      });
    });
  });

  it('says how much room it takes', async () => {
    await withStore(newPlace, async (store) => {
      await store.append([submitted(rotation('r-1'))], RECEIVED_AT);
      expect(await store.sizeBytes()).toBeGreaterThan(1_000);
    });
  });
}
