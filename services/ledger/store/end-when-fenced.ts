/** A store whose process ends when another one has taken it over: what it answered from then on would soon be untrue. */
import { type LedgerStore, StoreFencedError } from './ledger-store.ts';

/** `onFenced` is told before the caller is. */
export function endWhenFenced(store: LedgerStore, onFenced: (error: StoreFencedError) => void): LedgerStore {
  const guard =
    <Values extends readonly unknown[], Result>(work: (...values: Values) => Promise<Result>) =>
    async (...values: Values): Promise<Result> => {
      try {
        return await work(...values);
      } catch (error) {
        if (error instanceof StoreFencedError) onFenced(error);
        throw error;
      }
    };
  return {
    ...store,
    append: guard(store.append),
    setDocument: guard(store.setDocument),
    deleteDocument: guard(store.deleteDocument),
    eraseTextsOfRun: guard(store.eraseTextsOfRun),
    eraseExpiredTexts: guard(store.eraseExpiredTexts),
    prune: guard(store.prune),
    takeLead: async () => {
      const lead = await store.takeLead();
      if (lead === undefined) return undefined;
      return {
        ...lead,
        setDocument: guard(lead.setDocument),
        deleteDocument: guard(lead.deleteDocument),
      };
    },
  };
}
