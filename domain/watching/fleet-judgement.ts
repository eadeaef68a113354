/** What the watch of a fleet answers at a given time, in the shapes in which it leaves the observer. */
import type { AgentHistory } from '../observation/agent-history.ts';
import type { AgentRow } from '../observation/agent-row.ts';
import type { AttentionItem } from '../observation/attention-item.ts';
import type { NamespaceSummary } from '../observation/fleet-summary.ts';
import type { LedgerEntry } from '../ledger/ledger-entry.ts';
import type { RecordType } from '../ledger/ledger-record.ts';
import type { FleetKnowledge } from './fleet-knowledge.ts';

/** Records that the watch looks at; it passes over all others, so that nobody needs to fetch them. */
export const WATCHED_RECORD_TYPES = [
  'run_begun',
  'run_ended',
  'model_attempt',
  'outcome',
  'probe_round',
  'feedback',
  'security_event',
  'rollout_decision',
  'gap',
  'silence',
] as const satisfies readonly RecordType[];

export interface FleetJudgement {
  /** One for each known agent, in the order of the knowledge. */
  readonly rows: readonly AgentRow[];
  /** By name. */
  readonly namespaces: readonly NamespaceSummary[];
  /** Most urgent first, at most 1,000. */
  readonly attention: readonly AttentionItem[];
}

/** Implemented by FleetWatch (fleet-watch.ts): state changes by `see` alone, so that a replay comes to the same. */
export interface WatchOfFleet {
  /** Entries of all namespaces in the order in which the ledger gives them. */
  see(entry: LedgerEntry): void;
  judge(nowMicroseconds: number, knowledge: FleetKnowledge): FleetJudgement;
  /** Null: nothing of the agent was ever seen. */
  historyOf(
    namespace: string,
    name: string,
    nowMicroseconds: number,
    knowledge: FleetKnowledge,
  ): AgentHistory | null;
  /** JSON; `FleetWatch.fromSnapshot(text, settings)` throws a sentence when it is of another version or broken. */
  toSnapshot(): string;
}
