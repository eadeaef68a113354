/**
 * LedgerRecord: what a process tells the ledger about one thing that it did, decided or saw. The schema is the only
 * source: docs/reference/ledger-records.md is held to it. Texts never stand in a record (record-text.ts).
 *
 * `id` makes telling idempotent: the same id with the same content is the same record, with another content it is
 * refused. `source` counts what one start of one process tells, so that what is lost on the way is seen.
 */
import { z } from 'zod';
import { CONTENT_MODES } from '#crds/agent.ts';
import { Sha256 } from '#crds/object-meta.ts';
import {
  AgentReference,
  Code,
  Count,
  Identifier,
  Microseconds,
  Name,
  Namespace,
  NanoUsd,
  PromptReference,
  RunReference,
  Sentence,
  TextReference,
  Tokens,
  TraceReference,
} from './record-fields.ts';

export const SOURCE_PROCESSES = [
  'agent-runtime',
  'router',
  'operator',
  'ingest-watcher',
  'observer',
  'console',
  'ledger',
  /** Anything that is not ours and speaks OTLP or HTTP. */
  'external',
] as const;

export const RecordSource = z.strictObject({
  process: z.enum(SOURCE_PROCESSES),
  /** The pod. */
  instance: z.string().min(1).max(253),
  /** New with each start of the process (or of its spool). */
  boot: Identifier,
  /** Counts the records of one boot from 1 without holes, in all namespaces together. */
  sequence: z.int().min(1),
});
export type RecordSource = z.infer<typeof RecordSource>;

const envelope = {
  id: Identifier,
  /** The tenant: whose tree the record stands in. */
  namespace: Namespace,
  /** By the clock of whoever tells, since 1970. */
  atMicroseconds: Microseconds,
  source: RecordSource,
};
const ofRun = { ...envelope, run: RunReference, agent: AgentReference, prompt: PromptReference.optional() };

const RunBegun = z.strictObject({
  ...ofRun,
  type: z.literal('run_begun'),
  /** The caller's own id of the request. */
  callerRequestId: Identifier.optional(),
  trace: TraceReference.optional(),
  content: z.enum(CONTENT_MODES),
  contentRetentionDays: Count,
  input: TextReference,
  /** Names of the tools that the run may call. */
  tools: z.array(Name).max(64),
  limits: z.strictObject({ steps: Count, seconds: Count, nanoUsd: NanoUsd.optional() }),
});

/** One request to the router, after all its attempts. Told by the router. */
const ModelCall = z.strictObject({
  ...envelope,
  type: z.literal('model_call'),
  run: RunReference.optional(),
  agent: AgentReference,
  prompt: PromptReference.optional(),
  trace: TraceReference.optional(),
  requestId: Identifier,
  operation: z.enum(['chat', 'embeddings']),
  isStream: z.enum(['yes', 'no']),
  /** `auto` or a Model. */
  modelAsked: Name.optional(),
  /** The Model that answered or was asked last. */
  model: Name.optional(),
  outcome: Code,
  httpStatus: Count,
  failureCode: Code.optional(),
  attempts: Count,
  /** Which Models were to be asked in which order, and why others were not. */
  decision: Sentence,
  durationMicroseconds: Microseconds,
  firstTokenMicroseconds: Microseconds.optional(),
});

/** One attempt of a model call: the only record that carries a charge. Told by the router. */
const ModelAttempt = z.strictObject({
  ...envelope,
  type: z.literal('model_attempt'),
  run: RunReference.optional(),
  agent: AgentReference,
  prompt: PromptReference.optional(),
  trace: TraceReference.optional(),
  requestId: Identifier,
  /** From 1. */
  attempt: Count,
  operation: z.enum(['chat', 'embeddings']),
  model: Name,
  provider: Name,
  /** The model's name at the provider: as asked, and as the provider says has answered. */
  providerModel: Name,
  modelServed: Name.optional(),
  /** The provider's mark of that model and of what it runs on (`system_fingerprint`), where it gives one. */
  fingerprint: Name.optional(),
  /** `stop`, `length` (cut off by a limit of tokens), `tool_calls` or `content_filter`; absent: it came to no end. */
  finishReason: Code.optional(),
  outcome: Code,
  failureCode: Code.optional(),
  tokens: Tokens.optional(),
  usageSource: Code,
  /** Absent: the price is not known. */
  costNanoUsd: NanoUsd.optional(),
  /**
   * What this start of the router has charged in the namespace so far, this attempt included. The ledger adds up for
   * itself (meter-check.ts), so that an attempt that is missing or changed on the way is seen by its money.
   */
  meter: z.strictObject({ attempts: z.int().min(1), costNanoUsd: NanoUsd }).optional(),
  durationMicroseconds: Microseconds,
  firstTokenMicroseconds: Microseconds.optional(),
});

/** One ReAct cycle as the agent saw it: what it sent to the model, what came back, and what it made of it. */
const Cycle = z.strictObject({
  ...ofRun,
  type: z.literal('cycle'),
  phase: z.enum(['action', 'answer', 'repair', 'stop', 'failure']),
  /** `ok`, or the reason that ended the run. */
  outcome: Code,
  /** The router's id of the model call; absent when none was made or the router was never heard. */
  requestId: Identifier.optional(),
  model: Name.optional(),
  /** The messages that went to the model for the first time: those of the steps before went with them once more. */
  sent: TextReference.optional(),
  /** What the model wrote as text. */
  answer: TextReference.optional(),
  toolCalls: Count,
  durationMicroseconds: Microseconds,
});

/** Who or what let something happen, or did not. */
const PolicyDecision = z.strictObject({
  ...envelope,
  type: z.literal('policy_decision'),
  run: RunReference.optional(),
  agent: AgentReference.optional(),
  policy: Code,
  verdict: z.enum(['allowed', 'denied']),
  reason: Code,
  /** What it was about: a tool, a Model. */
  subject: Name.optional(),
  sentence: Sentence.optional(),
});

/** Durable before the tool runs. `callId` is ours, and goes to the tool as its idempotency key. */
const ToolIntent = z.strictObject({
  ...ofRun,
  type: z.literal('tool_intent'),
  callId: Identifier,
  tool: Name,
  effect: z.enum(['none', 'external']),
  arguments: TextReference,
});

const ToolResult = z.strictObject({
  ...ofRun,
  type: z.literal('tool_result'),
  callId: Identifier,
  tool: Name,
  /** A ToolOutcome; `not_recorded`: it did not run because its intent could not be made durable. */
  outcome: Code,
  result: TextReference,
  durationMicroseconds: Microseconds,
});

const RunEnded = z.strictObject({
  ...ofRun,
  type: z.literal('run_ended'),
  status: z.enum(['succeeded', 'stopped', 'failed']),
  reason: Code.optional(),
  steps: Count,
  repairs: Count,
  tokens: z.strictObject({ input: Count, output: Count }).optional(),
  costNanoUsd: NanoUsd.optional(),
  models: z.array(Name).max(64),
  output: TextReference.optional(),
  /** Whether the first answer fitted the output schema; absent: there is none, or no answer came. */
  firstAnswerFits: z.enum(['yes', 'no']).optional(),
  /** Whether the model would not do what was asked; absent: it never came to an answer. */
  isRefusal: z.enum(['yes', 'no']).optional(),
  /** Calls whose end is known, and those of them that did not succeed. */
  toolCalls: Count.optional(),
  failedToolCalls: Count.optional(),
  durationMicroseconds: Microseconds,
  /** Records of this run that the agent itself told, this one included: a missing one is seen. */
  records: Count,
});

const verdict = {
  /** What was judged: `correct`, `helpful`, or a word of the user's. */
  metric: Code,
  verdict: z.enum(['good', 'bad', 'neutral']),
  /** 10,000 is best. */
  scoreBasisPoints: Count.max(10_000).optional(),
  label: Name.optional(),
};

/** What became of a run by a measure of ours: a judge, a check, a business event. */
const Outcome = z.strictObject({
  ...envelope,
  type: z.literal('outcome'),
  run: RunReference,
  agent: AgentReference.optional(),
  judge: Name,
  ...verdict,
});

/** What a person or another system says of a run: POST /v1/feedback. */
const Feedback = z.strictObject({
  ...envelope,
  type: z.literal('feedback'),
  run: RunReference,
  agent: AgentReference.optional(),
  from: z.enum(['person', 'system']),
  /** Whose token it was. */
  by: Name,
  ...verdict,
  comment: TextReference.optional(),
});

export const SEVERITIES = ['informational', 'low', 'medium', 'high', 'critical'] as const;

const SecurityEvent = z.strictObject({
  ...envelope,
  type: z.literal('security_event'),
  run: RunReference.optional(),
  agent: AgentReference.optional(),
  /** From SECURITY_EVENTS. */
  event: Code,
  severity: z.enum(SEVERITIES),
  /** Whether it was kept from happening. */
  action: z.enum(['blocked', 'observed']),
  /** Of OWASP's lists for LLM applications (2025) and agentic applications, e.g. `LLM01`, `ASI02`. */
  owasp: z.array(z.string().regex(/^(LLM|ASI)\d\d$/)).max(8),
  subject: Name.optional(),
  sentence: Sentence,
  prompt: PromptReference.optional(),
});

/**
 * One round of scheduled probes of an agent, told at its end, whatever came of it: a round of which there is none was
 * missed. Each of its cases is a run of its own (`run.purpose` is `probe`) with an `outcome` (`judge` is `probe`).
 */
const ProbeRound = z.strictObject({
  ...envelope,
  type: z.literal('probe_round'),
  agent: AgentReference,
  prompt: PromptReference.optional(),
  /** Counts the periods of the schedule since 1970: which cases it asks follows from it. */
  round: Count,
  goldenSet: z.strictObject({ name: Name, digest: Sha256.optional(), cases: Count.optional() }),
  /** `whole`; `cut`: not every case was asked; `failed`: none was. */
  outcome: z.enum(['whole', 'cut', 'failed']),
  /** Why it is not whole. */
  reason: Code.optional(),
  sentence: Sentence.optional(),
  planned: Count,
  passed: Count,
  failed: Count,
  /** Cases without a verdict, because no answer came. */
  errors: Count,
  /** Absent: the price of a call is not known. */
  costNanoUsd: NanoUsd.optional(),
  /** What probes of the agent had cost on this day (UTC) before the round, and what they may cost on a day. */
  spentBeforeNanoUsd: NanoUsd.optional(),
  maximumNanoUsd: NanoUsd.optional(),
  durationMicroseconds: Microseconds,
});

const RolloutDecision = z.strictObject({
  ...envelope,
  type: z.literal('rollout_decision'),
  rollout: Name,
  decision: Code,
  from: PromptReference.optional(),
  to: PromptReference.optional(),
  reason: Code,
  sentence: Sentence.optional(),
});

/** A key, never its value: which Model now uses which Secret in which version. */
const KeyRotation = z.strictObject({
  ...envelope,
  type: z.literal('key_rotation'),
  model: Name,
  keySource: Name,
  version: Name,
});

/** Somebody read texts that are kept apart, or had them erased. That their days are over is no record: run_begun says when. */
const ContentAccess = z.strictObject({
  ...envelope,
  type: z.literal('content_access'),
  run: RunReference.optional(),
  action: z.enum(['revealed', 'erased']),
  by: Name,
  texts: Count,
  reason: Sentence.optional(),
});

/** What a person asked of the platform through the console, written before it is done: `id` of the record is that of the asking. */
const Command = z.strictObject({
  ...envelope,
  type: z.literal('command'),
  /** Who asked, as the API server or the identity provider knows them. */
  by: Name,
  /** Of the object: `CanaryRollout`, `Agent`. */
  kind: Name,
  subject: Name,
  /** `promote`, `abort`, ... */
  verb: Code,
  /** The object as the person saw it. */
  resourceVersion: Identifier.optional(),
  reason: Sentence,
});

/** Somebody said of a finding that it is expected, or that nobody is to be told of it, and until when; or took that back. */
const Silence = z.strictObject({
  ...envelope,
  type: z.literal('silence'),
  by: Name,
  /** The id of the finding (domain/observation/attention-item.ts). */
  finding: Sentence,
  action: z.enum(['muted', 'expected', 'ended']),
  untilMicroseconds: Microseconds.optional(),
  reason: Sentence,
});

/** Something is missing here and it is known: never a silent restart. */
const Gap = z.strictObject({
  ...envelope,
  type: z.literal('gap'),
  cause: z.enum(['torn_tail', 'lost_records', 'refused_record', 'restored_backup']),
  /** Whose records are missing, where known. */
  missing: RecordSource.optional(),
  /** Absent: not known how many. */
  records: Count.optional(),
  sentence: Sentence,
});

/** A span that somebody else's agent told by OTLP: a claim, never billed. */
const ReportedSpan = z.strictObject({
  ...envelope,
  type: z.literal('reported_span'),
  run: RunReference.optional(),
  agent: AgentReference,
  trace: TraceReference,
  parentSpanId: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
  /** `chat`, `invoke_agent`, `execute_tool`, ...; `span` where it says nothing that is known. */
  operation: Name,
  /** As whoever told it calls it. */
  name: Name.optional(),
  outcome: Code,
  errorType: Name.optional(),
  provider: Name.optional(),
  modelAsked: Name.optional(),
  modelServed: Name.optional(),
  responseId: Name.optional(),
  finishReasons: z.array(Name).max(16).optional(),
  tool: Name.optional(),
  toolCall: Name.optional(),
  /** An agent inside of the agent whose token it was. */
  innerAgent: Name.optional(),
  conversation: Name.optional(),
  tokens: Tokens.optional(),
  /** What the call is said to have cost. Never added to what is billed. */
  claimedCostNanoUsd: NanoUsd.optional(),
  /** A verdict of the agent on itself. Never counted as an outcome. */
  evaluation: z
    .strictObject({
      metric: Name,
      /** Of scores from 0 to 1. */
      scoreBasisPoints: Count.max(10_000).optional(),
      label: Name.optional(),
    })
    .optional(),
  beganAtMicroseconds: Microseconds,
  durationMicroseconds: Microseconds,
});

export const LedgerRecord = z.discriminatedUnion('type', [
  RunBegun,
  ModelCall,
  ModelAttempt,
  Cycle,
  PolicyDecision,
  ToolIntent,
  ToolResult,
  RunEnded,
  Outcome,
  Feedback,
  SecurityEvent,
  ProbeRound,
  RolloutDecision,
  KeyRotation,
  ContentAccess,
  Command,
  Silence,
  Gap,
  ReportedSpan,
]);
export type LedgerRecord = z.infer<typeof LedgerRecord>;
export type RecordType = LedgerRecord['type'];
export const RECORD_TYPES: readonly RecordType[] = LedgerRecord.options.map(({ shape }) => shape.type.value);
export type RecordOf<Type extends RecordType> = Extract<LedgerRecord, { type: Type }>;

/** What a producer hands over: the spool adds who tells it and counts. */
export type RecordDraft = { [Type in RecordType]: Omit<RecordOf<Type>, 'source'> }[RecordType];
