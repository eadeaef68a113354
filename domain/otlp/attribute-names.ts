/**
 * Which attribute means what: the GenAI semantic conventions of OpenTelemetry of today and of former versions,
 * OpenInference, and OpenLLMetry. Of several names of one meaning the first in this table wins, wherever it stands in a
 * span. Attributes that hold texts (gen_ai.input.messages, llm.input_messages, ...) have no meaning here, and must not get
 * one: what is not in this table is never decoded.
 */
const NAMES = {
  operation: ['gen_ai.operation.name'],
  /** Of frameworks that say what kind a span is in words of their own. */
  spanKind: ['openinference.span.kind', 'traceloop.span.kind', 'llm.request.type'],
  provider: ['gen_ai.provider.name', 'gen_ai.system', 'llm.provider', 'llm.system'],
  modelAsked: ['gen_ai.request.model', 'llm.request.model', 'llm.model_name', 'embedding.model_name'],
  modelServed: ['gen_ai.response.model', 'llm.response.model'],
  responseId: ['gen_ai.response.id'],
  finishReasons: ['gen_ai.response.finish_reasons', 'llm.response.finish_reason'],
  tool: ['gen_ai.tool.name', 'tool.name', 'tool_call.function.name'],
  toolCall: ['gen_ai.tool.call.id', 'tool_call.id'],
  agent: ['gen_ai.agent.name', 'gen_ai.workflow.name', 'agent.name'],
  conversation: ['gen_ai.conversation.id', 'session.id', 'traceloop.association.properties.session_id'],
  run: ['capataz.run.id'],
  inputTokens: [
    'gen_ai.usage.input_tokens',
    'gen_ai.usage.prompt_tokens',
    'llm.token_count.prompt',
    'llm.usage.prompt_tokens',
  ],
  outputTokens: [
    'gen_ai.usage.output_tokens',
    'gen_ai.usage.completion_tokens',
    'llm.token_count.completion',
    'llm.usage.completion_tokens',
  ],
  cachedInputTokens: [
    'gen_ai.usage.cache_read.input_tokens',
    'gen_ai.usage.cache_read_input_tokens',
    'llm.token_count.prompt_details.cache_read',
    'llm.usage.cache_read_input_tokens',
  ],
  cacheWriteTokens: [
    'gen_ai.usage.cache_creation.input_tokens',
    'gen_ai.usage.cache_creation_input_tokens',
    'llm.token_count.prompt_details.cache_write',
    'llm.usage.cache_creation_input_tokens',
  ],
  reasoningTokens: [
    'gen_ai.usage.reasoning.output_tokens',
    'gen_ai.usage.reasoning_tokens',
    'llm.token_count.completion_details.reasoning',
    'llm.usage.reasoning_tokens',
  ],
  costUsd: ['gen_ai.usage.cost', 'llm.cost.total'],
  errorType: ['error.type', 'exception.type'],
  evaluationName: ['gen_ai.evaluation.name'],
  evaluationScore: ['gen_ai.evaluation.score.value'],
  evaluationLabel: ['gen_ai.evaluation.score.label'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type AttributeMeaning = keyof typeof NAMES;

export interface KnownName {
  readonly meaning: AttributeMeaning;
  /** 0 wins. */
  readonly rank: number;
}

const KNOWN: ReadonlyMap<string, KnownName> = new Map(
  Object.entries(NAMES).flatMap(([meaning, names]) =>
    names.map((name, rank) => [name, { meaning: meaning as AttributeMeaning, rank }] as const),
  ),
);

export const LONGEST_KNOWN_NAME = Math.max(...KNOWN.keys().map((name) => name.length));

export function knownName(name: string): KnownName | undefined {
  return KNOWN.get(name);
}

export const KNOWN_NAMES: readonly string[] = [...KNOWN.keys()];
