/** This format for the laws that hold for all providers. */
import type { ProviderFixtures } from '../wire-fixtures/provider-fixtures.ts';
import {
  ANTHROPIC_MESSAGE,
  ANTHROPIC_TEXT_STREAM,
  ANTHROPIC_TOOL_EVENTS,
} from '../wire-fixtures/anthropic.ts';

export const FIXTURES: { readonly Anthropic: ProviderFixtures } = {
  Anthropic: {
    model: 'claude-sonnet-4-5',
    answer: ANTHROPIC_MESSAGE,
    events: ANTHROPIC_TOOL_EVENTS,
    textStream: ANTHROPIC_TEXT_STREAM,
    finishField: 'stop_reason',
    refusal: (message, status) => ({
      type: 'error',
      error: { type: status === 403 ? 'permission_error' : 'invalid_request_error', message },
    }),
    answerOf: (elements) => `{"content":${elements}}`,
    embeddingsOf: (elements) => `{"data":[{"embedding":${elements}}]}`,
    toolCallEvent: (index) => ({
      type: 'content_block_start',
      index,
      content_block: { type: 'tool_use', name: 'x' },
    }),
  },
};
