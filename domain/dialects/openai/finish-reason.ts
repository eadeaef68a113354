/** finish_reason as servers really write it: null and "" while going on, and words of their own at the end. */
import { FINISH_REASONS, type FinishReason } from '#domain/chat/chat-answer.ts';
import type { ProviderFailureCode } from '#domain/failures/failure-codes.ts';
import { textOf } from './wire-values.ts';

const OTHER_WORDS = new Map<string, FinishReason>(
  Object.entries({
    function_call: 'tool_calls',
    tool_call: 'tool_calls',
    tool_use: 'tool_calls',
    max_tokens: 'length',
    max_output_tokens: 'length',
    model_length: 'length',
    safety: 'content_filter',
    sensitive: 'content_filter',
    recitation: 'content_filter',
  }),
);

/** Words with which a server says that it gave up: what it has written is not the answer. */
const BREAKDOWNS = new Map<string, ProviderFailureCode>(
  Object.entries({
    error: 'unavailable',
    failed: 'unavailable',
    network_error: 'unavailable',
    abort: 'unavailable',
    aborted: 'unavailable',
    cancelled: 'unavailable',
    insufficient_system_resource: 'overloaded',
  }),
);

/** Undefined while the answer goes on. */
export function finishReasonOf(word: unknown): FinishReason | undefined {
  const reason = textOf(word)?.toLowerCase();
  if (reason === undefined) return undefined;
  return FINISH_REASONS.find((known) => known === reason) ?? OTHER_WORDS.get(reason) ?? 'stop';
}

export function breakdownOf(word: unknown): ProviderFailureCode | undefined {
  return BREAKDOWNS.get(textOf(word)?.toLowerCase() ?? '');
}

/** Servers say "stop" after tool calls, and "tool_calls" where there are none: what is there decides. */
export function settledFinishReason(told: FinishReason | undefined, toolCalls: number): FinishReason {
  if (told === undefined || told === 'stop' || told === 'tool_calls') {
    return toolCalls > 0 ? 'tool_calls' : 'stop';
  }
  return told;
}
