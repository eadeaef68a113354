/** Anthropic's whole answer, and what servers that only nearly speak its format write in its place. */
import { z } from 'zod';
import { parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import type { ChatAnswer } from '#domain/chat/chat-answer.ts';
import type { ChatRequest, ToolCall } from '#domain/chat/chat-request.ts';
import { MOST_BLOCKS, MOST_TOOL_CALLS, TOO_MANY_TOOL_CALLS } from '../answer-limits.ts';
import type { Read } from '../dialect.ts';
import { malformed, parseAnswer } from '../malformed-answer.ts';
import { toolNamesOf } from '../tool-names.ts';
import { readAnthropicError } from './read-failure.ts';
import { AnthropicUsage, fromAnthropicUsage, fromStopReason } from './read-usage.ts';
import { type ThoughtBlock, carryThought } from './thought.ts';
import { ANTHROPIC_TOOL_NAMES } from './write-tools.ts';

const Text = z.string().nullish().catch(undefined);

/** Blocks of a kind that is not known here say nothing; a tool call without a name is not let through as one. */
const Block = z
  .looseObject({
    type: z.string(),
    text: Text,
    thinking: Text,
    signature: Text,
    data: Text,
    id: Text,
    name: Text,
    input: z.unknown().optional(),
  })
  .refine(({ type, name }) => type !== 'tool_use' || Boolean(name), 'a tool call without a name');
type Block = z.infer<typeof Block>;

const Message = z.looseObject({
  id: Text,
  model: Text,
  content: z.array(Block).max(MOST_BLOCKS).nullish(),
  stop_reason: Text,
  stop_details: z.looseObject({ explanation: Text }).nullish().catch(undefined),
  usage: AnthropicUsage.nullish().catch(undefined),
});
type Message = z.infer<typeof Message>;

export function readAnthropicChatAnswer(body: string, request: ChatRequest): Read<ChatAnswer> {
  const json = parseBoundedJson(body);
  if (!json.ok) return malformed(`The answer of Anthropic ${json.message}.`);
  const failure = readAnthropicError(json.value);
  if (failure !== undefined) return { ok: false, failure };
  const parsed = parseAnswer(Message, json.value);
  if (!parsed.ok) return withUsage(parsed, json.value);
  const message = parsed.value;
  const blocks = message.content ?? [];
  const usage = fromAnthropicUsage(message.usage);
  if (blocks.filter(({ type }) => type === 'tool_use').length > MOST_TOOL_CALLS) {
    return malformed(TOO_MANY_TOOL_CALLS, usage);
  }
  if (blocks.length === 0 && !message.stop_reason) {
    return malformed('The answer of Anthropic has neither content nor a stop reason.', usage);
  }
  return {
    ok: true,
    value: {
      ...(message.id && { id: message.id }),
      ...(message.model && { servedModel: message.model }),
      choices: [choiceOf(message, blocks, request)],
      ...(usage && { usage }),
    },
  };
}

/** What was billed is billed, also for an answer that cannot be read. */
function withUsage<Answer extends Read<never>>(answer: Answer, body: unknown): Answer {
  const usage = fromAnthropicUsage(z.looseObject({ usage: AnthropicUsage }).safeParse(body).data?.usage);
  return usage === undefined ? answer : { ...answer, usage };
}

function choiceOf(
  message: Message,
  blocks: readonly Block[],
  request: ChatRequest,
): ChatAnswer['choices'][number] {
  const names = toolNamesOf(request, ANTHROPIC_TOOL_NAMES);
  const toolCalls = blocks
    .filter(({ type }) => type === 'tool_use')
    .map((block, position): ToolCall => {
      return {
        id: block.id || `${message.id || 'call'}-${position}`,
        name: names.fromProvider(block.name ?? ''),
        argumentsText: argumentsText(block.input),
      };
    });
  const text = blocks.map((block) => (block.type === 'text' ? (block.text ?? '') : '')).join('');
  const thought = blocks.flatMap(thoughtBlockOf);
  const reasoning = thought.map(({ thinking }) => thinking ?? '').join('');
  const signature = carryThought(thought, message.model || undefined);
  const finishReason = fromStopReason(message.stop_reason, toolCalls.length > 0);
  const refusal = finishReason === 'content_filter' ? message.stop_details?.explanation : undefined;
  return {
    index: 0,
    text: text === '' && toolCalls.length > 0 ? null : text,
    ...(reasoning !== '' && { reasoning }),
    ...(signature !== undefined && { reasoningSignature: signature }),
    ...(refusal && { refusal }),
    toolCalls,
    finishReason,
  };
}

/** An object by the book; some servers write its text. */
export function argumentsText(input: unknown): string {
  return typeof input === 'string' ? input || '{}' : JSON.stringify(input ?? {});
}

export function thoughtBlockOf({ type, thinking, signature, data }: Block): readonly ThoughtBlock[] {
  if (type === 'redacted_thinking') return data ? [{ data }] : [];
  if (type !== 'thinking') return [];
  return [{ thinking: thinking ?? '', ...(signature && { signature }) }];
}
