/**
 * OpenAI's `usage` and back. There the cached and cache-written tokens are part of `prompt_tokens`, here they are not; and
 * servers tell usage in several places and under several names.
 */
import { type TokenUsage, totalInputTokens } from '#domain/chat/token-usage.ts';
import { countOf } from '../count.ts';
import { type WireObject, objectOf } from './wire-values.ts';

/** `usage` as OpenAI writes it. `prompt_tokens` contains the cached ones. */
export interface OpenAiUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details?: { readonly cached_tokens?: number; readonly cache_write_tokens?: number };
  /** `completion_tokens` contains the reasoning ones. */
  readonly completion_tokens_details?: { readonly reasoning_tokens?: number };
}

/** The usage of an answer or of a chunk, wherever it stands in it: at its root, under `x_groq`, or in its first choice. */
export function usageIn(answer: WireObject): TokenUsage | undefined {
  const choices: unknown = answer['choices'];
  const choice = Array.isArray(choices) ? objectOf(choices[0]) : undefined;
  const places = [answer['usage'], objectOf(answer['x_groq'])?.['usage'], choice?.['usage']];
  for (const place of places) {
    const usage = objectOf(place);
    const told = usage && tokenUsageOf(usage);
    if (told !== undefined) return told;
  }
  return undefined;
}

/**
 * Undefined when the server's words are no count; zeros alone are what a server writes that does not count. The parts are
 * bounded by the whole: no class may become negative.
 */
export function tokenUsageOf(usage: WireObject): TokenUsage | undefined {
  const told = countOf(usage['prompt_tokens']) ?? countOf(usage['input_tokens']);
  const completion = countOf(usage['completion_tokens']) ?? countOf(usage['output_tokens']) ?? 0;
  const total = countOf(usage['total_tokens']);
  if (told === undefined || told + completion + (total ?? 0) === 0) return undefined;
  const cache = cacheOf(usage);
  const prompt =
    told + tokensBesidePrompt(cache.read + cache.written, told, total && total - told - completion);
  const cachedInputTokens = Math.min(cache.read, prompt);
  const cacheWriteTokens = Math.min(cache.written, prompt - cachedInputTokens);
  return {
    inputTokens: prompt - cachedInputTokens - cacheWriteTokens,
    cachedInputTokens,
    cacheWriteTokens,
    ...outputOf(usage, completion, total && total - prompt - completion),
  };
}

/** Gateways to Claude keep Claude's names beside OpenAI's, or instead of them. */
function cacheOf(usage: WireObject): { readonly read: number; readonly written: number } {
  const details = objectOf(usage['prompt_tokens_details']) ?? objectOf(usage['input_tokens_details']);
  const read =
    countOf(details?.['cached_tokens']) ??
    countOf(usage['prompt_cache_hit_tokens']) ??
    countOf(usage['cached_tokens']) ??
    countOf(usage['cache_read_input_tokens']);
  const written =
    countOf(details?.['cache_write_tokens']) ??
    countOf(details?.['cache_creation_tokens']) ??
    countOf(usage['cache_creation_input_tokens']);
  return { read: read ?? 0, written: written ?? 0 };
}

/** `prompt_tokens` holds the tokens of the cache, but for servers that count as Claude does: the total shows it. */
function tokensBesidePrompt(cache: number, prompt: number, beyond: number | undefined): number {
  const isBeside =
    beyond === undefined ? cache > prompt : beyond === cache || (cache > prompt && beyond > cache);
  return isBeside ? cache : 0;
}

/**
 * OpenAI counts reasoning within `completion_tokens`; xAI and others beside it, which shows in `total_tokens`: `beyond` is
 * what it has more than the parts. Google's endpoint in this format leaves reasoning out of everything but the total.
 */
function outputOf(
  usage: WireObject,
  completion: number,
  beyond: number | undefined,
): Pick<TokenUsage, 'outputTokens'> & Partial<Pick<TokenUsage, 'reasoningTokens'>> {
  const details = objectOf(usage['completion_tokens_details']) ?? objectOf(usage['output_tokens_details']);
  const reasoning = countOf(details?.['reasoning_tokens']) ?? countOf(usage['reasoning_tokens']);
  // A total that is less than its parts tells nothing; then only more reasoning than output is surely beside it.
  const isTold = beyond !== undefined && beyond >= 0;
  const beside = isTold ? beyond : (reasoning ?? 0) > completion ? (reasoning ?? 0) : 0;
  const outputTokens = completion + beside;
  const reasoningTokens = reasoning ?? (beside > 0 ? beside : undefined);
  return {
    outputTokens,
    ...(reasoningTokens !== undefined && { reasoningTokens: Math.min(reasoningTokens, outputTokens) }),
  };
}

export function openAiUsageOf(usage: TokenUsage): OpenAiUsage {
  const promptTokens = totalInputTokens(usage);
  const { cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens } = usage;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: outputTokens,
    total_tokens: promptTokens + outputTokens,
    prompt_tokens_details: {
      cached_tokens: cachedInputTokens,
      ...(cacheWriteTokens > 0 && { cache_write_tokens: cacheWriteTokens }),
    },
    ...(reasoningTokens !== undefined && {
      completion_tokens_details: { reasoning_tokens: reasoningTokens },
    }),
  };
}
