/** This format for the laws that hold for all providers. */
import type { ProviderFixtures } from '../wire-fixtures/provider-fixtures.ts';
import { OPENAI_TEXT_STREAM, OPENAI_TOOL_COMPLETION, OPENAI_TOOL_EVENTS } from '../wire-fixtures/openai.ts';

const SHARED: Omit<ProviderFixtures, 'model' | 'refusal'> = {
  answer: OPENAI_TOOL_COMPLETION,
  events: OPENAI_TOOL_EVENTS.filter((event) => typeof event === 'object') as object[],
  textStream: OPENAI_TEXT_STREAM,
  finishField: 'finish_reason',
  answerOf: (elements) => `{"choices":${elements}}`,
  embeddingsOf: (elements) => `{"data":[{"embedding":${elements}}]}`,
  toolCallEvent: (index) => ({
    choices: [{ index: 0, delta: { tool_calls: [{ index, id: `c${index}`, function: { name: 'x' } }] } }],
  }),
};

export const FIXTURES: Readonly<Record<'OpenAI' | 'OpenAICompatible', ProviderFixtures>> = {
  OpenAI: {
    ...SHARED,
    model: 'gpt-4.1',
    refusal: (message) => ({ error: { message, type: null, code: null } }),
  },
  OpenAICompatible: {
    ...SHARED,
    model: 'local',
    refusal: (message, code) => ({ error: { message, code } }),
    passesSchemasOn: true,
  },
};
