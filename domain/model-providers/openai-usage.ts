/** OpenAI's `usage` and back: there the cached and cache-written tokens are part of `prompt_tokens`, here they are not. */
import { z } from 'zod';
import type { OpenAiUsage } from './openai-chat.ts';
import { type TokenUsage, totalInputTokens } from './token-usage.ts';

const Count = z.int().nonnegative();

export const OpenAiUsageAnswer = z.looseObject({
  prompt_tokens: Count,
  completion_tokens: Count.nullish(),
  prompt_tokens_details: z
    .looseObject({ cached_tokens: Count.nullish(), cache_write_tokens: Count.nullish() })
    .nullish(),
  completion_tokens_details: z.looseObject({ reasoning_tokens: Count.nullish() }).nullish(),
});
export type OpenAiUsageAnswer = z.infer<typeof OpenAiUsageAnswer>;

/** The parts are bounded by the whole: a server that counts wrongly may not make the input negative. */
export function fromOpenAiUsage(answer: OpenAiUsageAnswer): TokenUsage {
  const details = answer.prompt_tokens_details;
  const cachedInputTokens = Math.min(details?.cached_tokens ?? 0, answer.prompt_tokens);
  const uncached = answer.prompt_tokens - cachedInputTokens;
  const cacheWriteTokens = Math.min(details?.cache_write_tokens ?? 0, uncached);
  return {
    inputTokens: uncached - cacheWriteTokens,
    cachedInputTokens,
    cacheWriteTokens,
    outputTokens: answer.completion_tokens ?? 0,
  };
}

export function toOpenAiUsage(usage: TokenUsage, reasoningTokens?: number): OpenAiUsage {
  const promptTokens = totalInputTokens(usage);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: promptTokens + usage.outputTokens,
    prompt_tokens_details: {
      cached_tokens: usage.cachedInputTokens,
      ...(usage.cacheWriteTokens > 0 && { cache_write_tokens: usage.cacheWriteTokens }),
    },
    ...(reasoningTokens !== undefined && {
      completion_tokens_details: { reasoning_tokens: reasoningTokens },
    }),
  };
}

/** What the server wrote, whole and with its own details, where it is sound; else our own reckoning of it. */
export function reportedUsage(answer: OpenAiUsageAnswer): OpenAiUsage {
  return toOpenAiUsage(
    fromOpenAiUsage(answer),
    answer.completion_tokens_details?.reasoning_tokens ?? undefined,
  );
}
