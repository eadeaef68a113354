/**
 * Holds what a ledger tells of runs, costs, outcomes and security events against what its entries come to. It is asked
 * while records go on to come: what it tells must lie between what the entries came to before it was asked and after.
 */
import { isDeepStrictEqual } from 'node:util';
import type { RunRow } from '../rollups/run-row.ts';
import { COST_GROUPINGS, groupName, OUTCOME_GROUPINGS } from './recount.ts';
import type { Sums, SumsByGroup, Tally } from './recount.ts';

export interface ToldSums {
  readonly group: Readonly<Record<string, string | undefined>>;
  readonly sums: Sums;
}

/** Any value may stand where the entries come to another. */
export type ToldRun = { readonly [Field in keyof RunRow]?: unknown } & { readonly id: string };

/** A part is undefined when it was not asked, or not told whole. */
export interface ToldRows {
  /** In the order of COST_GROUPINGS. */
  readonly costs: readonly (readonly ToldSums[] | undefined)[];
  /** In the order of OUTCOME_GROUPINGS. */
  readonly outcomes: readonly (readonly ToldSums[] | undefined)[];
  readonly runs: readonly ToldRun[] | undefined;
  /** Ids of records. */
  readonly securityEvents: readonly string[] | undefined;
}

const DIFFERENCES_MAXIMUM = 1000;

/** A sentence for each place where they differ; the first thousand. */
export function compareRows(before: Tally, told: ToldRows, after: Tally): readonly string[] {
  const differences: string[] = [];
  for (const difference of differencesOf(before, told, after)) {
    if (differences.push(difference) === DIFFERENCES_MAXIMUM) break;
  }
  return differences;
}

function* differencesOf(before: Tally, told: ToldRows, after: Tally): Generator<string> {
  // Of what is pruned the sums are kept, and cannot be counted any more.
  if (before.isWhole && after.isWhole) {
    for (const [at, by] of COST_GROUPINGS.entries())
      yield* sumsThatDiffer('Costs', by, before.costs[at], told.costs[at], after.costs[at]);
    for (const [at, by] of OUTCOME_GROUPINGS.entries())
      yield* sumsThatDiffer('Outcomes', by, before.outcomes[at], told.outcomes[at], after.outcomes[at]);
  }
  yield* runsThatDiffer(before, told.runs, after);
  yield* eventsThatDiffer(before, told.securityEvents, after);
}

function* sumsThatDiffer(
  what: string,
  by: readonly string[],
  before: SumsByGroup = new Map(),
  told: readonly ToldSums[] | undefined,
  after: SumsByGroup = new Map(),
): Generator<string> {
  if (told === undefined) return;
  const toldByName = new Map(told.map(({ group, sums }) => [groupName(by, group), sums]));
  for (const name of new Set([...before.keys(), ...toldByName.keys()])) {
    const [least, most, sums] = [before.get(name) ?? {}, after.get(name) ?? {}, toldByName.get(name) ?? {}];
    for (const sum of new Set([...Object.keys(sums), ...Object.keys(least)])) {
      const [value, from, to] = [sums[sum] ?? 0, least[sum] ?? 0, most[sum] ?? 0];
      if (value >= from && value <= to) continue;
      const where = (JSON.parse(name) as readonly string[]).map((part) => (part === '' ? '-' : part));
      yield `${what} by ${by.join(', ')} of ${where.join(', ')}: ${sum} is told as ${value}, and the entries come to ${from === to ? from : `${from} to ${to}`}.`;
    }
  }
}

function* runsThatDiffer(
  { runs: before, isWhole }: Tally,
  told: readonly ToldRun[] | undefined,
  { runs: after }: Tally,
): Generator<string> {
  if (told === undefined) return;
  const toldById = new Map(told.map((run) => [run.id, run]));
  for (const [id, row] of before) {
    const toldRow = toldById.get(id);
    if (toldRow === undefined) yield `Run ${id} is not told, and entries speak of it.`;
    // Of one that went on meanwhile either may have been told.
    else if (isDeepStrictEqual(row, after.get(id))) yield* fieldsThatDiffer(row, toldRow);
  }
  if (!isWhole) return;
  for (const id of toldById.keys()) if (!after.has(id)) yield `Run ${id} is told, and no entry speaks of it.`;
}

function* fieldsThatDiffer(row: RunRow, told: ToldRun): Generator<string> {
  for (const field of new Set([...Object.keys(row), ...Object.keys(told)]) as Set<keyof RunRow>) {
    if (isDeepStrictEqual(row[field], told[field])) continue;
    yield `Run ${row.id}: ${field} is told as ${JSON.stringify(told[field])}, and the entries come to ${JSON.stringify(row[field])}.`;
  }
}

function* eventsThatDiffer(
  { securityEvents: before, isWhole }: Tally,
  told: readonly string[] | undefined,
  { securityEvents: after }: Tally,
): Generator<string> {
  if (told === undefined) return;
  const toldIds = new Set(told);
  for (const id of before) {
    if (!toldIds.has(id)) yield `Security event ${id} is among the entries, and is not told.`;
  }
  if (!isWhole) return;
  for (const id of toldIds)
    if (!after.has(id)) yield `Security event ${id} is told, and is not one by the entries.`;
}
