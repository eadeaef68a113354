/**
 * The row of a run, folded from its entries one after another. Both stores keep what is folded here and fold nothing
 * themselves. What was told first about the beginning and the end of a run stays: nobody ends a run twice.
 */
import { FIRST_OF_CHAIN } from '#domain/ledger/ledger-entry.ts';
import type { LedgerEntry } from '#domain/ledger/ledger-entry.ts';
import { PROBE_JUDGE } from '#domain/ledger/probe-outcome.ts';
import type { LedgerRecord, RecordOf, RecordType } from '#domain/ledger/ledger-record.ts';
import { tellingAgentOf } from '#domain/ledger/seal-records.ts';
import type { ChainHead, SealedEntry } from '#domain/ledger/seal-records.ts';
import type { RunRow } from './run-row.ts';
import { boundedSum } from './bounded-sum.ts';

const MODELS_MAXIMUM = 64;

export interface RunState {
  readonly row: RunRow;
  readonly chainHead: ChainHead;
  readonly hasBegun: boolean;
  /** The agent that told something of it first. Nobody else tells of the run (seal-records.ts). */
  readonly owner?: string;
  /** Records that the agent itself told, to be held against the count in its run_ended. */
  readonly toldByAgent: number;
  readonly countedByAgent?: number;
}

export type FoldedEntry = Pick<SealedEntry, 'position' | 'entry' | 'leafHash'>;

type Changes = { -readonly [Field in keyof RunRow]?: RunRow[Field] };

/** `before` undefined: it is the first entry of the run that arrived. */
export function foldRun(before: RunState | undefined, sealed: FoldedEntry, runId: string): RunState {
  const { entry } = sealed;
  const { record } = entry;
  const state = stateFor(record, before ?? newRun(record, runId));
  const { row } = state;
  if (isOfAnother(record, row)) {
    return { ...state, row: { ...row, records: row.records + 1 }, chainHead: headAfter(sealed) };
  }
  const owner = state.owner ?? tellingAgentOf(record);
  const hasBegun = state.hasBegun || record.type === 'run_begun';
  const toldByAgent = state.toldByAgent + (isToldByAgent(record) ? 1 : 0);
  const countedByAgent = state.countedByAgent ?? (record.type === 'run_ended' ? record.records : undefined);
  return {
    row: {
      ...row,
      ...commonChanges(row, entry),
      ...changesBy(state, record),
      ...(countedByAgent === undefined ? {} : { isComplete: toldByAgent === countedByAgent }),
    },
    chainHead: headAfter(sealed),
    hasBegun,
    ...(owner === undefined ? {} : { owner }),
    toldByAgent,
    ...(countedByAgent === undefined ? {} : { countedByAgent }),
  };
}

function headAfter({ entry, leafHash }: FoldedEntry): ChainHead {
  return { sequence: entry.chain?.sequence ?? 0, leafHash: Buffer.from(leafHash).toString('hex') };
}

/**
 * An agent chooses its runs' ids, and the router tells whichever id it is sent: what one agent does under the id of
 * another's run stands in the chain, and counts in nothing that is said of that run.
 */
export function isOfAnother(record: LedgerRecord, { agent }: RunRow): boolean {
  return agent !== '' && 'agent' in record && record.agent !== undefined && record.agent.name !== agent;
}

/** Where the row is one of somebody else until the run has an owner, what was counted for him is forgotten. */
function stateFor(record: LedgerRecord, state: RunState): RunState {
  const becomesOwned = state.owner === undefined && tellingAgentOf(record) !== undefined;
  if (!becomesOwned || !isOfAnother(record, state.row)) return state;
  const { row } = newRun(record, state.row.id);
  return {
    row: { ...row, records: state.row.records },
    chainHead: state.chainHead,
    hasBegun: false,
    toldByAgent: 0,
  };
}

function newRun(record: LedgerRecord, runId: string): RunState {
  const row: RunRow = {
    id: runId,
    namespace: record.namespace,
    agent: '',
    status: 'running',
    beganAtMicroseconds: record.atMicroseconds,
    steps: 0,
    modelCalls: 0,
    attempts: 0,
    toolCalls: 0,
    inputTokens: 0,
    outputTokens: 0,
    costNanoUsd: 0,
    attemptsOfUnknownCost: 0,
    models: [],
    good: 0,
    bad: 0,
    securityEvents: 0,
    records: 0,
    trust: 'witnessed',
  };
  return { row, chainHead: { sequence: -1, leafHash: FIRST_OF_CHAIN }, hasBegun: false, toldByAgent: 0 };
}

/** Spans that it reports beside its records, and what is judged after a probe, are none of those that its run_ended counts. */
function isToldByAgent(record: LedgerRecord): boolean {
  const { type, source } = record;
  if (type === 'reported_span' || (type === 'outcome' && record.judge === PROBE_JUDGE)) return false;
  return source.process === 'agent-runtime' || source.process === 'external';
}

function commonChanges(row: RunRow, { record, trust }: LedgerEntry): Changes {
  const changes: Changes = { records: row.records + 1 };
  if (trust === 'reported') changes.trust = 'reported';
  if (row.agent === '' && 'agent' in record && record.agent !== undefined) changes.agent = record.agent.name;
  Object.assign(changes, whoseChanges(row, record));
  if ('prompt' in record) Object.assign(changes, promptChanges(row, record.prompt));
  if (row.traceId === undefined && 'trace' in record && record.trace !== undefined) {
    changes.traceId = record.trace.traceId;
  }
  if ('run' in record && record.run?.step !== undefined && row.endedAtMicroseconds === undefined) {
    changes.steps = Math.max(row.steps, record.run.step);
  }
  return changes;
}

/** The router tells of a run before its agent does, and knows less of it. */
function whoseChanges(row: RunRow, record: LedgerRecord): Changes {
  const prompt = 'prompt' in record ? record.prompt : undefined;
  const told = {
    agentUid: 'agent' in record ? record.agent?.uid : undefined,
    session: 'run' in record ? record.run?.session : undefined,
    purpose: 'run' in record ? record.run?.purpose : undefined,
    rollout: prompt?.name,
    arm: prompt?.arm,
  };
  const isNew = ([name, value]: readonly [string, unknown]): boolean =>
    value !== undefined && row[name as keyof typeof told] === undefined;
  return Object.fromEntries(Object.entries(told).filter(isNew));
}

function promptChanges(row: RunRow, prompt: RecordOf<'run_begun'>['prompt']): Changes {
  if (prompt === undefined || row.promptDigest !== undefined || row.promptVersion !== undefined) return {};
  return {
    ...(prompt.version === undefined ? {} : { promptVersion: prompt.version }),
    ...(prompt.digest === undefined ? {} : { promptDigest: prompt.digest }),
    ...(prompt.arm === undefined ? {} : { arm: prompt.arm }),
  };
}

/** What each type of record changes beside what all of them do. */
const CHANGES: { readonly [Type in RecordType]?: (state: RunState, record: RecordOf<Type>) => Changes } = {
  run_begun: ({ hasBegun }, record) =>
    hasBegun ? {} : { agent: record.agent.name, beganAtMicroseconds: record.atMicroseconds },
  model_call: ({ row }) => ({ modelCalls: row.modelCalls + 1 }),
  model_attempt: ({ row }, record) => attemptChanges(row, record),
  tool_intent: ({ row }) => ({ toolCalls: row.toolCalls + 1 }),
  run_ended: ({ row, countedByAgent }, record) =>
    countedByAgent === undefined ? endChanges(row, record) : {},
  outcome: ({ row }, record) => verdictChanges(row, record.verdict),
  feedback: ({ row }, record) => verdictChanges(row, record.verdict),
  security_event: ({ row }) => ({ securityEvents: row.securityEvents + 1 }),
  reported_span: spanChanges,
};

function changesBy(state: RunState, record: LedgerRecord): Changes {
  const change = CHANGES[record.type] as ((state: RunState, record: LedgerRecord) => Changes) | undefined;
  return change?.(state, record) ?? {};
}

function verdictChanges(row: RunRow, verdict: RecordOf<'outcome'>['verdict']): Changes {
  if (verdict === 'good') return { good: row.good + 1 };
  return verdict === 'bad' ? { bad: row.bad + 1 } : {};
}

function attemptChanges(row: RunRow, { tokens, costNanoUsd, model }: RecordOf<'model_attempt'>): Changes {
  return {
    attempts: row.attempts + 1,
    ...tokenChanges(row, tokens),
    models: withModel(row.models, model),
    ...(costNanoUsd === undefined
      ? { attemptsOfUnknownCost: row.attemptsOfUnknownCost + 1 }
      : { costNanoUsd: boundedSum(row.costNanoUsd, costNanoUsd) }),
  };
}

function tokenChanges(row: RunRow, tokens: RecordOf<'model_attempt'>['tokens']): Changes {
  if (tokens === undefined) return {};
  const ofInput = boundedSum(boundedSum(tokens.input, tokens.cachedInput), tokens.cacheWrite);
  return {
    inputTokens: boundedSum(row.inputTokens, ofInput),
    outputTokens: boundedSum(row.outputTokens, tokens.output),
  };
}

function withModel(models: readonly string[], model: string): readonly string[] {
  return models.includes(model) || models.length >= MODELS_MAXIMUM ? models : [...models, model];
}

function endChanges(row: RunRow, record: RecordOf<'run_ended'>): Changes {
  return {
    status: record.status,
    ...(record.reason === undefined ? {} : { reason: record.reason }),
    endedAtMicroseconds: record.atMicroseconds,
    durationMicroseconds: record.durationMicroseconds,
    steps: Math.max(row.steps, record.steps),
  };
}

/** By the GenAI conventions of OpenTelemetry. What was witnessed of the beginning and the end is not moved by a claim. */
const OPERATIONS_OF_WHOLE_RUNS: ReadonlySet<string> = new Set(['invoke_agent', 'invoke_workflow']);

function spanChanges(state: RunState, record: RecordOf<'reported_span'>): Changes {
  const { row } = state;
  const { operation, beganAtMicroseconds } = record;
  const changes: Changes = state.hasBegun
    ? {}
    : { beganAtMicroseconds: Math.min(row.beganAtMicroseconds, beganAtMicroseconds) };
  if (operation === 'execute_tool') return { ...changes, toolCalls: row.toolCalls + 1 };
  if (operation === 'chat') {
    const model = record.modelServed ?? record.modelAsked;
    return {
      ...changes,
      ...tokenChanges(row, record.tokens),
      modelCalls: row.modelCalls + 1,
      ...(model === undefined ? {} : { models: withModel(row.models, model) }),
    };
  }
  // Agents call agents, and their spans come from the inside out: the one that began first is the run.
  const isOutermost = beganAtMicroseconds <= row.beganAtMicroseconds;
  if (!OPERATIONS_OF_WHOLE_RUNS.has(operation) || !isOutermost || state.countedByAgent !== undefined) {
    return changes;
  }
  return {
    ...changes,
    status: record.outcome === 'ok' ? 'succeeded' : 'failed',
    endedAtMicroseconds: record.atMicroseconds,
    durationMicroseconds: record.durationMicroseconds,
  };
}
