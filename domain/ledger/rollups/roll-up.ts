/** All that a batch of entries changes beside the trees: rows of runs and sums by hour. */
import { runIdOf } from '#domain/ledger/seal-records.ts';
import { addUp, costsOf, outcomesOf } from './period-sums.ts';
import type { HourlyCosts, HourlyOutcomes } from './period-sums.ts';
import { type OutcomeOfRollout, outcomeOfRollout } from './judged-outcomes.ts';
import { foldRun } from './run-rollup.ts';
import type { FoldedEntry, RunState } from './run-rollup.ts';

export interface Rollup {
  /** As they are now. One for each run that the batch speaks of. */
  readonly runs: readonly RunState[];
  /** To be added to what is there. One for each hour and key. */
  readonly costs: readonly HourlyCosts[];
  readonly outcomes: readonly HourlyOutcomes[];
  readonly judged: readonly OutcomeOfRollout[];
}

/** `stateBefore` is asked once for each run. */
export function rollUp(
  entries: readonly FoldedEntry[],
  stateBefore: (namespace: string, runId: string) => RunState | undefined,
): Rollup {
  const runs = new Map<string, RunState>();
  const costs: HourlyCosts[] = [];
  const outcomes: HourlyOutcomes[] = [];
  const judged: OutcomeOfRollout[] = [];
  for (const sealed of entries) {
    const cost = costsOf(sealed.entry);
    if (cost !== undefined) costs.push(cost);
    const { record } = sealed.entry;
    const runId = runIdOf(record);
    if (runId === undefined) continue;
    const name = `${record.namespace} ${runId}`;
    const before = runs.get(name) ?? stateBefore(record.namespace, runId);
    const after = foldRun(before, sealed, runId);
    runs.set(name, after);
    const isFirstEnd = before?.countedByAgent === undefined;
    const outcome = outcomesOf(sealed.entry, after.row, isFirstEnd);
    if (outcome !== undefined) outcomes.push(outcome);
    const ofRollout = outcomeOfRollout(sealed.position, sealed.entry, after.row, isFirstEnd);
    if (ofRollout !== undefined) judged.push(ofRollout);
  }
  return { runs: [...runs.values()], costs: addUp(costs), outcomes: addUp(outcomes), judged };
}
