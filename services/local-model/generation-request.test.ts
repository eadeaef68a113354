import { describe, expect, it } from 'vitest';
import { OPENAI_FRONT } from '#domain/dialects/openai/front.ts';
import { type Generation, toGeneration } from './generation-request.ts';
import { type LocalRefusal, type Understood, understood } from './refusals.ts';

/** Of a request as it comes from the wire. */
function mapped(more: Record<string, unknown>): Understood<Generation> {
  const body = { model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...more };
  const chat = understood(OPENAI_FRONT.readChatRequest(body));
  return chat.ok ? toGeneration(chat.value, 100) : chat;
}

function asked(more: Record<string, unknown>): Generation['request'] {
  const result = mapped(more);
  if (!result.ok) throw new Error(result.refusal.message);
  return result.value.request;
}

function refusal(more: Record<string, unknown>): LocalRefusal | undefined {
  const result = mapped(more);
  return result.ok ? undefined : result.refusal;
}

describe('a chat request', () => {
  it('gets the defaults of the model for what it does not say', () => {
    expect(asked({})).toEqual({
      turns: [{ role: 'user', text: 'Hi' }],
      maximumOutputTokens: 100,
      temperature: 0.2,
      topP: 0.9,
      frequencyPenalty: 0,
      presencePenalty: 0,
      stopSequences: [],
    });
  });

  it('takes max_completion_tokens before the older max_tokens', () => {
    expect(asked({ max_tokens: 5, max_completion_tokens: 7 }).maximumOutputTokens).toBe(7);
  });

  it.each([
    [0, 0],
    [-1, 4_294_967_295],
    [4_294_967_296 + 5, 5],
  ])('makes 32 bits of the seed %d', (seed, expected) => {
    expect(asked({ seed }).seed).toBe(expected);
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
    expect(asked({ messages }).turns).toEqual([
      { role: 'system', text: 'Be brief.' },
      { role: 'user', text: 'a\nb' },
      { role: 'assistant', text: '' },
    ]);
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
    expect(asked({ ...nulls, messages: [{ role: 'user', content: 'Hi' }, message] })).toMatchObject({
      turns: [{ text: 'Hi' }, { text: '' }],
      maximumOutputTokens: 100,
    });
  });

  it('reads the parts of an answer that a client sends back', () => {
    const content = [
      { type: 'output_text', text: 'a' },
      { type: 'refusal', refusal: 'b' },
    ];
    expect(asked({ messages: [{ role: 'assistant', content }] }).turns[0]?.text).toBe('a\nb');
    const refused = { role: 'assistant', content: null, refusal: 'No.' };
    expect(asked({ messages: [refused] }).turns[0]?.text).toBe('No.');
  });

  it('takes a top_p of 0 as the least there is', () => {
    expect(asked({ top_p: 0 }).topP).toBe(0.001);
  });

  it.each([
    [5, 5],
    [0, 0],
    [-1, 0],
  ])('takes a top_k of %d as %d, where 0 is no limit', (top_k, expected) => {
    expect(asked({ top_k }).topK).toBe(expected);
  });

  it('asks for JSON as response_format says', () => {
    const schema = { type: 'boolean' };
    const response_format = { type: 'json_schema', json_schema: { name: 'x', schema } };
    expect(asked({ response_format }).json).toEqual({ schema });
    expect(asked({ response_format: { type: 'json_object' } }).json).toEqual({ schema: undefined });
    expect(asked({ response_format: { type: 'text' } })).not.toHaveProperty('json');
  });

  it.each([
    ['tools', { tools: [{ type: 'function', function: { name: 'f' } }] }],
    ['n', { n: 2 }],
    ['logprobs', { logprobs: true }],
    ['logit_bias', { logit_bias: { '5': 1 } }],
    ['audio', { audio: { voice: 'alloy' } }],
    ['guided_regex', { guided_regex: '[ab]' }],
    ['constructor', { constructor: 'x' }],
  ])('is refused when it asks for %s, which this server cannot give', (param, more) => {
    const told = refusal(more);
    expect(told).toMatchObject({ code: 'unsupported', param });
    expect(told?.message).toMatch(/leave/);
  });

  it('may say with fields unknown to this model what has no effect on the answer', () => {
    expect(
      mapped({ logprobs: false, top_logprobs: 0, logit_bias: {}, store: true, metadata: { a: 'b' } }).ok,
    ).toBe(true);
  });

  it.each([
    ['temperature', { temperature: 2.1 }],
    ['top_p', { top_p: 1.1 }],
    ['top_k', { top_k: -2 }],
    ['frequency_penalty', { frequency_penalty: -3 }],
    ['presence_penalty', { presence_penalty: 3 }],
    ['stop', { stop: '' }],
    ['stop', { stop: ['a', 'b'.repeat(257)] }],
    ['stop', { stop: Array.from({ length: 17 }, () => 'a') }],
    ['messages', { messages: [] }],
    ['model', { model: 5 }],
  ])('is refused with the name of %s when that is out of its bounds', (param, more) => {
    expect(refusal(more)).toMatchObject({ code: 'invalid_request', param });
  });

  it('may describe tools that it forbids to call', () => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    expect(mapped({ tools, tool_choice: 'none' }).ok).toBe(true);
  });

  it.each([
    ['tool result', { role: 'tool', content: 'x', tool_call_id: '1' }, 'messages.1'],
    [
      'tool call',
      { role: 'assistant', tool_calls: [{ id: '1', type: 'function', function: { name: 'f' } }] },
      'messages.1',
    ],
    [
      'picture',
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
        ],
      },
      'messages.1.content.1',
    ],
    [
      'sound',
      { role: 'user', content: [{ type: 'input_audio', input_audio: { data: '', format: 'wav' } }] },
      'messages.1.content.0',
    ],
  ])('is refused when it contains a %s, with the place of it', (_, message, param) => {
    expect(refusal({ messages: [{ role: 'user', content: 'a' }, message] })).toMatchObject({
      code: 'unsupported',
      param,
    });
  });

  it('is refused with the fault of its schema', () => {
    const response_format = {
      type: 'json_schema',
      json_schema: { name: 'x', schema: { type: 'object', requried: [] } },
    };
    expect(refusal({ response_format })).toMatchObject({
      code: 'invalid_request',
      param: 'response_format.json_schema.schema',
      message: expect.stringContaining('requried') as string,
    });
  });
});
