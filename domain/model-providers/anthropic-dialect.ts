/** Anthropic's Messages API (https://platform.claude.com/docs/en/api/messages) behind the front format. */
import { z } from 'zod';
import {
  AnthropicUsage,
  fromAnthropicUsage,
  fromStopReason,
  parseAnthropicFailure,
} from './anthropic-answer.ts';
import { anthropicChatRequest, anthropicProbeRequest } from './anthropic-request.ts';
import { createAnthropicStreamTranslator } from './anthropic-stream.ts';
import type { AnswerContext, Parsed, ProviderDialect } from './dialect.ts';
import { parseAnswer, refuse } from './malformed-answer.ts';
import type { ChatCompletion, ToolCall } from './openai-chat.ts';
import { toOpenAiUsage } from './openai-usage.ts';
import type { TokenUsage } from './token-usage.ts';

const NO_EMBEDDINGS = 'Anthropic has no embeddings: use a Model of another provider for them.';

export const ANTHROPIC_DIALECT: ProviderDialect = {
  defaultEndpoint: 'https://api.anthropic.com/v1',
  chatRequest: anthropicChatRequest,
  parseChatResponse,
  createStreamTranslator: createAnthropicStreamTranslator,
  embeddingsRequest: () => refuse(NO_EMBEDDINGS),
  parseEmbeddingsResponse: () => refuse(NO_EMBEDDINGS),
  probeRequest: anthropicProbeRequest,
  parseFailure: parseAnthropicFailure,
};

const Block = z.union([
  z.looseObject({ type: z.literal('text'), text: z.string() }),
  z.looseObject({
    type: z.literal('tool_use'),
    id: z.string().min(1),
    name: z.string().min(1),
    input: z.record(z.string(), z.unknown()).nullish(),
  }),
  // Thinking and whatever comes next: passed over, but a broken text or tool call is not let through as one.
  z.looseObject({
    type: z.string().refine((type) => type !== 'text' && type !== 'tool_use', 'block without its fields'),
  }),
]);

const Message = z.looseObject({
  type: z.literal('message'),
  id: z.string().nullish(),
  model: z.string().nullish(),
  content: z.array(Block),
  stop_reason: z.string().min(1),
  stop_details: z.looseObject({ explanation: z.string().nullish() }).nullish(),
  usage: AnthropicUsage.nullish(),
});
type Message = z.infer<typeof Message>;

function parseChatResponse(
  body: unknown,
  context: AnswerContext,
): Parsed<{ readonly completion: ChatCompletion; readonly usage: TokenUsage | undefined }> {
  const answer = parseAnswer('Anthropic', Message, body);
  if (!answer.ok) return answer;
  const message = answer.value;
  const usage = message.usage ? fromAnthropicUsage(message.usage) : undefined;
  const thinkingTokens = message.usage?.output_tokens_details?.thinking_tokens ?? undefined;
  const completion: ChatCompletion = {
    id: message.id || context.id,
    object: 'chat.completion',
    created: context.createdSeconds,
    model: message.model || context.model,
    choices: [toChoice(message)],
    ...(usage && { usage: toOpenAiUsage(usage, thinkingTokens) }),
  };
  return { ok: true, value: { completion, usage } };
}

function toChoice(message: Message): ChatCompletion['choices'][number] {
  const text = message.content
    .map((block) => (block.type === 'text' && typeof block['text'] === 'string' ? block['text'] : ''))
    .join('');
  const toolCalls = message.content.flatMap(toToolCall);
  const finishReason = fromStopReason(message.stop_reason);
  const refusal = finishReason === 'content_filter' ? message.stop_details?.explanation : undefined;
  return {
    index: 0,
    message: {
      role: 'assistant',
      content: text === '' && toolCalls.length > 0 ? null : text,
      ...(refusal && { refusal }),
      ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
    },
    finish_reason: finishReason,
  };
}

function toToolCall(block: z.infer<typeof Block>): readonly ToolCall[] {
  if (block.type !== 'tool_use') return [];
  const { id, name, input } = block;
  if (typeof id !== 'string' || typeof name !== 'string') return [];
  return [{ id, type: 'function', function: { name, arguments: JSON.stringify(input ?? {}) } }];
}
