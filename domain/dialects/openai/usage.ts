/**
 * OpenAI's `usage` and back. There the cached and cache-written tokens are part of `prompt_tokens`, here they are not; and
 * servers tell usage in several places and under several names.
 */
import { type TokenUsage, totalInputTokens } from '#domain/chat/token-usage.ts';
import { type WireObject, countOf, objectOf } from './wire-values.ts';

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

/** Undefined when the server's words are no count. The parts are bounded by the whole: no class may become negative. */
export function tokenUsageOf(usage: WireObject): TokenUsage | undefined {
  const prompt = countOf(usage['prompt_tokens']) ?? countOf(usage['input_tokens']);
  if (prompt === undefined) return undefined;
  const details = objectOf(usage['prompt_tokens_details']) ?? objectOf(usage['input_tokens_details']);
  const cached =
    countOf(details?.['cached_tokens']) ??
    countOf(usage['prompt_cache_hit_tokens']) ??
    countOf(usage['cached_tokens']);
  const cachedInputTokens = Math.min(cached ?? 0, prompt);
  const uncached = prompt - cachedInputTokens;
  const cacheWriteTokens = Math.min(countOf(details?.['cache_write_tokens']) ?? 0, uncached);
  return {
    inputTokens: uncached - cacheWriteTokens,
    cachedInputTokens,
    cacheWriteTokens,
    ...outputOf(usage, prompt),
  };
}

/**
 * OpenAI counts reasoning within `completion_tokens`; xAI and others beside it, which shows in `total_tokens`. Google's
 * endpoint in this format leaves it out of everything but the total.
 */
function outputOf(
  usage: WireObject,
  prompt: number,
): Pick<TokenUsage, 'outputTokens'> & Partial<Pick<TokenUsage, 'reasoningTokens'>> {
  const completion = countOf(usage['completion_tokens']) ?? countOf(usage['output_tokens']) ?? 0;
  const details = objectOf(usage['completion_tokens_details']) ?? objectOf(usage['output_tokens_details']);
  const reasoning = countOf(details?.['reasoning_tokens']) ?? countOf(usage['reasoning_tokens']);
  const beyond = (countOf(usage['total_tokens']) ?? 0) - prompt - completion;
  if (reasoning === undefined) {
    return beyond > 0
      ? { outputTokens: completion + beyond, reasoningTokens: beyond }
      : { outputTokens: completion };
  }
  const isOutside = reasoning > completion || (reasoning > 0 && beyond === reasoning);
  return { outputTokens: isOutside ? completion + reasoning : completion, reasoningTokens: reasoning };
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
