/** Anthropic's usage and stop reasons, the same in whole answers and in streams. */
import { z } from 'zod';
import type { FinishReason } from '#domain/chat/chat-answer.ts';
import type { TokenUsage } from '#domain/chat/token-usage.ts';

/** A count that is none is as good as untold: an answer is not thrown away for it. */
const Count = z.int().nonnegative().nullish().catch(undefined);

/** `input_tokens` holds neither the cache reads nor the cache writes: unlike OpenAI's and Gemini's, the parts are disjoint. */
export const AnthropicUsage = z.looseObject({
  input_tokens: Count,
  cache_creation_input_tokens: Count,
  cache_read_input_tokens: Count,
  output_tokens: Count,
  output_tokens_details: z.looseObject({ thinking_tokens: Count }).nullish().catch(undefined),
});
export type AnthropicUsage = z.infer<typeof AnthropicUsage>;

/** Undefined when no count was told. */
export function fromAnthropicUsage(usage: AnthropicUsage | null | undefined): TokenUsage | undefined {
  if (usage === null || usage === undefined) return undefined;
  const {
    input_tokens: input,
    cache_read_input_tokens: read,
    cache_creation_input_tokens: written,
    output_tokens: output,
  } = usage;
  if ([input, read, written, output].every((count) => count === undefined || count === null))
    return undefined;
  const reasoningTokens = usage.output_tokens_details?.thinking_tokens;
  return {
    inputTokens: input ?? 0,
    cachedInputTokens: read ?? 0,
    cacheWriteTokens: written ?? 0,
    outputTokens: output ?? 0,
    ...(reasoningTokens !== undefined && reasoningTokens !== null && { reasoningTokens }),
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
