/** Gemini's usage, the same in whole answers, in streams and in embeddings. */
import { z } from 'zod';
import type { TokenUsage } from '#domain/chat/token-usage.ts';
import { Count } from '../count.ts';

/** Counts of zero are left out on the wire, as all zeros of protobuf are. */
export const UsageMetadata = z.looseObject({
  promptTokenCount: Count,
  cachedContentTokenCount: Count,
  candidatesTokenCount: Count,
  thoughtsTokenCount: Count,
  toolUsePromptTokenCount: Count,
  totalTokenCount: Count,
});
export type UsageMetadata = z.infer<typeof UsageMetadata>;

/**
 * promptTokenCount contains the cached tokens; candidatesTokenCount does not contain the thoughts, which cost the same. Some
 * models count the thoughts in the total only. Undefined when no count was told, or none but zeros.
 */
export function fromUsageMetadata(usage: UsageMetadata | null | undefined): TokenUsage | undefined {
  if (usage === null || usage === undefined) return undefined;
  const { promptTokenCount: prompt, candidatesTokenCount: candidates, totalTokenCount: total } = usage;
  const { thoughtsTokenCount: thoughts, toolUsePromptTokenCount: toolUse } = usage;
  if ([prompt, candidates, thoughts, toolUse, total].every((count = 0) => count === 0)) return undefined;
  const inputTokens = (prompt ?? 0) + (toolUse ?? 0);
  const cachedInputTokens = Math.min(usage.cachedContentTokenCount ?? 0, prompt ?? 0);
  return {
    inputTokens: inputTokens - cachedInputTokens,
    cachedInputTokens,
    cacheWriteTokens: 0,
    outputTokens: Math.max((candidates ?? 0) + (thoughts ?? 0), (total ?? 0) - inputTokens),
    ...(thoughts !== undefined && { reasoningTokens: thoughts }),
  };
}

/** What any body of Gemini tells of its usage, also one that cannot be read otherwise. */
export function usageIn(body: unknown): TokenUsage | undefined {
  return fromUsageMetadata(
    z.looseObject({ usageMetadata: UsageMetadata }).safeParse(body).data?.usageMetadata,
  );
}
