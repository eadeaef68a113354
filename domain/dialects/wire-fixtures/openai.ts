/** Bodies as OpenAI writes them, made up by hand after its reference; the official client reads them in the tests. */
import { dataEvents } from './server-sent-events.ts';

export const OPENAI_COMPLETION = {
  id: 'chatcmpl-CnQ4xT1',
  object: 'chat.completion',
  created: 1_795_000_000,
  model: 'gpt-5-2025-08-07',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'Nasáu — 🌴 ok', refusal: null, annotations: [] },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage: {
    prompt_tokens: 1200,
    completion_tokens: 350,
    total_tokens: 1550,
    prompt_tokens_details: { cached_tokens: 1024, audio_tokens: 0, cache_write_tokens: 100 },
    completion_tokens_details: {
      reasoning_tokens: 256,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  },
  service_tier: 'default',
  system_fingerprint: 'fp_44709d6fcb',
};

export const OPENAI_TOOL_COMPLETION = {
  id: 'chatcmpl-CnQ5aB2',
  object: 'chat.completion',
  created: 1_795_000_001,
  model: 'gpt-5-2025-08-07',
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content: null,
        refusal: null,
        tool_calls: [
          { id: 'call_a1', type: 'function', function: { name: 'weather', arguments: '{"city":"Köln"}' } },
          { id: 'call_a2', type: 'function', function: { name: 'now', arguments: '{}' } },
        ],
      },
      logprobs: null,
      finish_reason: 'tool_calls',
    },
  ],
  usage: { prompt_tokens: 80, completion_tokens: 40, total_tokens: 120 },
};

const chunk = (choices: readonly unknown[], more: object = {}): object => ({
  id: 'chatcmpl-S1',
  object: 'chat.completion.chunk',
  created: 1_795_000_002,
  model: 'gpt-5-2025-08-07',
  service_tier: 'default',
  system_fingerprint: 'fp_44709d6fcb',
  choices,
  usage: null,
  obfuscation: 'qPz3Jt',
  ...more,
});
const delta = (delta: object, finishReason: string | null = null): object =>
  chunk([{ index: 0, delta, logprobs: null, finish_reason: finishReason }]);
const usage = chunk([], {
  usage: {
    prompt_tokens: 30,
    completion_tokens: 12,
    total_tokens: 42,
    prompt_tokens_details: { cached_tokens: 20, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 5, audio_tokens: 0 },
  },
});

export const OPENAI_TEXT_EVENTS: readonly unknown[] = [
  delta({ role: 'assistant', content: '', refusal: null }),
  delta({ content: 'Hola, ' }),
  delta({ content: 'señor 👩‍🚀' }),
  delta({}, 'stop'),
  usage,
  '[DONE]',
];
export const OPENAI_TEXT_STREAM = dataEvents(OPENAI_TEXT_EVENTS);

export const OPENAI_TOOL_EVENTS: readonly unknown[] = [
  delta({
    role: 'assistant',
    content: null,
    refusal: null,
    tool_calls: [{ index: 0, id: 'call_a1', type: 'function', function: { name: 'weather', arguments: '' } }],
  }),
  delta({ tool_calls: [{ index: 0, function: { arguments: '{"city"' } }] }),
  delta({ tool_calls: [{ index: 0, function: { arguments: ':"Köln"}' } }] }),
  delta({
    tool_calls: [{ index: 1, id: 'call_a2', type: 'function', function: { name: 'now', arguments: '' } }],
  }),
  delta({ tool_calls: [{ index: 1, function: { arguments: '{}' } }] }),
  delta({}, 'tool_calls'),
  usage,
  '[DONE]',
];
export const OPENAI_TOOL_STREAM = dataEvents(OPENAI_TOOL_EVENTS);

export const OPENAI_EMBEDDINGS = {
  object: 'list',
  data: [
    { object: 'embedding', index: 0, embedding: [0.5, -0.25, 1] },
    { object: 'embedding', index: 1, embedding: [0, 0.125, -1] },
  ],
  model: 'text-embedding-3-small',
  usage: { prompt_tokens: 8, total_tokens: 8 },
};
