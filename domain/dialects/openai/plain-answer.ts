/**
 * The shortest way for the most frequent whole answer: plain text in the caller's own format needs no translation, so it is
 * checked by hand and passed on as it came, with the router's annotation before its last brace. Whatever is not plainly such
 * an answer takes the long way, which decides what it is worth.
 */
import { FINISH_REASONS, type FinishReason } from '#domain/chat/chat-answer.ts';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import type { TokenUsage } from '#domain/chat/token-usage.ts';
import type { AnswerAnnotation, PlainAnswer } from '../dialect.ts';
import { tokenUsageOf } from './usage.ts';
import { countOf } from '../count.ts';
import { servedByOf } from './served-by.ts';
import { type WireObject, isObject } from './wire-values.ts';
import { beginsWithText } from './written-thought.ts';

/** It is parsed without a bound on its values: a longer one goes the way that counts them first. */
const LONGEST_PLAIN_CHARACTERS = 500_000;

/** What is to be known of a plain answer, or undefined when the answer is not plain. */
export function readPlainAnswer(body: string, request: ChatRequest): PlainAnswer | undefined {
  if (body.length > LONGEST_PLAIN_CHARACTERS) return undefined;
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (!isObject(answer) || !isWhole(answer)) return undefined;
  const finishReason = plainFinish(answer['choices'], request.format !== undefined);
  const usage = finishReason && soundUsage(answer['usage']);
  return finishReason && usage && { usage, finishReason, ...servedByOf(answer) };
}

function isWhole(answer: WireObject): boolean {
  if (answer['object'] !== 'chat.completion') return false;
  if ('capataz' in answer || 'error' in answer || 'x_groq' in answer) return false;
  return isName(answer['id']) && isName(answer['model']) && typeof answer['created'] === 'number';
}

/** The answer's text with one more field. `body` must be the JSON of an object that has fields. */
export function annotatePlainAnswer(body: string, annotation: AnswerAnnotation): string {
  return `${body.slice(0, body.lastIndexOf('}'))},"capataz":${JSON.stringify(annotation)}}`;
}

/** Why the only choice ended; undefined when there are others or it is not plain. */
function plainFinish(choices: unknown, expectsJson: boolean): FinishReason | undefined {
  if (!Array.isArray(choices) || choices.length !== 1) return undefined;
  const choice: unknown = choices[0];
  if (!isObject(choice) || choice['index'] !== 0 || 'error' in choice || 'usage' in choice) return undefined;
  const { message } = choice;
  const finishReason = FINISH_REASONS.find((reason) => reason === choice['finish_reason']);
  if (finishReason === 'tool_calls' || !isObject(message) || message['role'] !== 'assistant')
    return undefined;
  const { content } = message;
  if (typeof content !== 'string' || !beginsWithText(content, expectsJson)) return undefined;
  const saysMore = ['tool_calls', 'function_call', 'reasoning', 'thinking'].some((field) =>
    Boolean(message[field]),
  );
  return saysMore ? undefined : finishReason;
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
