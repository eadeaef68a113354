/** What is known of the fleet beside the ledger, as informers have it, and how the fleet is to be watched. */
import type { CHANGE_KINDS } from '../observation/agent-history.ts';
import type { AgentRow } from '../observation/agent-row.ts';
import type { TokenPrices } from '../normality/cost-change.ts';

export interface WatchSettings {
  /** IANA name, such as `Europe/Madrid`: whose Tuesday, whose month. Unknown names throw a RangeError. */
  readonly timeZone: string;
  /** Above 0; of all signals of all agents together. */
  readonly falseAlarmsPerWeek: number;
}

export interface KnownChange {
  readonly atMicroseconds: number;
  readonly kind: (typeof CHANGE_KINDS)[number];
  /** At most 1,024 characters. */
  readonly sentence: string;
}

export interface KnownAgent {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly state: AgentRow['state'];
  /** The message of its condition Ready. */
  readonly stateSentence: string;
  /** Of the condition Ready; null: not known. */
  readonly stateSinceMicroseconds: number | null;
  readonly prompt: AgentRow['prompt'];
  /** Names of the Models that it may use, in its namespace. */
  readonly models: readonly string[];
  /** Seconds between two rounds of probes; null: none are planned. */
  readonly probesEverySeconds: number | null;
  /** What informers saw change and no ledger entry tells: tools, knowledge, limits. Oldest first, at most 100. */
  readonly changes: readonly KnownChange[];
}

export interface KnownModel {
  readonly namespace: string;
  readonly name: string;
  readonly isReady: 'True' | 'False' | 'Unknown';
  /** The message of its condition Ready. */
  readonly sentence: string;
  readonly sinceMicroseconds: number | null;
  /** Null: not known. Only their proportions matter. */
  readonly prices: TokenPrices | null;
  /** Changes of its price, of its endpoint or of what it names at its provider, as seen by the informer. */
  readonly changes: readonly KnownChange[];
}

export interface KnownRollout {
  readonly namespace: string;
  readonly name: string;
  /** Names of the Agents that follow it, in its namespace. */
  readonly agents: readonly string[];
  /** As in crds/rollout-progress.ts. */
  readonly phase: string;
  /** What it does or waits for now. */
  readonly sentence: string;
  /** Since when it is in this phase; null: not known. */
  readonly sinceMicroseconds: number | null;
  /** A candidate is exposed, or on its way. */
  readonly isRunning: boolean;
  /** Nothing goes on until somebody does something: approval, pause, refusal. */
  readonly waitsForPerson: boolean;
}

export interface KnownLedger {
  /** Everything received until then has been seen; null: the replay is not done. */
  readonly currentAtMicroseconds: number | null;
  /** One sentence when it does not answer or is behind. */
  readonly problem: string | null;
}

export interface FleetKnowledge {
  readonly agents: readonly KnownAgent[];
  readonly models: readonly KnownModel[];
  readonly rollouts: readonly KnownRollout[];
  readonly ledger: KnownLedger;
}
