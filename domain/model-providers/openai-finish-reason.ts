/** finish_reason as servers really write it: null and "" while going on, and words of their own at the end. */
import { FINISH_REASONS, type FinishReason } from './openai-chat.ts';

const OTHER_WORDS = new Map<string, FinishReason>(
  Object.entries({
    function_call: 'tool_calls',
    tool_use: 'tool_calls',
    max_tokens: 'length',
    model_length: 'length',
    safety: 'content_filter',
  }),
);

/** Undefined while the answer goes on. */
export function finishReasonOf(word: string | null | undefined): FinishReason | undefined {
  if (word === null || word === undefined || word === '') return undefined;
  return FINISH_REASONS.find((reason) => reason === word) ?? OTHER_WORDS.get(word.toLowerCase()) ?? 'stop';
}
