/** Tokens of one model call, normalised over all providers. The classes are disjoint: no token stands in two. */
export interface TokenUsage {
  /** Input tokens that were neither read from nor written to the provider's cache. */
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  /** All output tokens, hidden reasoning included. */
  readonly outputTokens: number;
  /** How many of the output tokens were hidden reasoning, where the provider tells. */
  readonly reasoningTokens?: number;
}

export const NO_USAGE: TokenUsage = {
  inputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
};

/** All input tokens, the number that decides on a long-context price tier. */
export function totalInputTokens(usage: TokenUsage): number {
  return usage.inputTokens + usage.cachedInputTokens + usage.cacheWriteTokens;
}
