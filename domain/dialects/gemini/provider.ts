/** Gemini's generateContent and batchEmbedContents (https://ai.google.dev/api) as a provider. */
import type { ProviderDialect } from '../dialect.ts';
import { readGeminiEmbeddingsAnswer, writeGeminiEmbeddingsRequest } from './embeddings.ts';
import { readGeminiChatAnswer } from './read-answer.ts';
import { readGeminiFailure } from './read-failure.ts';
import { createGeminiStreamReader } from './read-stream.ts';
import { writeGeminiProbeRequest } from './wire-request.ts';
import { writeGeminiChatRequest } from './write-request.ts';

export const GEMINI_PROVIDER: ProviderDialect = {
  name: 'gemini',
  // Google's clients of November 2026 moved on to v1, which lacks many previews and the -latest names; v1beta has
  // all of them. Who wants the promise of stability names .../v1 as the endpoint of the Model.
  defaultEndpoint: 'https://generativelanguage.googleapis.com/v1beta',
  writeChatRequest: writeGeminiChatRequest,
  readChatAnswer: readGeminiChatAnswer,
  createStreamReader: createGeminiStreamReader,
  writeEmbeddingsRequest: writeGeminiEmbeddingsRequest,
  readEmbeddingsAnswer: readGeminiEmbeddingsAnswer,
  writeProbeRequest: writeGeminiProbeRequest,
  readFailure: readGeminiFailure,
};
