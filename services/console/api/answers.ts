/**
 * What the console's server answers to its page. All routes are below `/v1`, JSON, same origin; a refusal is the body of
 * domain/failures/refusal.ts. Times are microseconds since 1970 (UTC), money is nano-dollars, `null` is "not known".
 *
 *   GET    /v1/session                             SessionAnswer, or 401 with DoorsAnswer
 *   POST   /v1/session/token                       { token } -> SessionAnswer
 *   GET    /v1/session/openid                      redirects to the identity provider; ?from=/path to come back to
 *   GET    /v1/session/openid/callback             redirects back
 *   DELETE /v1/session
 *   GET    /v1/rights?namespace=                   RightsAnswer
 *   GET    /v1/now                                 NowAnswer
 *   GET    /v1/agents                              AgentsAnswer; namespace, search, state, verdict, sort, order, limit (<= 100), cursor
 *   GET    /v1/agents/NAMESPACE/NAME               AgentAnswer
 *   GET    /v1/runs                                RunsAnswer; the ledger's filters (docs/reference/ledger.md), limit (<= 100), cursor
 *   GET    /v1/runs/ID?namespace&after&limit       RunAnswer
 *   GET    /v1/runs/ID/failures?namespace          RunAnswer with those entries alone that say that something went wrong
 *   POST   /v1/runs/ID/texts?namespace             { reason } -> TextsAnswer; a record before it is answered
 *   GET    /v1/runs/ID/verification?namespace&record   VerificationAnswer: its inclusion, recomputed
 *   GET    /v1/rollouts                            RolloutsAnswer
 *   GET    /v1/rollouts/NAMESPACE/NAME             RolloutAnswer
 *   POST   /v1/rollouts/NAMESPACE/NAME/commands    CommandRequest -> 202 CommandAnswer
 *   POST   /v1/attention/ID/silence                SilenceRequest -> AttentionItem's silence; DELETE ends it
 *   GET    /v1/drift                               DriftAnswer
 *   GET    /v1/security?namespace&hours            SecurityAnswer
 *   GET    /v1/records                             RecordsAnswer; namespace, types (a list), agent, run, from (a time), after (a position), limit (<= 100)
 *   GET    /v1/checkpoints                         CheckpointsAnswer
 *   GET    /v1/records/NAMESPACE/ID/evidence       the ledger's .tlog-proof file, as a download
 *   GET    /v1/export?namespace&types&format       jsonl or csv, as a download
 *   GET    /v1/models                              ModelsAnswer
 *   GET    /v1/stream                              server-sent events, see StreamEvent
 *
 * Every request that changes something carries the header `x-capataz-csrf` with the token of the session.
 */
import type { AgentHistory } from '#domain/observation/agent-history.ts';
import type { AgentRow } from '#domain/observation/agent-row.ts';
import type { AttentionItem } from '#domain/observation/attention-item.ts';
import type { NamespaceSummary } from '#domain/observation/fleet-summary.ts';
import type { JudgedMeasure } from '#domain/observation/judged-measure.ts';

export interface DoorsAnswer {
  readonly doors: readonly ('token' | 'openid')[];
  /** The command that makes a token, for the person to copy. */
  readonly tokenCommand: string;
}

export interface SessionAnswer {
  readonly user: string;
  readonly groups: readonly string[];
  readonly door: 'token' | 'openid' | 'header';
  readonly expiresMicroseconds: number;
  readonly csrfToken: string;
  /** Namespaces that the person may look into; `all` when it is every one. */
  readonly namespaces: readonly string[] | 'all';
}

/** Every right that a screen or a button needs, as `kubectl auth can-i` names it: `update canaryrollouts/promote`. */
export interface RightsAnswer {
  readonly rights: Readonly<Record<string, boolean>>;
}

/** How current what is shown is; `problem` says in one sentence why it is not. */
export interface Currency {
  readonly asOfMicroseconds: number | null;
  readonly problem: string | null;
}

export type ShownNamespace = Omit<NamespaceSummary, 'runsLastHour' | 'failedRunsLastHour'> & {
  readonly runsLastHour: number | null;
  readonly failedRunsLastHour: number | null;
};

export interface NowAnswer extends Currency {
  /** Of all agents that the person may see together. */
  readonly cost: JudgedMeasure;
  readonly costMonthToDate: number | null;
  readonly costMonthEnd: number | null;
  readonly runsLastHour: number | null;
  readonly failedRunsLastHour: number | null;
  readonly agents: number;
  readonly agentsReady: number;
  readonly namespaces: readonly ShownNamespace[];
  /** Most urgent first. */
  readonly attention: readonly AttentionItem[];
  readonly rollouts: readonly RolloutRow[];
}

/** Values of `sort`; `order` is `descending` (the default) or `ascending`. What is not known comes last in both. */
export const AGENT_SORTS = [
  /** The most urgent attention item, then the ratio of cost: what needs somebody comes first. The default. */
  'urgency',
  'name',
  'cost',
  'cost_ratio',
  'latency',
  'latency_ratio',
  /** Shares of the runs of the last hour. */
  'failed',
  'unfitting',
  'security',
  'month',
] as const;
export type AgentSort = (typeof AGENT_SORTS)[number];

/**
 * A row with what the person may not see taken out: `null` where a number would stand, `unknown` with a sentence that names the
 * missing right where a verdict would.
 */
export type ShownRow = Omit<AgentRow, 'runs' | 'securityEvents'> & {
  readonly runs: AgentRow['runs'] | null;
  readonly securityEvents: AgentRow['securityEvents'] | null;
};

export interface AgentsAnswer extends Currency {
  readonly rows: readonly ShownRow[];
  readonly total: number;
  /** Of all that the person may see, before the filter. */
  readonly totalUnfiltered: number;
  readonly nextCursor: string | null;
}

export interface AgentAnswer extends Currency {
  readonly row: ShownRow;
  readonly history: AgentHistory | null;
  readonly attention: readonly AttentionItem[];
  /** Conditions of the object as they stand. */
  readonly conditions: readonly Condition[];
}

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
}

/** One entry of a run: what is hashed, parsed; and which texts of it are kept. */
export interface RunEntry {
  readonly position: number;
  readonly texts: readonly string[];
  readonly receivedMicroseconds: number;
  readonly trust: string;
  /** A LedgerRecord (domain/ledger/ledger-record.ts). */
  readonly record: Readonly<Record<string, unknown>>;
}

export interface RunsAnswer {
  /** Rows of the ledger (adapters/ledger-reader), newest first. */
  readonly runs: readonly Readonly<Record<string, unknown>>[];
  readonly nextCursor: string | null;
}

export interface RecordsAnswer {
  /** In the order of the ledger. */
  readonly entries: readonly RunEntry[];
  /** To ask on after it. */
  readonly position: number;
  readonly isEnd: boolean;
}

export interface TextsAnswer {
  readonly texts: readonly {
    readonly recordId: string;
    readonly field: string;
    /** Absent when it is lost. */
    readonly text?: string;
    readonly lost?: string;
  }[];
}

export interface RunAnswer {
  /** The ledger's row of the run (adapters/ledger-reader). */
  readonly run: Readonly<Record<string, unknown>>;
  readonly entries: readonly RunEntry[];
  readonly nextAfter: number | null;
  /** Of the whole run. */
  readonly totalEntries: number | null;
}

export interface VerificationAnswer {
  readonly isVerified: boolean;
  /** What was computed and what it was held against, one sentence each. */
  readonly steps: readonly { readonly isRight: boolean; readonly sentence: string }[];
  readonly leafIndex: number | null;
  readonly treeSize: number | null;
  readonly rootHash: string | null;
  readonly witnessed: boolean | null;
}

export interface RolloutRow {
  readonly namespace: string;
  readonly name: string;
  readonly phase: string;
  readonly sentence: string;
  readonly stable: string | null;
  readonly candidate: string | null;
  readonly exposurePercent: number | null;
  readonly step: { readonly index: number; readonly count: number; readonly kind: string } | null;
  readonly sinceMicroseconds: number | null;
}

export interface RolloutsAnswer {
  readonly rollouts: readonly RolloutRow[];
}

export interface RolloutAnswer {
  readonly row: RolloutRow;
  readonly resourceVersion: string;
  /** As stored (crds/canary-rollout.ts). */
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status: Readonly<Record<string, unknown>>;
  readonly metrics: readonly RolloutMetric[];
  readonly commands: readonly RolloutButton[];
  /** Ledger records `rollout_decision` and `command`, newest first. */
  readonly history: readonly RunEntry[];
}

export interface RolloutMetric {
  readonly metric: string;
  readonly isWanted: boolean;
  readonly verdict: string;
  readonly candidate: Arm;
  readonly stable: Arm;
  /** Evidence that the candidate is worse, and what is needed to stop it: e-values. */
  readonly worse: number;
  readonly worseThreshold: number;
  readonly notWorse: number;
  readonly notWorseThreshold: number;
  readonly missingSamples: number | null;
}

export interface Arm {
  readonly outcomes: number;
  readonly good: number;
  /** Wilson, 95 %. Null without outcomes. */
  readonly rate: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** One button. It is offered only in phases in which the command is obeyed; without the right it is greyed. */
export interface RolloutButton {
  /** Of ROLLOUT_VERBS (domain/rollout/rollout-command.ts), and `promote_full`: to 100 % at once. */
  readonly verb: string;
  readonly isPossible: boolean;
  /** Why it is not possible now, or what it would do. */
  readonly sentence: string;
  readonly right: string;
  readonly isAllowed: boolean;
}

export interface CommandRequest {
  /** Chosen by the page, once for a click: the same id again is the same command. */
  readonly id: string;
  readonly verb: string;
  readonly reason: string;
  /** Of the object that the person saw. */
  readonly resourceVersion: string;
}

export interface CommandAnswer {
  readonly id: string;
  readonly recordId: string;
}

export interface SilenceRequest {
  readonly id: string;
  readonly action: 'muted' | 'expected';
  readonly reason: string;
  /** At most 30 days from now. */
  readonly untilMicroseconds: number;
}

export interface DriftAnswer extends Currency {
  readonly agents: readonly (Pick<AgentRow, 'namespace' | 'name' | 'drift' | 'probed' | 'prompt'> & {
    readonly signals: AgentHistory['signals'];
    readonly causes: AgentHistory['causes'];
  })[];
  /** How many agents are watched, learning, unknown. */
  readonly watching: number;
  readonly learning: number;
  readonly unknown: number;
  readonly falseAlarmsPerWeek: number;
}

export interface SecurityAnswer extends Currency {
  readonly total: number;
  readonly blocked: number;
  readonly bySource: readonly SecurityCount[];
  readonly byAgent: readonly SecurityCount[];
  readonly byEvent: readonly (SecurityCount & {
    readonly severity: string;
    readonly owasp: readonly string[];
  })[];
  readonly hourly: readonly {
    readonly atMicroseconds: number;
    readonly total: number;
    readonly blocked: number;
  }[];
  readonly events: readonly RunEntry[];
  readonly guards: readonly {
    readonly name: string;
    readonly status: 'True' | 'False' | 'Unknown';
    readonly sentence: string;
  }[];
}

export interface SecurityCount {
  readonly name: string;
  readonly total: number;
  readonly blocked: number;
}

export interface CheckpointsAnswer {
  readonly logs: readonly {
    readonly namespace: string;
    readonly origin: string;
    readonly size: number;
    readonly rootHash: string;
    readonly ageSeconds: number | null;
    readonly isWitnessed: boolean;
    readonly problem: string | null;
  }[];
}

export interface ModelsAnswer {
  readonly models: readonly {
    readonly namespace: string;
    readonly name: string;
    readonly provider: string;
    readonly providerModel: string;
    /** Served ids that were seen in the last day. */
    readonly served: readonly string[];
    readonly endpoint: string;
    /** Secret and key by name: never a value. */
    readonly key: string | null;
    readonly isReady: 'True' | 'False' | 'Unknown';
    readonly sentence: string;
    /** Nano-dollars a million tokens; null: not known. */
    readonly inputPrice: number | null;
    readonly outputPrice: number | null;
    /** Of the last hour. */
    readonly attempts: number | null;
    readonly failedAttempts: number | null;
    readonly medianMicroseconds: number | null;
    readonly p95Microseconds: number | null;
  }[];
}

/**
 * One stream a tab, at most one event a second. Each names the topics that changed since the one before, so that a view asks
 * anew for what it shows and nothing else; `beat` comes every five seconds when nothing did. Stale after 15 seconds of silence.
 */
export interface StreamEvent {
  readonly event: 'changed' | 'beat';
  readonly data: {
    readonly asOfMicroseconds: number | null;
    readonly problem: string | null;
    /** `now`, `agents`, `agent/NAMESPACE/NAME` (at most 200), `rollouts`, `security`, `models`. */
    readonly topics: readonly string[];
  };
}
