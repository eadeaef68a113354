/** Anthropic's usage and stop reasons, the same in whole answers and in streams. */
import { z } from 'zod';
import type { FinishReason } from '#domain/chat/chat-answer.ts';
import type { TokenUsage } from '#domain/chat/token-usage.ts';
import { Count } from '../count.ts';

/** `input_tokens` holds neither the cache reads nor the cache writes: unlike OpenAI's and Gemini's, the parts are disjoint. */
export const AnthropicUsage = z.looseObject({
  input_tokens: Count,
  cache_creation_input_tokens: Count,
  /** The writes again, by how long they are kept: for servers that give no sum. */
  cache_creation: z
    .looseObject({ ephemeral_5m_input_tokens: Count, ephemeral_1h_input_tokens: Count })
    .nullish()
    .catch(undefined),
  cache_read_input_tokens: Count,
  output_tokens: Count,
  output_tokens_details: z.looseObject({ thinking_tokens: Count }).nullish().catch(undefined),
});
export type AnthropicUsage = z.infer<typeof AnthropicUsage>;

/** Undefined when no count was told; zeros alone are what a server writes that does not count. */
export function fromAnthropicUsage(usage: AnthropicUsage | null | undefined): TokenUsage | undefined {
  if (usage === null || usage === undefined) return undefined;
  const {
    input_tokens: input,
    cache_read_input_tokens: read,
    cache_creation: writes,
    output_tokens: output,
  } = usage;
  const written =
    usage.cache_creation_input_tokens ??
    (writes?.ephemeral_5m_input_tokens ?? 0) + (writes?.ephemeral_1h_input_tokens ?? 0);
  if ([input, read, written, output].every((count = 0) => count === 0)) return undefined;
  const reasoningTokens = usage.output_tokens_details?.thinking_tokens;
  return {
    inputTokens: input ?? 0,
    cachedInputTokens: read ?? 0,
    cacheWriteTokens: written,
    outputTokens: output ?? 0,
    ...(reasoningTokens !== undefined && { reasoningTokens }),
  };
}

const FINISH_REASON_OF = new Map<string, FinishReason>(
  Object.entries({
    end_turn: 'stop',
    stop_sequence: 'stop',
    tool_use: 'tool_calls',
    max_tokens: 'length',
    model_context_window_exceeded: 'length',
    // The turn is not over, and whoever takes it for whole loses the rest.
    pause_turn: 'length',
    refusal: 'content_filter',
  }),
);

/** Servers that only nearly speak this format say `end_turn`, or nothing, behind a tool call too. */
export function fromStopReason(stopReason: string | null | undefined, hasToolCalls: boolean): FinishReason {
  const reason = FINISH_REASON_OF.get(stopReason ?? '') ?? 'stop';
  return reason === 'stop' && hasToolCalls ? 'tool_calls' : reason;
}
