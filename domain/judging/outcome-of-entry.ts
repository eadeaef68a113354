/**
 * What an entry of the ledger says to the judge of a canary. Only what was witnessed counts: claims of others prove nothing.
 * The ledger keeps beside each entry what is said here, and whoever reads entries gets the same again.
 */
import type { LedgerEntry } from '../ledger/ledger-entry.ts';
import type { RecordOf } from '../ledger/ledger-record.ts';
import { isOwnConduct } from '../ledger/security-events.ts';
import type { RolloutArm } from '../rollout/rollout-document.ts';
import type { JudgedOutcome } from './run-outcome.ts';

/** What the ledger knows of the run of an entry, whoever told the entry and however much later. */
export interface RunOfOutcome {
  readonly agentUid: string;
  readonly arm: RolloutArm;
  readonly digest: string;
  readonly session?: string;
  readonly beganAtMicroseconds?: number;
}

/** Runs that were ended from outside, by their caller or their pod, or that the ledger did not take: no prompt did that. */
const ENDED_FROM_OUTSIDE: ReadonlySet<string> = new Set(['cancelled', 'shutting_down', 'not_recorded']);
/** The runtime's own check of an answer, which run_ended tells as well. */
const OWN_CHECK = 'output-check';

/** Undefined for what says nothing to a judge. */
export function outcomeOfEntry(
  position: number,
  { record, trust }: LedgerEntry,
  { beganAtMicroseconds, ...run }: RunOfOutcome,
): JudgedOutcome | undefined {
  const told = trust === 'witnessed' && 'run' in record ? record.run : undefined;
  // What no user asked for proves nothing about users.
  if (told === undefined || told.purpose !== undefined) return undefined;
  const of = {
    position,
    atMicroseconds: record.atMicroseconds,
    runId: told.id,
    ...run,
    ...(beganAtMicroseconds !== undefined && { runBeganAtMicroseconds: beganAtMicroseconds }),
  };
  if (record.type === 'run_ended') {
    return ENDED_FROM_OUTSIDE.has(record.reason ?? '') ? undefined : { ...of, ...conductOf(record) };
  }
  if (record.type === 'outcome' || record.type === 'feedback') {
    const judged = verdictOf(record);
    return judged && { ...of, kind: 'feedback', ...judged };
  }
  return record.type === 'security_event' && isOwnConduct(record.event)
    ? { ...of, kind: 'safety', event: record.event }
    : undefined;
}

function verdictOf(record: RecordOf<'outcome' | 'feedback'>) {
  const { verdict, metric } = record;
  if (verdict === 'neutral' || ('judge' in record && record.judge === OWN_CHECK)) return undefined;
  return { metric, isGood: verdict === 'good' };
}

function conductOf(record: RecordOf<'run_ended'>) {
  const { status, firstAnswerFits, isRefusal, toolCalls = 0, failedToolCalls, costNanoUsd } = record;
  return {
    kind: 'run',
    hasSucceeded: status === 'succeeded',
    ...(firstAnswerFits === undefined ? {} : { isSchemaValid: firstAnswerFits === 'yes' }),
    ...(toolCalls === 0 ? {} : { haveToolsSucceeded: failedToolCalls === 0 }),
    ...(isRefusal === undefined ? {} : { isRefusal: isRefusal === 'yes' }),
    ...(costNanoUsd === undefined ? {} : { costNanoUsd }),
    durationMicroseconds: record.durationMicroseconds,
  } as const;
}
