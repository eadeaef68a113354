import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeFencedWriters } from '../testing/contract-of-writers.ts';
import { describeLedgerStore } from '../testing/store-contract.ts';
import type { StorePlace } from '../testing/store-place.ts';
import { openSqliteStore } from './open-sqlite-store.ts';

async function newPlace(): Promise<StorePlace> {
  const folder = await mkdtemp(join(tmpdir(), 'capataz-ledger-'));
  return {
    open: () =>
      openSqliteStore({
        path: join(folder, 'ledger.db'),
        onFailure: (error) => {
          throw error;
        },
      }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

describeLedgerStore('SQLite', newPlace);
describeFencedWriters(newPlace);
