/** Bodies as Anthropic writes them, made up by hand after its reference; the official client reads them in the tests. */
import { namedEvents } from './server-sent-events.ts';

const usage = {
  input_tokens: 12,
  cache_creation_input_tokens: 2000,
  cache_read_input_tokens: 100_000,
  cache_creation: { ephemeral_5m_input_tokens: 2000, ephemeral_1h_input_tokens: 0 },
  inference_geo: 'global',
  output_tokens_details: null,
  server_tool_use: null,
  service_tier: 'standard',
  speed: null,
};
const common = {
  type: 'message',
  role: 'assistant',
  container: null,
  diagnostics: null,
  stop_details: null,
  stop_sequence: null,
};

export const ANTHROPIC_MESSAGE = {
  ...common,
  id: 'msg_01XFDUDYJgAACzvnptvVoYEL',
  model: 'claude-sonnet-4-5-20250929',
  content: [{ type: 'text', text: 'Nasáu — 🌴 ok', citations: null }],
  stop_reason: 'end_turn',
  usage: { ...usage, output_tokens: 300 },
};

export const ANTHROPIC_TOOL_MESSAGE = {
  ...common,
  id: 'msg_01Aq9w938a90dw8q',
  model: 'claude-sonnet-5-5',
  content: [
    { type: 'thinking', thinking: '', signature: 'EqQBCgIYAhIM1gbcDa9GJwZA2b3h' },
    { type: 'text', text: 'I look at both.', citations: null },
    {
      type: 'tool_use',
      id: 'toolu_01A',
      name: 'weather',
      input: { city: 'Köln' },
      caller: { type: 'direct' },
    },
    { type: 'tool_use', id: 'toolu_01B', name: 'now', input: {}, caller: { type: 'direct' } },
  ],
  stop_reason: 'tool_use',
  usage: { ...usage, output_tokens: 80, output_tokens_details: { thinking_tokens: 33 } },
};

const start = (model: string): { readonly type: string } & Record<string, unknown> => ({
  type: 'message_start',
  message: {
    ...common,
    id: 'msg_stream',
    model,
    content: [],
    stop_reason: null,
    usage: { ...usage, output_tokens: 1 },
  },
});
const stopped = (
  stopReason: string,
  outputTokens: number,
): { readonly type: string } & Record<string, unknown> => ({
  type: 'message_delta',
  delta: { stop_reason: stopReason, stop_sequence: null, stop_details: null, container: null },
  usage: {
    input_tokens: 12,
    cache_creation_input_tokens: 2000,
    cache_read_input_tokens: 100_000,
    output_tokens: outputTokens,
    output_tokens_details: { thinking_tokens: 7 },
    server_tool_use: null,
  },
});

export const ANTHROPIC_TEXT_EVENTS: readonly ({ readonly type: string } & Record<string, unknown>)[] = [
  start('claude-sonnet-4-5-20250929'),
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '', citations: null } },
  { type: 'ping' },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hola, ' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'señor 👩‍🚀' } },
  { type: 'content_block_stop', index: 0 },
  stopped('end_turn', 15),
  { type: 'message_stop' },
];
export const ANTHROPIC_TEXT_STREAM = namedEvents(ANTHROPIC_TEXT_EVENTS);

export const ANTHROPIC_TOOL_EVENTS: readonly ({ readonly type: string } & Record<string, unknown>)[] = [
  start('claude-sonnet-5-5'),
  { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Both, then.' } },
  {
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'signature_delta', signature: 'EqQBCgIYAhIM1gbc' },
  },
  { type: 'content_block_stop', index: 0 },
  {
    type: 'content_block_start',
    index: 1,
    content_block: {
      type: 'tool_use',
      id: 'toolu_01A',
      name: 'weather',
      input: {},
      caller: { type: 'direct' },
    },
  },
  { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '' } },
  { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"city"' } },
  { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: ': "Köln"}' } },
  { type: 'content_block_stop', index: 1 },
  {
    type: 'content_block_start',
    index: 2,
    content_block: { type: 'tool_use', id: 'toolu_01B', name: 'now', input: {}, caller: { type: 'direct' } },
  },
  { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '' } },
  { type: 'content_block_stop', index: 2 },
  stopped('tool_use', 89),
  { type: 'message_stop' },
];
export const ANTHROPIC_TOOL_STREAM = namedEvents(ANTHROPIC_TOOL_EVENTS);

export const ANTHROPIC_OVERLOADED_EVENT = {
  type: 'error',
  error: { type: 'overloaded_error', message: 'Overloaded' },
  request_id: 'req_011CSHoEeqs5C35K2UUqR7Fy',
};
