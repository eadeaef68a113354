/** Whole answers, embeddings and refusals in OpenAI's format, as its official clients read them. */
import type { AnswerChoice, ChatAnswer } from '#domain/chat/chat-answer.ts';
import type { ToolCall } from '#domain/chat/chat-request.ts';
import type { EmbeddingsAnswer } from '#domain/chat/embeddings.ts';
import { totalInputTokens } from '#domain/chat/token-usage.ts';
import { FAILURES } from '#domain/failures/failure-codes.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import type { AnswerAnnotation, AnswerIdentity } from '../dialect.ts';
import { ownFieldsOf } from './extensions.ts';
import { openAiUsageOf } from './usage.ts';
import { given } from './wire-values.ts';

export function writeOpenAiAnswer(
  answer: ChatAnswer,
  identity: AnswerIdentity,
  annotation?: AnswerAnnotation,
): string {
  return JSON.stringify({
    ...ownFieldsOf(answer.extensions),
    id: answer.id ?? identity.id,
    object: 'chat.completion',
    created: answer.createdSeconds ?? identity.createdSeconds,
    model: answer.servedModel ?? identity.model,
    choices: answer.choices.map(writeChoice),
    ...(answer.usage !== undefined && { usage: openAiUsageOf(answer.usage) }),
    capataz: annotation,
  });
}

function writeChoice({
  index,
  text,
  reasoning,
  reasoningSignature,
  refusal,
  toolCalls,
  finishReason,
  extensions,
}: AnswerChoice): object {
  const { message, ...own } = ownFieldsOf(extensions);
  return {
    ...own,
    index,
    message: {
      ...(message as object | undefined),
      role: 'assistant',
      content: text,
      refusal: refusal ?? null,
      ...given({ reasoning_content: reasoning, reasoning_signature: reasoningSignature }),
      ...(toolCalls.length > 0 && { tool_calls: toolCalls.map(writeToolCall) }),
    },
    finish_reason: finishReason,
  };
}

function writeToolCall({ id, name, argumentsText, signature }: ToolCall): object {
  return {
    id,
    type: 'function',
    function: { name, arguments: argumentsText },
    ...signatureField(signature),
  };
}

/** Where Google's own endpoint in this format puts it, so that clients send it back untouched. */
export function signatureField(signature: string | undefined): object {
  return signature === undefined ? {} : { extra_content: { google: { thought_signature: signature } } };
}

export function writeOpenAiEmbeddings(
  { servedModel, vectors, usage }: EmbeddingsAnswer,
  identity: AnswerIdentity,
  annotation?: AnswerAnnotation,
): string {
  const tokens = usage && totalInputTokens(usage);
  return JSON.stringify({
    object: 'list',
    model: servedModel ?? identity.model,
    data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
    ...(tokens !== undefined && { usage: { prompt_tokens: tokens, total_tokens: tokens } }),
    capataz: annotation,
  });
}

/** https://platform.openai.com/docs/guides/error-codes */
export function writeOpenAiRefusal({ code, message, param }: Refusal): string {
  return JSON.stringify({ error: { message, type: FAILURES[code].type, param: param ?? null, code } });
}
