/** Gemini's generateContent (https://ai.google.dev/api/generate-content) behind the front format. */
import { z } from 'zod';
import type { AnswerContext, EmbeddingsContext, Parsed, ProviderDialect } from './dialect.ts';
import { encodeEmbedding } from './embedding-encoding.ts';
import { GenerateContentAnswer, fromUsageMetadata, readCandidate, readEnding } from './gemini-answer.ts';
import { parseGeminiFailure } from './gemini-failure.ts';
import { geminiChatRequest, geminiEmbeddingsRequest, geminiProbeRequest } from './gemini-request.ts';
import { createGeminiStreamTranslator } from './gemini-stream.ts';
import { parseAnswer, refuse } from './malformed-answer.ts';
import type { ChatCompletion, EmbeddingsResponse } from './openai-chat.ts';
import { toOpenAiUsage } from './openai-usage.ts';
import type { TokenUsage } from './token-usage.ts';

export const GEMINI_DIALECT: ProviderDialect = {
  // Google's clients of November 2026 moved on to v1, which lacks many previews and the -latest names; v1beta has
  // all of them. Who wants the promise of stability names .../v1 as the endpoint of the Model.
  defaultEndpoint: 'https://generativelanguage.googleapis.com/v1beta',
  chatRequest: geminiChatRequest,
  parseChatResponse,
  createStreamTranslator: createGeminiStreamTranslator,
  embeddingsRequest: geminiEmbeddingsRequest,
  parseEmbeddingsResponse,
  probeRequest: geminiProbeRequest,
  parseFailure: parseGeminiFailure,
};

function parseChatResponse(
  body: unknown,
  context: AnswerContext,
): Parsed<{ readonly completion: ChatCompletion; readonly usage: TokenUsage | undefined }> {
  const parsed = parseAnswer('Gemini', GenerateContentAnswer, body);
  if (!parsed.ok) return parsed;
  const answer = parsed.value;
  const metadata = answer.usageMetadata;
  const usage = metadata ? fromUsageMetadata(metadata) : undefined;
  let unnamed = 0;
  const { text, toolCalls } = readCandidate(answer, () => `${context.id}-${unnamed++}`);
  const ending = readEnding(answer, toolCalls.length > 0);
  if (ending.kind !== 'finished') {
    const problem =
      ending.kind === 'broken'
        ? ending.problem
        : 'The answer of Gemini has no candidate with a finishReason.';
    return { ...refuse(problem), ...(usage && { usage }) };
  }
  const completion: ChatCompletion = {
    id: answer.responseId || context.id,
    object: 'chat.completion',
    created: context.createdSeconds,
    model: answer.modelVersion || context.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text === '' && toolCalls.length > 0 ? null : text,
          ...(ending.refusal !== undefined && { refusal: ending.refusal }),
          ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
        },
        finish_reason: ending.reason,
      },
    ],
    ...(usage && { usage: toOpenAiUsage(usage, metadata?.thoughtsTokenCount ?? undefined) }),
  };
  return { ok: true, value: { completion, usage } };
}

const EmbeddingsAnswer = z.looseObject({
  embeddings: z.array(z.looseObject({ values: z.array(z.number()).min(1) })).min(1),
  usageMetadata: z.looseObject({ promptTokenCount: z.int().nonnegative().nullish() }).nullish(),
});

function parseEmbeddingsResponse(
  body: unknown,
  context: EmbeddingsContext,
): Parsed<{ readonly response: EmbeddingsResponse; readonly usage: TokenUsage | undefined }> {
  const parsed = parseAnswer('Gemini', EmbeddingsAnswer, body);
  if (!parsed.ok) return parsed;
  const { embeddings, usageMetadata } = parsed.value;
  const usage = usageMetadata ? fromUsageMetadata(usageMetadata) : undefined;
  const response: EmbeddingsResponse = {
    object: 'list',
    model: context.model,
    data: embeddings.map(({ values }, index) => ({
      object: 'embedding',
      index,
      embedding: encodeEmbedding(values, context.encodingFormat),
    })),
    ...(usage && { usage: { prompt_tokens: usage.inputTokens, total_tokens: usage.inputTokens } }),
  };
  return { ok: true, value: { response, usage } };
}
