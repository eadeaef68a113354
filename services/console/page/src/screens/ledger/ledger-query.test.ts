import { expect, it } from 'vitest';
import { exportPath, fromOf, readLedgerQuery } from './ledger-query.ts';

it('A search without a run is of the last hour; of one run all that there is.', () => {
  expect(readLedgerQuery({})).toMatchObject({ hours: 1, type: '' });
  expect(readLedgerQuery({ run: 'run-1' })).toMatchObject({ hours: 0 });
  expect(readLedgerQuery({ run: 'run-1', hours: '24' })).toMatchObject({ hours: 24 });
});

it('What is no kind, time or position is not asked for.', () => {
  const read = readLedgerQuery({ type: 'toString', hours: '5', after: '-1' });
  expect(read).toMatchObject({ type: '', hours: 1, after: '' });
});

it('Times are microseconds, and the beginning is no time at all.', () => {
  expect(fromOf(1, 3_600_001)).toBe(1000);
  expect(fromOf(0, 3_600_001)).toBeUndefined();
});

it('What is exported is what was chosen.', () => {
  const read = readLedgerQuery({ namespace: 'shop', type: 'command' });
  expect(exportPath(read, 'csv')).toBe('/v1/export?namespace=shop&types=command&format=csv');
});
