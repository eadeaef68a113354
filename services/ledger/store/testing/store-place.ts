import type { LedgerStore } from '../ledger-store.ts';

/** A place for one store: a file, a database. Nothing is in it at first; disposing of it takes it away. */
export interface StorePlace extends AsyncDisposable {
  /** Opens what is there. Stores of one place that are open at the same time know the same records. */
  readonly open: () => Promise<LedgerStore>;
}

export type NewPlace = () => Promise<StorePlace>;

/** For a test that needs one store in a place of its own. */
export async function withStore(
  newPlace: NewPlace,
  test: (store: LedgerStore) => Promise<void>,
): Promise<void> {
  await using place = await newPlace();
  await using store = await place.open();
  await test(store);
}
