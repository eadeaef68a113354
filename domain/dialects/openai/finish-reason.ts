/** finish_reason as servers really write it: null and "" while going on, and words of their own at the end. */
import { FINISH_REASONS, type FinishReason } from '#domain/chat/chat-answer.ts';
import type { ProviderFailureCode } from '#domain/failures/failure-codes.ts';
import { textOf } from './wire-values.ts';

const OTHER_WORDS = new Map<string, FinishReason>(
  Object.entries({
    tool_use: 'tool_calls',
    sensitive: 'content_filter',
    recitation: 'content_filter',
  }),
);

/** What a word means that stands in neither table. The first that fits; a cut answer must never look like a whole one. */
const KINDS_OF_WORDS: readonly (readonly [RegExp, FinishReason])[] = [
  [/filter|safety|block|prohibit|guardrail|moderat|refus|toxic|spii|violat/, 'content_filter'],
  [/length|limit|max|context|truncat|incomplete/, 'length'],
  [/tool|function/, 'tool_calls'],
];

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
  return FINISH_REASONS.find((known) => known === reason) ?? otherFinishReason(reason) ?? 'stop';
}

export function breakdownOf(word: unknown): ProviderFailureCode | undefined {
  const reason = textOf(word)?.toLowerCase() ?? '';
  const known = BREAKDOWNS.get(reason);
  if (known !== undefined || otherFinishReason(reason) !== undefined) return known;
  return /error|fail|abort|cancel|interrupt/.test(reason) ? 'unavailable' : undefined;
}

function otherFinishReason(reason: string): FinishReason | undefined {
  return OTHER_WORDS.get(reason) ?? KINDS_OF_WORDS.find(([pattern]) => pattern.test(reason))?.[1];
}

/** Servers say "stop" after tool calls, and "tool_calls" where there are none: what is there decides. */
export function settledFinishReason(told: FinishReason | undefined, toolCalls: number): FinishReason {
  if (told === undefined || told === 'stop' || told === 'tool_calls') {
    return toolCalls > 0 ? 'tool_calls' : 'stop';
  }
  return told;
}
