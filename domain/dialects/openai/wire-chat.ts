/**
 * The OpenAI chat-completions and embeddings formats, the router's front (https://platform.openai.com/docs/api-reference/chat).
 * Loose on purpose: unknown fields pass through to OpenAI-like providers; what we read is checked.
 */
import { z } from 'zod';
import { boundedArray } from '#domain/bounded-json/bounded-collection.ts';

/** Far above what any provider takes; below what could hurt us. */
const MESSAGES_MAXIMUM = 10_000;
const PARTS_MAXIMUM = 10_000;
const TOOLS_MAXIMUM = 1_024;
const STOPS_MAXIMUM = 1_024;
const EMBEDDING_INPUTS_MAXIMUM = 10_000;

const ContentPart = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  image_url: z.looseObject({ url: z.string() }).optional(),
});

/**
 * `extra_content` is Google's extension of the format: Gemini 3 signs its tool calls and wants the signature back
 * with the next turn. Clients that return a tool call as they got it need not know about it.
 */
const ToolCallExtraContent = z.looseObject({
  google: z.looseObject({ thought_signature: z.string().optional() }).optional(),
});

export const ToolCall = z.looseObject({
  id: z.string(),
  type: z.literal('function'),
  function: z.looseObject({ name: z.string(), arguments: z.string() }),
  extra_content: ToolCallExtraContent.optional(),
});
export type ToolCall = z.infer<typeof ToolCall>;

export const ChatMessage = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: z.union([z.string(), boundedArray(ContentPart, { maximum: PARTS_MAXIMUM }), z.null()]).optional(),
  name: z.string().optional(),
  tool_calls: boundedArray(ToolCall, { maximum: TOOLS_MAXIMUM }).optional(),
  tool_call_id: z.string().optional(),
});
export type ChatMessage = z.infer<typeof ChatMessage>;

export const ChatTool = z.looseObject({
  type: z.literal('function'),
  function: z.looseObject({
    name: z.string(),
    description: z.string().optional(),
    parameters: z.record(z.string(), z.unknown()).optional(),
    strict: z.boolean().nullish(),
  }),
});
export type ChatTool = z.infer<typeof ChatTool>;

export const ResponseFormat = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text') }),
  z.looseObject({ type: z.literal('json_object') }),
  z.looseObject({
    type: z.literal('json_schema'),
    json_schema: z.looseObject({
      name: z.string(),
      schema: z.record(z.string(), z.unknown()),
      strict: z.boolean().nullish(),
    }),
  }),
]);

export const ChatRequest = z.looseObject({
  model: z.string(),
  messages: boundedArray(ChatMessage, { minimum: 1, maximum: MESSAGES_MAXIMUM }),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
  stop: z.union([z.string(), boundedArray(z.string(), { maximum: STOPS_MAXIMUM })]).nullish(),
  seed: z.int().nullish(),
  tools: boundedArray(ChatTool, { maximum: TOOLS_MAXIMUM }).optional(),
  tool_choice: z
    .union([
      z.enum(['none', 'auto', 'required']),
      z.looseObject({ type: z.literal('function'), function: z.looseObject({ name: z.string() }) }),
    ])
    .optional(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: ResponseFormat.nullish(),
  user: z.string().nullish(),
});
export type ChatRequest = z.infer<typeof ChatRequest>;

export const FINISH_REASONS = ['stop', 'length', 'tool_calls', 'content_filter'] as const;
export type FinishReason = (typeof FINISH_REASONS)[number];

/** `usage` as OpenAI writes it. `prompt_tokens` contains the cached ones. */
export interface OpenAiUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details?: { readonly cached_tokens?: number; readonly cache_write_tokens?: number };
  /** `completion_tokens` contains the reasoning ones. */
  readonly completion_tokens_details?: { readonly reasoning_tokens?: number };
}

/** What the router adds to an answer under the key `capataz`. `costNanoUsd` is null when the price is not known. */
export interface RouterAnnotation {
  readonly requestId: string;
  readonly model: string;
  readonly attempts: number;
  readonly costNanoUsd: number | null;
}

export interface ChatCompletion {
  readonly id: string;
  readonly object: 'chat.completion';
  readonly created: number;
  readonly model: string;
  readonly choices: readonly {
    readonly index: number;
    readonly message: {
      readonly role: 'assistant';
      readonly content: string | null;
      readonly refusal?: string | null;
      readonly tool_calls?: readonly ToolCall[];
    };
    readonly finish_reason: FinishReason;
  }[];
  readonly usage?: OpenAiUsage;
  readonly capataz?: RouterAnnotation;
}

export interface ChatCompletionChunk {
  readonly id: string;
  readonly object: 'chat.completion.chunk';
  readonly created: number;
  readonly model: string;
  readonly choices: readonly {
    readonly index: number;
    readonly delta: {
      readonly role?: 'assistant';
      readonly content?: string | null;
      readonly refusal?: string | null;
      readonly tool_calls?: readonly {
        readonly index: number;
        readonly id?: string;
        readonly type?: 'function';
        readonly function?: { readonly name?: string; readonly arguments?: string };
        readonly extra_content?: z.infer<typeof ToolCallExtraContent> | undefined;
      }[];
    };
    readonly finish_reason: FinishReason | null;
  }[];
  readonly usage?: OpenAiUsage | null;
  readonly capataz?: RouterAnnotation;
}

export const EmbeddingsRequest = z.looseObject({
  model: z.string(),
  input: z.union([z.string(), boundedArray(z.string(), { minimum: 1, maximum: EMBEDDING_INPUTS_MAXIMUM })]),
  dimensions: z.int().positive().nullish(),
  encoding_format: z.enum(['float', 'base64']).nullish(),
});
export type EmbeddingsRequest = z.infer<typeof EmbeddingsRequest>;

export interface EmbeddingsResponse {
  readonly object: 'list';
  readonly model: string;
  readonly data: readonly {
    readonly object: 'embedding';
    readonly index: number;
    readonly embedding: readonly number[] | string;
  }[];
  readonly usage?: { readonly prompt_tokens: number; readonly total_tokens: number };
  readonly capataz?: RouterAnnotation;
}
