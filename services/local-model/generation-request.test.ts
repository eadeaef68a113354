import { describe, expect, it } from 'vitest';
import { LocalChatRequest, toGenerationRequest } from './generation-request.ts';

function mapped(more: Record<string, unknown>): ReturnType<typeof toGenerationRequest> {
  const body = { model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...more };
  return toGenerationRequest(LocalChatRequest.parse(body), 100);
}

function refusal(more: Record<string, unknown>): unknown {
  const result = mapped(more);
  return result.ok ? undefined : result.error.error;
}

describe('a chat request', () => {
  it('gets the defaults of the model for what it does not say', () => {
    expect(mapped({})).toEqual({
      ok: true,
      request: {
        turns: [{ role: 'user', text: 'Hi' }],
        maximumOutputTokens: 100,
        temperature: 0.2,
        topP: 0.9,
        frequencyPenalty: 0,
        presencePenalty: 0,
        stopSequences: [],
      },
    });
  });

  it('takes max_completion_tokens before the older max_tokens', () => {
    expect(mapped({ max_tokens: 5, max_completion_tokens: 7 })).toMatchObject({
      request: { maximumOutputTokens: 7 },
    });
  });

  it.each([
    [0, 0],
    [-1, 4_294_967_295],
    [4_294_967_296 + 5, 5],
  ])('makes 32 bits of the seed %d', (seed, expected) => {
    expect(mapped({ seed })).toMatchObject({ request: { seed: expected } });
  });

  it('joins text parts and takes developer messages as system messages', () => {
    const messages = [
      { role: 'developer', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
      { role: 'assistant', content: null },
    ];
    expect(mapped({ messages })).toMatchObject({
      request: {
        turns: [
          { role: 'system', text: 'Be brief.' },
          { role: 'user', text: 'a\nb' },
          { role: 'assistant', text: '' },
        ],
      },
    });
  });

  it('takes null for every optional field', () => {
    const fields = [
      'stream',
      'stream_options',
      'temperature',
      'top_p',
      'max_tokens',
      'max_completion_tokens',
      'stop',
      'seed',
      'frequency_penalty',
      'presence_penalty',
      'response_format',
      'tools',
      'tool_choice',
      'parallel_tool_calls',
      'functions',
      'function_call',
      'n',
      'logprobs',
      'top_logprobs',
      'logit_bias',
      'user',
    ];
    const message = {
      role: 'assistant',
      content: null,
      name: null,
      tool_calls: null,
      tool_call_id: null,
      refusal: null,
    };
    const nulls = Object.fromEntries(fields.map((field) => [field, null]));
    expect(mapped({ ...nulls, messages: [{ role: 'user', content: 'Hi' }, message] })).toMatchObject({
      ok: true,
      request: { turns: [{ text: 'Hi' }, { text: '' }], maximumOutputTokens: 100 },
    });
  });

  it('reads the parts of an answer that a client sends back', () => {
    const content = [
      { type: 'output_text', text: 'a' },
      { type: 'refusal', refusal: 'b' },
    ];
    expect(mapped({ messages: [{ role: 'assistant', content }] })).toMatchObject({
      request: { turns: [{ text: 'a\nb' }] },
    });
  });

  it('takes a top_p of 0 as the least there is', () => {
    expect(mapped({ top_p: 0 })).toMatchObject({ request: { topP: 0.001 } });
  });

  it('asks for JSON as response_format says', () => {
    const schema = { type: 'boolean' };
    const response_format = { type: 'json_schema', json_schema: { name: 'x', schema } };
    expect(mapped({ response_format })).toMatchObject({ request: { json: { schema } } });
    expect(mapped({ response_format: { type: 'json_object' } })).toMatchObject({ request: { json: {} } });
    expect(mapped({ response_format: { type: 'text' } })).not.toHaveProperty('request.json');
  });

  it.each([
    ['tools', { tools: [{ type: 'function', function: { name: 'f' } }] }],
    ['n', { n: 2 }],
    ['logprobs', { logprobs: true }],
    ['logit_bias', { logit_bias: { '5': 1 } }],
  ])('is refused when it asks for %s, which this server cannot give', (param, more) => {
    expect(refusal(more)).toMatchObject({ code: 'unsupported_parameter', param });
  });

  it('may describe tools that it forbids to call', () => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    expect(mapped({ tools, tool_choice: 'none' }).ok).toBe(true);
  });

  it.each([
    ['tool result', { role: 'tool', content: 'x', tool_call_id: '1' }],
    ['picture', { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:,' } }] }],
  ])('is refused when it contains a %s, with the place of the message', (_, message) => {
    expect(refusal({ messages: [{ role: 'user', content: 'a' }, message] })).toMatchObject({
      param: 'messages[1]',
    });
  });

  it('is refused with the fault of its schema', () => {
    const response_format = {
      type: 'json_schema',
      json_schema: { name: 'x', schema: { type: 'object', requried: [] } },
    };
    expect(refusal({ response_format })).toMatchObject({
      message: expect.stringContaining('requried') as string,
    });
  });
});
