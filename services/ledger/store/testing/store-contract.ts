/**
 * The laws of LedgerStore, which every store passes: call it in a test file of the store. What it asserts on is what the
 * store answers, never how.
 */
import { describe } from 'vitest';
import { describeAppending } from './contract-of-appending.ts';
import { describeJudging } from './contract-of-judging.ts';
import { describeKeeping } from './contract-of-keeping.ts';
import { describeReading } from './contract-of-reading.ts';
import { describeSums } from './contract-of-sums.ts';
import { describeTrees } from './contract-of-trees.ts';
import type { NewPlace } from './store-place.ts';

export function describeLedgerStore(name: string, newPlace: NewPlace): void {
  describe(`the ledger in ${name}`, () => {
    describeAppending(newPlace);
    describeTrees(newPlace);
    describeReading(newPlace);
    describeSums(newPlace);
    describeJudging(newPlace);
    describeKeeping(newPlace);
  });
}
