/**
 * OpenAI (https://platform.openai.com/docs/api-reference/chat) and the servers that speak its format: vLLM,
 * llama.cpp, Ollama, our own local model. Answers pass through with their unknown fields; what we rely on is checked.
 */
import { z } from 'zod';
import type { AnswerContext, EmbeddingsContext, Parsed, ProviderDialect } from './dialect.ts';
import { encodeEmbedding, isBase64Embedding } from './embedding-encoding.ts';
import { parseAnswer } from './malformed-answer.ts';
import type { ChatCompletion, EmbeddingsResponse, ToolCall } from './openai-chat.ts';
import { parseOpenAiFailure } from './openai-failure.ts';
import { finishReasonOf } from './openai-finish-reason.ts';
import {
  type OpenAiFlavour,
  openAiChatRequest,
  openAiEmbeddingsRequest,
  openAiProbeRequest,
} from './openai-request.ts';
import { createOpenAiStreamTranslator } from './openai-stream.ts';
import { OpenAiUsageAnswer, fromOpenAiUsage, reportedUsage } from './openai-usage.ts';
import type { TokenUsage } from './token-usage.ts';

export const OPENAI_DIALECT: ProviderDialect = openAiDialect('OpenAI', 'https://api.openai.com/v1');
export const OPENAI_COMPATIBLE_DIALECT: ProviderDialect = openAiDialect('OpenAICompatible');

function openAiDialect(flavour: OpenAiFlavour, defaultEndpoint?: string): ProviderDialect {
  return {
    ...(defaultEndpoint !== undefined && { defaultEndpoint }),
    chatRequest: (request, target) => openAiChatRequest(flavour, request, target),
    parseChatResponse,
    createStreamTranslator: createOpenAiStreamTranslator,
    embeddingsRequest: openAiEmbeddingsRequest,
    parseEmbeddingsResponse,
    probeRequest: openAiProbeRequest,
    parseFailure: parseOpenAiFailure,
  };
}

/** Servers leave out ids, types, or arguments of calls without any. */
const AnsweredToolCall = z.looseObject({
  id: z.string().nullish(),
  function: z.looseObject({ name: z.string().min(1), arguments: z.string().nullish() }),
});

const AnsweredChoice = z.looseObject({
  index: z.int().nonnegative().nullish(),
  message: z.looseObject({
    content: z.string().nullish(),
    refusal: z.string().nullish(),
    tool_calls: z.array(AnsweredToolCall).nullish(),
  }),
  finish_reason: z.string().nullish(),
});

const ChatAnswer = z.looseObject({
  id: z.string().nullish(),
  created: z.number().nullish(),
  model: z.string().nullish(),
  choices: z.array(AnsweredChoice).min(1),
  usage: OpenAiUsageAnswer.nullish(),
});

function parseChatResponse(
  body: unknown,
  context: AnswerContext,
): Parsed<{ readonly completion: ChatCompletion; readonly usage: TokenUsage | undefined }> {
  const answer = parseAnswer('the provider', ChatAnswer, body);
  if (!answer.ok) return answer;
  const { usage: answeredUsage, choices, ...rest } = answer.value;
  const completion: ChatCompletion = {
    ...rest,
    id: rest.id || context.id,
    object: 'chat.completion',
    created: rest.created ?? context.createdSeconds,
    model: rest.model || context.model,
    choices: choices.map((choice, position) => completeChoice(choice, position, context)),
    ...(answeredUsage && { usage: reportedUsage(answeredUsage) }),
  };
  return {
    ok: true,
    value: { completion, usage: answeredUsage ? fromOpenAiUsage(answeredUsage) : undefined },
  };
}

function completeChoice(
  choice: z.infer<typeof AnsweredChoice>,
  position: number,
  context: AnswerContext,
): ChatCompletion['choices'][number] {
  const { tool_calls: calls, role: _role, content, refusal, ...message } = choice.message;
  const toolCalls = (calls ?? []).map((call, place) => completeToolCall(call, `${context.id}-${place}`));
  return {
    ...choice,
    index: choice.index ?? position,
    message: {
      ...message,
      role: 'assistant',
      content: content ?? null,
      ...(refusal !== undefined && { refusal }),
      ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
    },
    finish_reason: finishReasonOf(choice.finish_reason) ?? (toolCalls.length > 0 ? 'tool_calls' : 'stop'),
  };
}

function completeToolCall(call: z.infer<typeof AnsweredToolCall>, ownId: string): ToolCall {
  return {
    ...call,
    id: call.id || ownId,
    type: 'function',
    function: { ...call.function, arguments: call.function.arguments || '{}' },
  };
}

const EmbeddingsAnswer = z.looseObject({
  model: z.string().nullish(),
  data: z
    .array(
      z.looseObject({
        index: z.int().nonnegative().nullish(),
        embedding: z.union([
          z.array(z.number()).min(1),
          z.string().refine(isBase64Embedding, 'not base64 of 32-bit floats'),
        ]),
      }),
    )
    .min(1),
  usage: OpenAiUsageAnswer.nullish(),
});

function parseEmbeddingsResponse(
  body: unknown,
  context: EmbeddingsContext,
): Parsed<{ readonly response: EmbeddingsResponse; readonly usage: TokenUsage | undefined }> {
  const answer = parseAnswer('the provider', EmbeddingsAnswer, body);
  if (!answer.ok) return answer;
  const { model, data, usage } = answer.value;
  const response: EmbeddingsResponse = {
    object: 'list',
    model: model || context.model,
    data: data.map(({ index, embedding }, position) => ({
      object: 'embedding',
      index: index ?? position,
      embedding: encodeEmbedding(embedding, context.encodingFormat),
    })),
    ...(usage && { usage: { prompt_tokens: usage.prompt_tokens, total_tokens: usage.prompt_tokens } }),
  };
  return { ok: true, value: { response, usage: usage ? fromOpenAiUsage(usage) : undefined } };
}
