/** The answers of the chat route in OpenAI's two forms: one JSON body, or server-sent events. */
import type { GenerationUsage } from '#adapters/llama/language-model.ts';
import type { FinishReason } from '#domain/chat/chat-answer.ts';
import type { OpenAiUsage } from '#domain/dialects/openai/usage.ts';
import type { ChatCompletion, ChatCompletionChunk } from '#domain/dialects/openai/wire-answer.ts';

export interface AnswerIdentity {
  readonly id: string;
  readonly createdSeconds: number;
  readonly model: string;
}

export interface AnswerEnd {
  readonly finishReason: FinishReason;
  readonly usage: GenerationUsage;
  /** What of the answer does not fit the schema that was asked for; none without one. */
  readonly problems: readonly string[];
}

export function formatUsage(usage: GenerationUsage): OpenAiUsage {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.promptTokens + usage.outputTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedPromptTokens },
  };
}

/**
 * Beside the choices of an answer that does not fit its schema, of which the grammar keeps only a part: OpenAI's format
 * has no place for it.
 */
interface SchemaProblems {
  readonly schema_problems?: readonly string[];
}

function schemaProblems(problems: readonly string[]): SchemaProblems {
  return problems.length === 0 ? {} : { schema_problems: problems };
}

export function formatCompletion(
  identity: AnswerIdentity,
  text: string,
  { finishReason, usage, problems }: AnswerEnd,
): ChatCompletion & SchemaProblems {
  return {
    id: identity.id,
    object: 'chat.completion',
    created: identity.createdSeconds,
    model: identity.model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text, refusal: null },
        finish_reason: finishReason,
      },
    ],
    usage: formatUsage(usage),
    ...schemaProblems(problems),
  };
}

export function formatChunk(
  identity: AnswerIdentity,
  delta: { readonly role?: 'assistant'; readonly content?: string },
): ChatCompletionChunk {
  return { ...chunkHead(identity), choices: [{ index: 0, delta, finish_reason: null }] };
}

export function formatLastChunk(
  identity: AnswerIdentity,
  { finishReason, problems }: AnswerEnd,
): ChatCompletionChunk & SchemaProblems {
  return {
    ...chunkHead(identity),
    choices: [{ index: 0, delta: {}, finish_reason: finishReason }],
    ...schemaProblems(problems),
  };
}

/** The chunk that a client gets when it asked for stream_options.include_usage: no choices, only the usage. */
export function formatUsageChunk(identity: AnswerIdentity, usage: GenerationUsage): ChatCompletionChunk {
  return { ...chunkHead(identity), choices: [], usage: formatUsage(usage) };
}

function chunkHead(
  identity: AnswerIdentity,
): Pick<ChatCompletionChunk, 'id' | 'object' | 'created' | 'model'> {
  return {
    id: identity.id,
    object: 'chat.completion.chunk',
    created: identity.createdSeconds,
    model: identity.model,
  };
}
