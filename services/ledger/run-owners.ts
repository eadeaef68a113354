/**
 * RunOwners: a run of a namespace belongs to the agent that the ledger first heard of it from. Without that any agent of
 * the namespace could tell the end of another's run.
 */
import { RecentEntries } from '#adapters/kubernetes/recent-entries.ts';
import type { LedgerStore } from './store/ledger-store.ts';

const MOST_RUNS_KNOWN = 50_000;

export class RunOwners {
  readonly #known = new RecentEntries<string>(MOST_RUNS_KNOWN);
  readonly #store: Pick<LedgerStore, 'runsOfId'>;

  constructor(store: Pick<LedgerStore, 'runsOfId'>) {
    this.#store = store;
  }

  async isOthers(runId: string, namespace: string, agent: string): Promise<boolean> {
    const key = `${namespace}/${runId}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known !== agent;
    const row = (await this.#store.runsOfId(runId)).find((each) => each.namespace === namespace);
    // Not remembered before it is written: a record that is refused makes nobody an owner.
    if (row === undefined) return false;
    this.#known.set(key, row.agent);
    return row.agent !== agent;
  }
}
