/** This format for the laws that hold for all providers. */
import type { ProviderFixtures } from '../wire-fixtures/provider-fixtures.ts';
import { GEMINI_TEXT_STREAM, GEMINI_TOOL_ANSWER, GEMINI_TOOL_EVENTS } from '../wire-fixtures/gemini.ts';

export const FIXTURES: { readonly Gemini: ProviderFixtures } = {
  Gemini: {
    model: 'gemini-2.5-flash',
    answer: GEMINI_TOOL_ANSWER,
    events: GEMINI_TOOL_EVENTS as object[],
    textStream: GEMINI_TEXT_STREAM,
    finishField: 'finishReason',
    refusal: (message, code) => ({
      error: { code, message, status: code === 403 ? 'PERMISSION_DENIED' : 'FAILED_PRECONDITION' },
    }),
    answerOf: (elements) => `{"candidates":[{"content":{"parts":${elements}}}]}`,
    embeddingsOf: (elements) => `{"embeddings":[{"values":${elements}}]}`,
    toolCallEvent: () => ({ candidates: [{ content: { parts: [{ functionCall: { name: 'x' } }] } }] }),
  },
};
