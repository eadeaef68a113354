/**
 * Records of what an agent with an image of its own tells by OTLP. Everything in them is a claim, whatever it names:
 * whose it is, is the token's word alone.
 *
 * - The same span told again is the same record: id, source and content depend on nothing but the span and its agent.
 * - The run is what the agent did in one trace, or `capataz.run.id` where it gives its runs ids of its own. A conversation
 *   (gen_ai.conversation.id) is not a run: it lasts for days, and its name may be a person's.
 */
import { sha256Hex } from '#domain/canonical-json/canonical-json.ts';
import type { LedgerRecord, RecordOf } from '#domain/ledger/ledger-record.ts';
import { Identifier } from '#domain/ledger/record-fields.ts';
import type { AttributeMeaning } from './attribute-names.ts';
import type { OtlpLogRecord, OtlpSpan, ReadAttributes } from './reported-work.ts';

export interface ReportingAgent {
  readonly namespace: string;
  readonly name: string;
}

type ReportedSpan = RecordOf<'reported_span'>;

/** OTLP counts nothing, so a hole in what is told so is not seen. */
const UNCOUNTED = { boot: 'otlp', sequence: 1 } as const;
const NAME_MAXIMUM_CHARACTERS = 256;
const FINISH_REASONS_MAXIMUM = 16;

export function recordOfSpan(agent: ReportingAgent, span: OtlpSpan): LedgerRecord {
  const { traceId, spanId, attributes } = span;
  const beganAtMicroseconds = microsecondsOf(span.startNanoseconds);
  const endedAtMicroseconds = microsecondsOf(span.endNanoseconds);
  return {
    ...envelopeOf(agent, `span:${agent.name}:${traceId}:${spanId}`, endedAtMicroseconds),
    run: { id: runIdOf(agent, attributes, traceId) },
    trace: { traceId, spanId },
    ...(span.parentSpanId !== undefined && { parentSpanId: span.parentSpanId }),
    operation: operationOf(attributes),
    ...named('name', nameOf(span.name, 'cut')),
    outcome: span.hasFailed || attributes.has('errorType') ? 'error' : 'ok',
    ...claimsIn(attributes),
    beganAtMicroseconds,
    durationMicroseconds: endedAtMicroseconds - beganAtMicroseconds,
  };
}

const EVALUATION_EVENT = 'gen_ai.evaluation.result';

/** Of log records only evaluations say something that is not text; undefined for all others. */
export function recordOfLog(agent: ReportingAgent, log: OtlpLogRecord): LedgerRecord | undefined {
  const { traceId, spanId, eventName, nanoseconds, attributes } = log;
  const metric = nameOf(attributes.get('evaluationName'));
  if (eventName !== EVALUATION_EVENT || traceId === '' || metric === undefined) return undefined;
  const atMicroseconds = microsecondsOf(nanoseconds);
  const score = attributes.get('evaluationScore');
  const number = typeof score === 'bigint' ? Number(score) : score;
  const isShare = typeof number === 'number' && number >= 0 && number <= 1;
  // Several metrics are told of one span, and names may hold what no id may.
  const place = sha256Hex(JSON.stringify([agent.name, traceId, spanId, String(nanoseconds), metric]));
  return {
    ...envelopeOf(agent, `evaluation:${place}`, atMicroseconds),
    run: { id: runIdOf(agent, attributes, traceId) },
    trace: { traceId, ...(spanId !== '' && { spanId }) },
    operation: 'evaluation',
    outcome: attributes.has('errorType') ? 'error' : 'ok',
    ...claimsIn(attributes),
    evaluation: {
      metric,
      ...(isShare && { scoreBasisPoints: Math.round(number * 10_000) }),
      ...named('label', nameOf(attributes.get('evaluationLabel'))),
    },
    beganAtMicroseconds: atMicroseconds,
    durationMicroseconds: 0,
  };
}

function envelopeOf(
  { namespace, name }: ReportingAgent,
  id: string,
  atMicroseconds: number,
): Pick<ReportedSpan, 'id' | 'type' | 'namespace' | 'atMicroseconds' | 'source' | 'agent'> {
  return {
    id,
    type: 'reported_span',
    namespace,
    atMicroseconds,
    source: { process: 'external', instance: name, ...UNCOUNTED },
    agent: { name },
  };
}

function microsecondsOf(nanoseconds: bigint): number {
  return Number(nanoseconds / 1000n);
}

/** Of the agent: a trace may run through several, and each tells of what it did itself. */
function runIdOf({ name }: ReportingAgent, attributes: ReadAttributes, traceId: string): string {
  return Identifier.safeParse(attributes.get('run')).data ?? `${name}:${traceId}`;
}

/** Words of frameworks that do not know the conventions, in the words of those. */
const OPERATIONS_OF_KINDS: Readonly<Record<string, string>> = {
  llm: 'chat',
  chat: 'chat',
  completion: 'text_completion',
  embedding: 'embeddings',
  agent: 'invoke_agent',
  workflow: 'invoke_workflow',
  chain: 'invoke_workflow',
  task: 'task',
  tool: 'execute_tool',
  retriever: 'retrieval',
  reranker: 'rerank',
  guardrail: 'guardrail',
  evaluator: 'evaluation',
};

function operationOf(attributes: ReadAttributes): string {
  const told = nameOf(attributes.get('operation'));
  if (told !== undefined) return told;
  const kind = attributes.get('spanKind');
  const operation = typeof kind === 'string' ? OPERATIONS_OF_KINDS[kind.toLowerCase()] : undefined;
  if (operation !== undefined) return operation;
  if (attributes.has('modelAsked') || attributes.has('modelServed')) return 'chat';
  return attributes.has('tool') ? 'execute_tool' : 'span';
}

const CLAIMED_NAMES = [
  ['errorType', 'errorType'],
  ['provider', 'provider'],
  ['modelAsked', 'modelAsked'],
  ['modelServed', 'modelServed'],
  ['responseId', 'responseId'],
  ['tool', 'tool'],
  ['toolCall', 'toolCall'],
  ['agent', 'innerAgent'],
  ['conversation', 'conversation'],
] as const satisfies readonly (readonly [AttributeMeaning, keyof ReportedSpan])[];

function claimsIn(attributes: ReadAttributes): Partial<ReportedSpan> {
  const claims: Partial<ReportedSpan> = {};
  for (const [meaning, field] of CLAIMED_NAMES) {
    const name = nameOf(attributes.get(meaning));
    if (name !== undefined) claims[field] = name;
  }
  const finishReasons = finishReasonsIn(attributes);
  if (finishReasons.length > 0) claims.finishReasons = finishReasons;
  const tokens = tokensIn(attributes);
  if (tokens !== undefined) claims.tokens = tokens;
  const costNanoUsd = nanoUsdOf(attributes.get('costUsd'));
  if (costNanoUsd !== undefined) claims.claimedCostNanoUsd = costNanoUsd;
  return claims;
}

function finishReasonsIn(attributes: ReadAttributes): string[] {
  const told = attributes.get('finishReasons');
  const reasons = typeof told === 'string' ? [told] : Array.isArray(told) ? (told as readonly string[]) : [];
  return reasons.flatMap((reason) => nameOf(reason) ?? []).slice(0, FINISH_REASONS_MAXIMUM);
}

/** Classes of a record are disjoint; the conventions count what was cached into the input as well. */
function tokensIn(attributes: ReadAttributes): ReportedSpan['tokens'] {
  const told = countOf(attributes.get('inputTokens'));
  const output = countOf(attributes.get('outputTokens'));
  if (told === undefined && output === undefined) return undefined;
  const cachedInput = countOf(attributes.get('cachedInputTokens')) ?? 0;
  const cacheWrite = countOf(attributes.get('cacheWriteTokens')) ?? 0;
  const reasoning = countOf(attributes.get('reasoningTokens'));
  const input = told ?? 0;
  const cached = cachedInput + cacheWrite;
  return {
    // Smaller than what was cached: whoever told it does not count that in.
    input: input >= cached ? input - cached : input,
    cachedInput,
    cacheWrite,
    output: output ?? 0,
    ...(reasoning !== undefined && { reasoning }),
  };
}

/** Undefined for what is no number of tokens: negative, broken or larger than can be written down. */
function countOf(value: unknown): number | undefined {
  const number = typeof value === 'bigint' || typeof value === 'string' ? Number(value) : value;
  return typeof number === 'number' && value !== '' && Number.isSafeInteger(number) && number >= 0
    ? number
    : undefined;
}

function nanoUsdOf(value: unknown): number | undefined {
  const usd = typeof value === 'bigint' ? Number(value) : value;
  return typeof usd === 'number' ? countOf(Math.round(usd * 1e9)) : undefined;
}

/** Cut only where a part is as good as the whole: half a model's name would be another model. */
function nameOf(value: unknown, tooLong: 'cut' | 'drop' = 'drop'): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  if (value.length <= NAME_MAXIMUM_CHARACTERS) return value.isWellFormed() ? value : value.toWellFormed();
  return tooLong === 'cut' ? value.slice(0, NAME_MAXIMUM_CHARACTERS).toWellFormed() : undefined;
}

function named<Field extends string>(
  field: Field,
  value: string | undefined,
): Readonly<Partial<Record<Field, string>>> {
  return (value === undefined ? {} : { [field]: value }) as Partial<Record<Field, string>>;
}
