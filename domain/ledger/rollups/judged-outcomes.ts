/** Which entries of a batch say something to the judge of a canary, and what: kept beside the entries by both stores. */
import { type RunOfOutcome, outcomeOfEntry } from '#domain/judging/outcome-of-entry.ts';
import type { JudgedOutcome } from '#domain/judging/run-outcome.ts';
import type { LedgerEntry } from '../ledger-entry.ts';
import type { RecordOf } from '../ledger-record.ts';
import { isOfAnother } from './run-rollup.ts';
import type { RunRow } from './run-row.ts';

export interface OutcomeOfRollout {
  readonly namespace: string;
  /** Of the run, when it is known as the entry is written: feedback comes days later, and finds it there. */
  readonly rollout: string;
  readonly outcome: JudgedOutcome;
}

/**
 * `run`: its row with this entry in it. Undefined too for a run that follows no rollout, for one of which something was only
 * claimed, for a second end, and for what somebody else tells under its id.
 */
export function outcomeOfRollout(
  position: number,
  entry: LedgerEntry,
  run: RunRow,
  isFirstEnd: boolean,
): OutcomeOfRollout | undefined {
  const { record } = entry;
  // What no user asked for proves nothing about users, whoever judges it afterwards.
  if (run.purpose !== undefined) return undefined;
  if (run.trust !== 'witnessed' || (record.type === 'run_ended' && !isFirstEnd)) return undefined;
  const told = 'prompt' in record ? record.prompt : undefined;
  const rollout = told?.name ?? run.rollout;
  const of = rollout === undefined || isOfAnother(record, run) ? undefined : runOfOutcome(told, run);
  const outcome = of && outcomeOfEntry(position, entry, of);
  return outcome && rollout !== undefined ? { namespace: record.namespace, rollout, outcome } : undefined;
}

/** What the record itself says goes before what is known of its run. */
function runOfOutcome(told: RecordOf<'run_ended'>['prompt'], run: RunRow): RunOfOutcome | undefined {
  const arm = told?.arm ?? run.arm;
  const digest = told?.digest ?? run.promptDigest;
  const { agentUid, session } = run;
  if (digest === undefined || agentUid === undefined) return undefined;
  if (arm !== 'stable' && arm !== 'candidate') return undefined;
  return { agentUid, arm, digest, ...(session === undefined ? {} : { session }) };
}
