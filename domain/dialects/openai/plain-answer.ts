/**
 * The shortest way for the most frequent whole answer: plain text in the caller's own format needs no translation, so it is
 * checked by hand and passed on as it came, with the router's annotation before its last brace. Whatever is not plainly such
 * an answer takes the long way, which decides what it is worth.
 */
import { FINISH_REASONS } from '#domain/chat/chat-answer.ts';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import type { TokenUsage } from '#domain/chat/token-usage.ts';
import type { AnswerAnnotation } from '../dialect.ts';
import { tokenUsageOf } from './usage.ts';
import { countOf } from '../count.ts';
import { isObject } from './wire-values.ts';
import { beginsWithText } from './written-thought.ts';

/** It is parsed without a bound on its values: a longer one goes the way that counts them first. */
const LONGEST_PLAIN_CHARACTERS = 500_000;

/** The usage of a plain answer, or undefined when the answer is not plain. */
export function readPlainAnswer(
  body: string,
  request: ChatRequest,
): { readonly usage: TokenUsage } | undefined {
  if (body.length > LONGEST_PLAIN_CHARACTERS) return undefined;
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (!isObject(answer) || answer['object'] !== 'chat.completion') return undefined;
  if ('capataz' in answer || 'error' in answer || 'x_groq' in answer) return undefined;
  if (!isName(answer['id']) || !isName(answer['model']) || typeof answer['created'] !== 'number') {
    return undefined;
  }
  const { choices } = answer;
  const isPlain =
    Array.isArray(choices) && choices.length === 1 && isPlainChoice(choices[0], request.format !== undefined);
  const usage = isPlain ? soundUsage(answer['usage']) : undefined;
  return usage && { usage };
}

/** The answer's text with one more field. `body` must be the JSON of an object that has fields. */
export function annotatePlainAnswer(body: string, annotation: AnswerAnnotation): string {
  return `${body.slice(0, body.lastIndexOf('}'))},"capataz":${JSON.stringify(annotation)}}`;
}

function isPlainChoice(choice: unknown, expectsJson: boolean): boolean {
  if (!isObject(choice) || choice['index'] !== 0 || 'error' in choice || 'usage' in choice) return false;
  const { message, finish_reason: finishReason } = choice;
  if (finishReason === 'tool_calls' || !FINISH_REASONS.some((reason) => reason === finishReason))
    return false;
  if (!isObject(message) || message['role'] !== 'assistant') return false;
  const { content } = message;
  if (typeof content !== 'string' || !beginsWithText(content, expectsJson)) return false;
  return !['tool_calls', 'function_call', 'reasoning', 'thinking'].some((field) => Boolean(message[field]));
}

/** Only what OpenAI's own classes tell without a doubt, so that the caller reads what is charged. */
function soundUsage(usage: unknown): TokenUsage | undefined {
  if (!isObject(usage)) return undefined;
  const { prompt_tokens: input, completion_tokens: output, total_tokens: total } = usage;
  if (typeof input !== 'number' || typeof output !== 'number' || total !== input + output) return undefined;
  return countOf(input) === undefined || countOf(output) === undefined ? undefined : tokenUsageOf(usage);
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
