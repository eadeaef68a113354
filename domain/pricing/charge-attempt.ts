/**
 * What one attempt used, for the books: what the provider told; else, where it may bill the attempt all the same, an
 * estimate that errs high. An attempt costs nothing only when it never reached the provider or the provider said no.
 */
import type { TokenUsage } from '#domain/chat/token-usage.ts';
import { type AttemptFailureCode, PROVIDER_FAILURES } from '#domain/failures/failure-codes.ts';

export const USAGE_SOURCES = ['reported', 'estimated', 'none'] as const;
export type UsageSource = (typeof USAGE_SOURCES)[number];

export interface AttemptSpending {
  /** Absent when the attempt answered. */
  readonly failureCode?: AttemptFailureCode | undefined;
  /** Whether the provider may have read the request. */
  readonly wasSent: boolean;
  /** What the provider told, whole or up to where the answer broke off. */
  readonly told?: TokenUsage | undefined;
  readonly estimatedInputTokens: number;
  /** Estimated from what came of the answer, hidden thought included. */
  readonly estimatedOutputTokens: number;
}

export interface AttemptCharge {
  readonly usage?: TokenUsage;
  readonly source: UsageSource;
}

export function chargeAttempt(spending: AttemptSpending): AttemptCharge {
  const { failureCode, wasSent, told, estimatedInputTokens } = spending;
  const seenTokens = Math.ceil(spending.estimatedOutputTokens);
  if (told !== undefined) {
    // A broken answer was told of before its end: tokens that came later are billed too.
    const isShort = failureCode !== undefined && told.outputTokens < seenTokens;
    return isShort
      ? { usage: { ...told, outputTokens: seenTokens }, source: 'estimated' }
      : { usage: told, source: 'reported' };
  }
  const isRefusal = failureCode !== undefined && isSaidByProvider(failureCode) && seenTokens === 0;
  if (!wasSent || isRefusal) return { source: 'none' };
  const usage = {
    inputTokens: estimatedInputTokens,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: seenTokens,
  };
  return { usage, source: 'estimated' };
}

/** An answer that cannot be read was given and may be billed; all else that a provider says is that it did no work. */
function isSaidByProvider(code: AttemptFailureCode): boolean {
  return code in PROVIDER_FAILURES && code !== 'answer_malformed';
}

/** All attempts of one request together: as uncertain as the least certain of them. */
export function addCharges(one: AttemptCharge, other: AttemptCharge): AttemptCharge {
  if (other.usage === undefined) return one;
  if (one.usage === undefined) return other;
  const source = one.source === 'estimated' ? one.source : other.source;
  return { usage: addUsage(one.usage, other.usage), source };
}

function addUsage(one: TokenUsage, other: TokenUsage): TokenUsage {
  const isReasoningTold = one.reasoningTokens !== undefined || other.reasoningTokens !== undefined;
  const reasoningTokens = (one.reasoningTokens ?? 0) + (other.reasoningTokens ?? 0);
  return {
    inputTokens: one.inputTokens + other.inputTokens,
    cachedInputTokens: one.cachedInputTokens + other.cachedInputTokens,
    cacheWriteTokens: one.cacheWriteTokens + other.cacheWriteTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    ...(isReasoningTold && { reasoningTokens }),
  };
}
