/** Whole answers and refusals as Anthropic's own clients read them. */
import { parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import type { AnswerChoice, ChatAnswer, FinishReason } from '#domain/chat/chat-answer.ts';
import type { ToolCall } from '#domain/chat/chat-request.ts';
import type { TokenUsage } from '#domain/chat/token-usage.ts';
import { FAILURES } from '#domain/failures/failure-codes.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import type { AnswerAnnotation, AnswerIdentity } from '../dialect.ts';

export function writeAnthropicAnswer(
  answer: ChatAnswer,
  identity: AnswerIdentity,
  annotation?: AnswerAnnotation,
): string {
  const choice = answer.choices[0];
  return JSON.stringify({
    ...messageOf({
      id: answer.id ?? identity.id,
      model: answer.servedModel ?? identity.model,
    }),
    content: choice === undefined ? [] : writeBlocks(choice),
    stop_reason: stopReasonOf(choice?.finishReason ?? 'stop'),
    usage: writeUsage(answer.usage),
    capataz: annotation,
  });
}

/** What a message is before anything of it was said. */
export function messageOf({ id, model }: { readonly id: string; readonly model: string }): object {
  return {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
  };
}

function writeBlocks({
  text,
  reasoning,
  reasoningSignature,
  refusal,
  toolCalls,
}: AnswerChoice): readonly object[] {
  const hasThought = reasoning !== undefined || reasoningSignature !== undefined;
  const thought = { type: 'thinking', thinking: reasoning ?? '', signature: reasoningSignature ?? '' };
  return [
    ...(hasThought ? [thought] : []),
    ...[text, refusal].flatMap((words) => (words ? [{ type: 'text', text: words, citations: null }] : [])),
    ...toolCalls.map(writeToolUse),
  ];
}

function writeToolUse({ id, name, argumentsText }: ToolCall): object {
  return { type: 'tool_use', id, name, input: inputOf(argumentsText) };
}

/** The format has no place for arguments that are no object: they are handed on as what they are. */
function inputOf(argumentsText: string): unknown {
  if (argumentsText.trim() === '') return {};
  const parsed = parseBoundedJson(argumentsText);
  const isObject =
    parsed.ok && typeof parsed.value === 'object' && parsed.value !== null && !Array.isArray(parsed.value);
  return isObject ? parsed.value : { unreadable_arguments: argumentsText };
}

const STOP_REASONS: Readonly<Record<FinishReason, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'refusal',
};

export function stopReasonOf(reason: FinishReason): string {
  return STOP_REASONS[reason];
}

/** The format wants numbers also where the provider told none. */
export function writeUsage(usage: TokenUsage | undefined): object {
  return {
    input_tokens: usage?.inputTokens ?? 0,
    cache_creation_input_tokens: usage?.cacheWriteTokens ?? 0,
    cache_read_input_tokens: usage?.cachedInputTokens ?? 0,
    output_tokens: usage?.outputTokens ?? 0,
    ...(usage?.reasoningTokens !== undefined && {
      output_tokens_details: { thinking_tokens: usage.reasoningTokens },
    }),
  };
}

export function writeAnthropicRefusal({ code, message, param }: Refusal): string {
  const type = code === 'overloaded' ? 'overloaded_error' : FAILURES[code].type;
  return JSON.stringify({
    type: 'error',
    error: { type, message, code, ...(param !== undefined && { param }) },
  });
}
