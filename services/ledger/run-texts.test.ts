import { expect, it } from 'vitest';
import { recordsWithTexts } from './run-texts.ts';

it('ends a page of texts where it weighs 4 MiB, and goes on with the record that was next', async () => {
  const entries = [1, 2, 3, 4, 5, 6].map((position) => ({
    position,
    namespace: 'shop',
    index: position - 1,
    canonical: JSON.stringify({ record: { id: `r-${position}` } }),
    textFields: ['input'],
  }));
  const bytes = new Uint8Array(1024 * 1024);
  const store = {
    entriesAfter: async (after: number) => ({ entries: entries.slice(after), position: 6, isEnd: true }),
    texts: async () => [{ field: 'input', keyId: 'k', bytes, expiresAtMicroseconds: 1 }],
  };
  const run = { namespace: 'shop', id: 'run-1' };
  const first = await recordsWithTexts(store, run, 0);
  expect(first.records.map(({ recordId }) => recordId)).toEqual(['r-1', 'r-2', 'r-3', 'r-4']);
  const second = await recordsWithTexts(store, run, first.next ?? 0);
  expect(second.records.map(({ recordId }) => recordId)).toEqual(['r-5', 'r-6']);
  expect(second.next).toBeUndefined();
});
