/** What becomes of several stores that have one place open: a store passes one of the two. */
import { describe, expect, it } from 'vitest';
import { StoreFencedError } from '../ledger-store.ts';
import type { LedgerStore } from '../ledger-store.ts';
import { attempt, RECEIVED_AT, rotation, submitted } from './sample-records.ts';
import type { NewPlace } from './store-place.ts';

async function everyId(store: LedgerStore): Promise<readonly string[]> {
  const { entries } = await store.entriesAfter(0, {}, 1000);
  return entries.map(({ canonical }) => (JSON.parse(canonical) as { record: { id: string } }).record.id);
}

export function describeFencedWriters(newPlace: NewPlace): void {
  describe('a store that has one writer', () => {
    it('fences the writer before when another opens it: that one writes nothing more, and can still be read', async () => {
      await using place = await newPlace();
      await using first = await place.open();
      await first.append([submitted(rotation('r-1'))], RECEIVED_AT);
      await using second = await place.open();
      await second.append([submitted(rotation('r-2'))], RECEIVED_AT);
      await expect(first.append([submitted(rotation('r-3'))], RECEIVED_AT)).rejects.toThrow(StoreFencedError);
      await expect(first.setDocument('key', 'value')).rejects.toThrow(StoreFencedError);
      await expect(first.prune(RECEIVED_AT * 2, 10)).rejects.toThrow(StoreFencedError);
      await expect(first.eraseExpiredTexts(RECEIVED_AT * 2)).rejects.toThrow(StoreFencedError);
      await second.append([submitted(rotation('r-4'))], RECEIVED_AT);
      for (const store of [first, second]) expect(await everyId(store)).toEqual(['r-1', 'r-2', 'r-4']);
      expect(await second.getDocument('key')).toBeUndefined();
    });
  });
}

export function describeWritersTogether(newPlace: NewPlace): void {
  describe('a store that has several writers', () => {
    it('lets them write at the same time, one after another, into one ledger', async () => {
      await using place = await newPlace();
      await using first = await place.open();
      await using second = await place.open();
      const ids = Array.from({ length: 20 }, (_, number) => `r-${number}`);
      await Promise.all(
        ids.map((id, number) =>
          (number % 2 === 0 ? first : second).append([submitted(attempt(id))], RECEIVED_AT),
        ),
      );
      const { entries } = await first.entriesAfter(0, {}, 100);
      expect((await second.entriesAfter(0, {}, 100)).entries).toEqual(entries);
      expect(entries.map(({ position, index }) => [position, index])).toEqual(
        ids.map((_, number) => [number + 1, number]),
      );
      expect((await everyId(first)).toSorted()).toEqual(ids.toSorted());
      expect((await second.runsOfId('run-1'))[0]).toMatchObject({ records: 20, attempts: 20 });
      expect(await first.treeHead('shop')).toMatchObject({ size: 20 });
      await Promise.all(
        [first, second].map((store) => store.append([submitted(attempt('r-99'))], RECEIVED_AT)),
      );
      expect(await second.lastPosition()).toBe(21);
    });
  });
}
