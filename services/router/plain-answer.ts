/**
 * The shortest way for the most frequent whole answer: plain text in the front's own format needs no translation, so it
 * is checked by hand and passed on as it came, with the router's annotation before its last brace. Whatever is not
 * plainly such an answer takes the long way through the dialect, which decides what it is worth.
 */
import type { RouterAnnotation } from '#domain/model-providers/openai-chat.ts';
import { FINISH_REASONS } from '#domain/model-providers/openai-chat.ts';
import { OpenAiUsageAnswer, fromOpenAiUsage } from '#domain/model-providers/openai-usage.ts';
import type { TokenUsage } from '#domain/model-providers/token-usage.ts';

/** The usage of a plain answer, or undefined when the answer is not plain. */
export function usageOfPlainAnswer(answer: unknown): TokenUsage | undefined {
  if (
    !isRecord(answer) ||
    answer['object'] !== 'chat.completion' ||
    'capataz' in answer ||
    'error' in answer
  ) {
    return undefined;
  }
  if (!isName(answer['id']) || !isName(answer['model']) || typeof answer['created'] !== 'number')
    return undefined;
  const { choices } = answer;
  if (!Array.isArray(choices) || choices.length !== 1 || !isPlainChoice(choices[0])) return undefined;
  return usageOf(answer['usage']);
}

/** The answer's text with one more field. `text` must be the JSON of an object that has fields. */
export function annotate(text: string, annotation: RouterAnnotation): string {
  return `${text.slice(0, text.lastIndexOf('}'))},"capataz":${JSON.stringify(annotation)}}`;
}

function isPlainChoice(choice: unknown): boolean {
  if (!isRecord(choice) || choice['index'] !== 0) return false;
  const { message, finish_reason: finishReason } = choice;
  if (!FINISH_REASONS.some((reason) => reason === finishReason) || finishReason === 'tool_calls')
    return false;
  return (
    isRecord(message) &&
    message['role'] === 'assistant' &&
    typeof message['content'] === 'string' &&
    (message['tool_calls'] === undefined || message['tool_calls'] === null)
  );
}

function usageOf(usage: unknown): TokenUsage | undefined {
  if (!isRecord(usage)) return undefined;
  const { prompt_tokens: input, completion_tokens: output, total_tokens: total } = usage;
  if (
    isCount(input) &&
    isCount(output) &&
    total === input + output &&
    usage['prompt_tokens_details'] === undefined
  ) {
    return { inputTokens: input, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: output };
  }
  const parsed = OpenAiUsageAnswer.safeParse(usage);
  return parsed.success && isCount(output) && isCount(total) ? fromOpenAiUsage(parsed.data) : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
