/**
 * What the entries of one namespace come to: rows of runs, sums of costs and outcomes, and which security events there are.
 * A ledger answers with rows that it keeps beside its entries; nothing signs them, so that whoever can edit its store can
 * edit them and leave the entries alone. Counted again, they are held against what it tells (compare-rows.ts).
 */
import { runIdOf } from '../seal-records.ts';
import { boundedSum } from '../rollups/bounded-sum.ts';
import { DAY_SECONDS, HOUR_SECONDS, periodName } from '../rollups/period-sums.ts';
import type { HourSums } from '../rollups/period-sums.ts';
import { rollUp } from '../rollups/roll-up.ts';
import type { RunState } from '../rollups/run-rollup.ts';
import type { RunRow } from '../rollups/run-row.ts';
import { LedgerEntry } from '../ledger-entry.ts';
import type { ServedEntry } from './served-entries.ts';

/** All that the ledger keeps sums by: each is a table of its own, or other rows of one. */
export const COST_GROUPINGS = [
  ['agent', 'model', 'promptDigest', 'day'],
  ['agent', 'model', 'promptDigest', 'hour'],
  ['model', 'day'],
  ['model', 'hour'],
] as const;
export const OUTCOME_GROUPINGS = [
  ['agent', 'promptDigest', 'arm', 'metric', 'day'],
  ['agent', 'promptDigest', 'arm', 'metric', 'hour'],
] as const;

export type Sums = Readonly<Record<string, number>>;
/** By groupName. */
export type SumsByGroup = ReadonlyMap<string, Sums>;

export interface Tally {
  /** In the order of COST_GROUPINGS. */
  readonly costs: readonly SumsByGroup[];
  /** In the order of OUTCOME_GROUPINGS. */
  readonly outcomes: readonly SumsByGroup[];
  /** Of those whose first record is there, by their ids. */
  readonly runs: ReadonlyMap<string, RunRow>;
  /** Ids of records. */
  readonly securityEvents: ReadonlySet<string>;
  /** Every entry from the first on was there, and of a kind that this version knows. */
  readonly isWhole: boolean;
}

const BATCH_ENTRIES = 1000;
const NO_HASH = new Uint8Array();

export class Recount {
  readonly #runs = new Map<string, RunState>();
  readonly #seenRuns = new Set<string>();
  /** Runs whose first records are pruned. */
  readonly #cutRuns = new Set<string>();
  readonly #costs = COST_GROUPINGS.map(() => new Map<string, Sums>());
  readonly #outcomes = OUTCOME_GROUPINGS.map(() => new Map<string, Sums>());
  readonly #securityEvents = new Set<string>();
  #waiting: LedgerEntry[] = [];
  #isWhole = true;

  /** Passes entries on, and counts them. */
  async *entries(served: AsyncIterable<ServedEntry>): AsyncGenerator<ServedEntry, void, undefined> {
    for await (const entry of served) {
      this.pass(entry.canonical);
      yield entry;
    }
  }

  /** `canonical` undefined: its body was pruned. */
  pass(canonical: string | undefined): void {
    const entry = canonical === undefined ? undefined : readLedgerEntry(canonical);
    if (entry === undefined) this.#isWhole = false;
    else this.#waiting.push(entry);
    if (this.#waiting.length >= BATCH_ENTRIES) this.#count();
  }

  /** Stays as it is when more is passed. */
  tally(): Tally {
    this.#count();
    return {
      costs: this.#costs.map((sums) => new Map(sums)),
      outcomes: this.#outcomes.map((sums) => new Map(sums)),
      runs: new Map(
        [...this.#runs].filter(([id]) => !this.#cutRuns.has(id)).map(([id, { row }]) => [id, row]),
      ),
      securityEvents: new Set(this.#securityEvents),
      isWhole: this.#isWhole,
    };
  }

  #count(): void {
    const entries = this.#waiting;
    this.#waiting = [];
    for (const { record, chain } of entries) {
      if (record.type === 'security_event') this.#securityEvents.add(record.id);
      const run = runIdOf(record);
      if (run === undefined || this.#seenRuns.has(run)) continue;
      this.#seenRuns.add(run);
      if ((chain?.sequence ?? 0) > 0) this.#cutRuns.add(run);
    }
    const { runs, costs, outcomes } = rollUp(
      entries.map((entry) => ({ position: entry.index, entry, leafHash: NO_HASH })),
      (_namespace, run) => this.#runs.get(run),
    );
    for (const state of runs) this.#runs.set(state.row.id, state);
    for (const [at, by] of COST_GROUPINGS.entries()) addTo(this.#costs[at], by, costs);
    for (const [at, by] of OUTCOME_GROUPINGS.entries()) addTo(this.#outcomes[at], by, outcomes);
  }
}

/** What is not known is an empty text, as where it is left out. */
export function groupName(
  by: readonly string[],
  group: Readonly<Record<string, string | undefined>>,
): string {
  return JSON.stringify(by.map((name) => group[name] ?? ''));
}

function addTo<Key extends object, Added extends Sums>(
  totals: Map<string, Sums> | undefined,
  by: readonly string[],
  added: readonly HourSums<Key, Added>[],
): void {
  for (const { hour, key, sums } of added) {
    const day = hour - (hour % DAY_SECONDS);
    const times = { hour: periodName(hour, HOUR_SECONDS), day: periodName(day, DAY_SECONDS) };
    const name = groupName(by, { ...key, ...times });
    const before = totals?.get(name) ?? {};
    const after = Object.entries(sums).map(([sum, value]) => [sum, boundedSum(before[sum] ?? 0, value)]);
    totals?.set(name, Object.fromEntries(after) as Sums);
  }
}

function readLedgerEntry(canonical: string): LedgerEntry | undefined {
  try {
    return LedgerEntry.safeParse(JSON.parse(canonical)).data;
  } catch {
    return undefined;
  }
}
