/** What JSON answers and streams of Anthropic have in common: usage, stop reasons, the errors. */
import { z } from 'zod';
import type { ProviderFailure } from './dialect.ts';
import type { FinishReason } from './openai-chat.ts';
import {
  type FailureKind,
  failure,
  kindOfStatus,
  parseJson,
  retryAfterSeconds,
  saysContextTooLong,
} from './provider-failure.ts';
import type { TokenUsage } from './token-usage.ts';

const Count = z.int().nonnegative();

/** `input_tokens` holds neither the cache reads nor the cache writes: unlike OpenAI's and Gemini's, the parts are disjoint. */
export const AnthropicUsage = z.looseObject({
  input_tokens: Count.nullish(),
  cache_creation_input_tokens: Count.nullish(),
  cache_read_input_tokens: Count.nullish(),
  output_tokens: Count.nullish(),
  output_tokens_details: z.looseObject({ thinking_tokens: Count.nullish() }).nullish(),
});
export type AnthropicUsage = z.infer<typeof AnthropicUsage>;

export function fromAnthropicUsage(usage: AnthropicUsage): TokenUsage {
  return {
    inputTokens: usage.input_tokens ?? 0,
    cachedInputTokens: usage.cache_read_input_tokens ?? 0,
    cacheWriteTokens: usage.cache_creation_input_tokens ?? 0,
    outputTokens: usage.output_tokens ?? 0,
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

export function fromStopReason(stopReason: string): FinishReason {
  return FINISH_REASON_OF.get(stopReason) ?? 'stop';
}

const ErrorBody = z.looseObject({
  error: z.looseObject({ type: z.string().nullish(), message: z.string().nullish() }),
});

const KIND_OF_TYPE = new Map<string, FailureKind>(
  Object.entries({
    invalid_request_error: 'badRequest',
    authentication_error: 'keyRefused',
    permission_error: 'keyRefused',
    billing_error: 'rateLimited',
    not_found_error: 'notFound',
    request_too_large: 'contextTooLong',
    rate_limit_error: 'rateLimited',
    timeout_error: 'unavailable',
    api_error: 'unavailable',
    overloaded_error: 'overloaded',
  }),
);

export function parseAnthropicFailure(
  status: number,
  headers: Readonly<Record<string, string | undefined>>,
  body: string,
): ProviderFailure {
  const { type, message } = readError(parseJson(body));
  const kind = KIND_OF_TYPE.get(type) ?? kindOfStatus(status);
  return failure(
    refineKind(kind, message),
    message || `Anthropic answered status ${status}.`,
    retryAfterSeconds(headers),
  );
}

/** `overloaded_error` and its kin inside a stream that began with status 200. */
export function parseAnthropicStreamError(event: unknown): ProviderFailure {
  const { type, message } = readError(event);
  return failure(
    refineKind(KIND_OF_TYPE.get(type) ?? 'unavailable', message),
    message || 'Anthropic broke off its stream with an error.',
  );
}

function readError(body: unknown): { readonly type: string; readonly message: string } {
  const parsed = ErrorBody.safeParse(body);
  if (!parsed.success) return { type: '', message: '' };
  return { type: parsed.data.error.type ?? '', message: parsed.data.error.message ?? '' };
}

/** An empty account and a prompt that is too long both come as a plain invalid_request_error. */
function refineKind(kind: FailureKind, message: string): FailureKind {
  if (kind !== 'badRequest') return kind;
  if (saysContextTooLong(message)) return 'contextTooLong';
  return /credit balance is too low/i.test(message) ? 'rateLimited' : kind;
}
