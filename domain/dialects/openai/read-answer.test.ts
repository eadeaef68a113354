import { describe, expect, it } from 'vitest';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import { OPENAI_COMPLETION, OPENAI_EMBEDDINGS, OPENAI_TOOL_COMPLETION } from '../wire-fixtures/openai.ts';
import { OPENAI_COMPATIBLE_PROVIDER, OPENAI_PROVIDER } from './provider.ts';

const HELLO: ChatRequest = {
  model: 'auto',
  messages: [{ role: 'user', content: 'Hello' }],
  tools: [],
  sampling: {},
};

const read = (body: unknown, request = HELLO) =>
  OPENAI_COMPATIBLE_PROVIDER.readChatAnswer(JSON.stringify(body) ?? '', request);

function choiceOf(message: unknown, more: object = {}, request = HELLO) {
  const answer = read({ choices: [{ message, ...more }] }, request);
  if (!answer.ok) throw new Error(answer.failure.message);
  return answer.value.choices[0];
}

function usageOf(usage: unknown, place: object = { usage }) {
  const answer = read({ choices: [{ message: { content: 'x' } }], ...place });
  return answer.ok ? answer.value.usage : undefined;
}

describe('a whole answer of OpenAI', () => {
  it('is read with its identity, its own fields and its usage in disjoint classes', () => {
    const answer = OPENAI_PROVIDER.readChatAnswer(JSON.stringify(OPENAI_COMPLETION), HELLO);
    expect(answer).toEqual({
      ok: true,
      value: {
        id: 'chatcmpl-CnQ4xT1',
        createdSeconds: 1_795_000_000,
        servedModel: 'gpt-5-2025-08-07',
        fingerprint: 'fp_44709d6fcb',
        choices: [
          {
            index: 0,
            text: 'Nasáu — 🌴 ok',
            toolCalls: [],
            finishReason: 'stop',
            extensions: { dialect: 'openai', fields: { message: { annotations: [] } } },
          },
        ],
        // 1,200 of input hold 1,024 from the cache and 100 into it; 350 of output hold the 256 of reasoning.
        usage: {
          inputTokens: 76,
          cachedInputTokens: 1024,
          cacheWriteTokens: 100,
          outputTokens: 350,
          reasoningTokens: 256,
        },
        extensions: {
          dialect: 'openai',
          fields: { service_tier: 'default', system_fingerprint: 'fp_44709d6fcb' },
        },
      },
    });
  });

  it('tells parallel tool calls', () => {
    expect(read(OPENAI_TOOL_COMPLETION)).toMatchObject({
      value: {
        choices: [
          {
            text: null,
            toolCalls: [
              { id: 'call_a1', name: 'weather', argumentsText: '{"city":"Köln"}' },
              { id: 'call_a2', name: 'now', argumentsText: '{}' },
            ],
            finishReason: 'tool_calls',
          },
        ],
      },
    });
  });
});

describe('a whole answer of another server', () => {
  it('may think aloud before its JSON', () => {
    const content =
      '<think>\nThe mail wants money. Probably {"category":"ham"}? No.\n</think>\n\n{"category":"spam"}';
    expect(choiceOf({ role: 'assistant', content })).toMatchObject({
      text: '{"category":"spam"}',
      reasoning: 'The mail wants money. Probably {"category":"ham"}? No.',
    });
    const format = { kind: 'jsonObject' } as const;
    const templated = choiceOf({ content: 'Money.</think>{"category":"spam"}' }, {}, { ...HELLO, format });
    expect(templated).toMatchObject({ text: '{"category":"spam"}', reasoning: 'Money.' });
    expect(choiceOf({ content: '<think>endless' }, { finish_reason: 'length' })).toMatchObject({
      text: null,
      reasoning: 'endless',
      finishReason: 'length',
    });
  });

  it.each([
    [{ reasoning_content: 'hm', content: 'x' }],
    [{ reasoning: 'hm', content: 'x' }],
    [{ thinking: 'hm', content: 'x' }],
    [{ reasoning: 'hm', reasoning_details: [{ type: 'reasoning.text', text: 'hm' }], content: 'x' }],
    [
      {
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
          { type: 'text', text: 'x' },
        ],
      },
    ],
    [{ content: [{ type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] }, { text: 'x' }] }],
  ])('tells its reasoning apart from its text in %j', (message) => {
    expect(choiceOf(message)).toMatchObject({ text: 'x', reasoning: 'hm' });
  });

  it.each([
    [['a', { type: 'text', text: 'b' }, { type: 'reference', reference_ids: [1] }, null], 'ab'],
    [[{ type: 'output_text', text: { value: 'a' } }], 'a'],
    [{ type: 'text', text: 'a' }, 'a'],
    [{ category: 'spam' }, '{"category":"spam"}'],
    [[], null],
    [null, null],
    ['', ''],
  ])('says %j in parts, and they are one text', (content, text) => {
    expect(choiceOf({ content })?.text).toBe(text);
  });

  it.each([
    [[{ id: 'c', function: { name: 'now', arguments: '{"a":1}' } }]],
    [[{ id: 'c', type: 'function', function: { name: 'now', arguments: { a: 1 } } }]],
    [[{ id: 'c', index: 0, function: { name: 'now', parameters: { a: 1 } } }]],
    [[{ id: 'c', name: 'now', arguments: { a: 1 } }]],
    [{ id: 'c', function: { name: 'now', arguments: '{"a":1}' } }],
  ])('makes a tool call of %j', (calls) => {
    expect(choiceOf({ tool_calls: calls }, { finish_reason: 'stop' })).toMatchObject({
      toolCalls: [{ id: 'c', name: 'now', argumentsText: '{"a":1}' }],
      finishReason: 'tool_calls',
    });
  });

  it('may forget ids, arguments and the finish reason, or use the retired form of a call', () => {
    const calls = [{ function: { name: 'now' } }, { id: '', function: { name: 'now', arguments: null } }];
    expect(choiceOf({ content: null, tool_calls: calls }, { finish_reason: '' })).toMatchObject({
      toolCalls: [
        { id: 'call_1_0_0', name: 'now', argumentsText: '{}' },
        { id: 'call_1_0_1', name: 'now', argumentsText: '{}' },
      ],
      finishReason: 'tool_calls',
    });
    const retired = { function_call: { name: 'now', arguments: '{}' } };
    expect(choiceOf(retired, { finish_reason: 'function_call' })).toMatchObject({
      toolCalls: [{ id: 'call_1_0_0', name: 'now' }],
      finishReason: 'tool_calls',
    });
  });

  it('may give one id to all its calls: the second gets one of its own', () => {
    const call = (index: number) => ({ index, id: 'call', function: { name: 'now', arguments: '{}' } });
    expect(choiceOf({ tool_calls: [call(0), call(1)] })?.toolCalls.map(({ id }) => id)).toEqual([
      'call',
      'call_1_0_1',
    ]);
  });

  it('gives back the names that the provider could not take', () => {
    const request = { ...HELLO, tools: [{ name: 'calendar.respondToEvent' }] };
    const calls = [{ id: 'c', function: { name: 'calendar_respondToEvent', arguments: '{}' } }];
    expect(choiceOf({ tool_calls: calls }, {}, request)?.toolCalls[0]?.name).toBe('calendar.respondToEvent');
  });

  it('with nulls in every place is the plain answer that it is', () => {
    const body = {
      id: null,
      created: null,
      model: null,
      usage: null,
      error: null,
      choices: [
        {
          index: null,
          logprobs: null,
          finish_reason: null,
          message: {
            role: null,
            content: 'x',
            refusal: null,
            tool_calls: null,
            function_call: null,
            reasoning_content: null,
            reasoning: null,
            audio: null,
          },
        },
      ],
    };
    expect(read(body)).toEqual({
      ok: true,
      value: { choices: [{ index: 0, text: 'x', toolCalls: [], finishReason: 'stop' }] },
    });
  });

  it.each([
    [null, 'stop'],
    ['', 'stop'],
    [undefined, 'stop'],
    ['eos', 'stop'],
    ['STOP', 'stop'],
    ['tool_calls', 'stop'],
    ['max_tokens', 'length'],
    ['MAX_TOKENS', 'length'],
    ['content_filter', 'content_filter'],
  ])('ends text with the finish reason %j, which means %s', (word, expected) => {
    expect(choiceOf({ content: 'x' }, { finish_reason: word })?.finishReason).toBe(expected);
  });

  it.each([
    ['nothing', undefined],
    ['a page of HTML', '<html>'],
    ['no choices', { ...OPENAI_COMPLETION, choices: [] }],
    ['choices that are no list', { ...OPENAI_COMPLETION, choices: 'none' }],
    ['content of the wrong type', { choices: [{ message: { content: 7 } }] }],
    ['no message', { choices: [{ finish_reason: 'stop' }] }],
    ['a tool call without a name', { choices: [{ message: { tool_calls: [{ id: 'c' }] } }] }],
  ])('is malformed when there is %s, and says so in one sentence', (_what, body) => {
    const answer = read(body);
    expect(answer).toMatchObject({ ok: false, failure: { code: 'answer_malformed' } });
    expect(answer.ok ? '' : answer.failure.message).toMatch(/^[A-Z][^\n]*\.$/);
  });

  it('that nests deeper than any stack is malformed, not a crash', () => {
    const deep = '['.repeat(50_000) + ']'.repeat(50_000);
    const call = `{"function":{"name":"now","arguments":${deep}}}`;
    const body = `{"choices":[{"message":{"tool_calls":[${call}]}}]}`;
    expect(OPENAI_COMPATIBLE_PROVIDER.readChatAnswer(body, HELLO)).toMatchObject({
      ok: false,
      failure: { code: 'answer_malformed' },
    });
  });
});

describe('an error in an answer with status 200', () => {
  it.each([
    [{ error: { message: 'The limit of requests is reached', code: 429 }, user_id: 'x' }, 'rate_limited'],
    [{ error: { message: 'x', code: '429' } }, 'rate_limited'],
    [{ error: { message: 'x', code: 'insufficient_quota' } }, 'rate_limited'],
    [{ error: 'boom' }, 'unavailable'],
    [{ error: { message: 'x', type: 'invalid_request_error' } }, 'request_refused'],
    [
      { object: 'error', message: 'too long for the maximum context', type: 'BadRequestError', code: 400 },
      'context_length_exceeded',
    ],
    [{ detail: 'Model is loading' }, 'unavailable'],
    [{ detail: [{ loc: ['body'], msg: 'wrong', type: 'value_error' }] }, 'unavailable'],
    [{ errors: [{ code: 500, message: 'x' }], success: false }, 'unavailable'],
    [{ base_resp: { status_code: 1002, status_msg: 'rate limit' }, choices: null }, 'rate_limited'],
    [
      { choices: [{ error: { code: 502, message: 'x' }, finish_reason: 'error', message: {} }] },
      'unavailable',
    ],
    [{ choices: [{ message: { content: 'half' }, finish_reason: 'error' }] }, 'unavailable'],
    [
      { choices: [{ message: { content: 'half' }, finish_reason: 'insufficient_system_resource' }] },
      'overloaded',
    ],
    [[{ error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } }], 'overloaded'],
  ])('%j is the failure that it tells of', (body, code) => {
    expect(read(body)).toMatchObject({ ok: false, failure: { code } });
  });

  it("keeps the provider's sentence, and the usage that was told", () => {
    const body = {
      error: { message: 'The limit of requests is reached', code: 429 },
      usage: { prompt_tokens: 7, completion_tokens: 0 },
    };
    expect(read(body)).toMatchObject({
      failure: { message: 'The limit of requests is reached' },
      usage: { inputTokens: 7 },
    });
  });
});

describe('the usage of an answer', () => {
  const input = { inputTokens: 10, cachedInputTokens: 0, cacheWriteTokens: 0 };

  it.each([
    [
      'reasoning within the completion',
      {
        prompt_tokens: 10,
        completion_tokens: 20,
        total_tokens: 30,
        completion_tokens_details: { reasoning_tokens: 5 },
      },
      20,
      5,
    ],
    [
      'reasoning beside it, by the total',
      {
        prompt_tokens: 10,
        completion_tokens: 20,
        total_tokens: 35,
        completion_tokens_details: { reasoning_tokens: 5 },
      },
      25,
      5,
    ],
    [
      'more reasoning than completion',
      { prompt_tokens: 10, completion_tokens: 2, completion_tokens_details: { reasoning_tokens: 5 } },
      7,
      5,
    ],
    [
      'reasoning in the total only',
      { prompt_tokens: 10, completion_tokens: 20, total_tokens: 35 },
      35 - 10,
      5,
    ],
    ['a total that says less', { prompt_tokens: 10, completion_tokens: 20, total_tokens: 1 }, 20, undefined],
    ['numbers as text', { prompt_tokens: '10', completion_tokens: '20', total_tokens: '30' }, 20, undefined],
    ['other names', { input_tokens: 10, output_tokens: 20 }, 20, undefined],
    [
      'no completion',
      { prompt_tokens: 10, completion_tokens: null, prompt_tokens_details: null },
      0,
      undefined,
    ],
  ])('with %s counts each token once', (_what, usage, outputTokens, reasoningTokens) => {
    expect(usageOf(usage)).toEqual({
      ...input,
      outputTokens,
      ...(reasoningTokens !== undefined && { reasoningTokens }),
    });
  });

  it('is found where servers put it', () => {
    const usage = { prompt_tokens: 10, completion_tokens: 20 };
    expect(usageOf(usage, { x_groq: { usage } })).toEqual({ ...input, outputTokens: 20 });
    expect(usageOf(usage, { choices: [{ message: { content: 'x' }, usage }] })).toMatchObject(input);
    const deepSeek = { prompt_tokens: 10, completion_tokens: 20, prompt_cache_hit_tokens: 4 };
    expect(usageOf(deepSeek)).toMatchObject({ inputTokens: 6, cachedInputTokens: 4 });
  });

  it('takes more cached tokens than tokens of the prompt for tokens beside it, and never makes input negative', () => {
    const usage = { prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 99 } };
    expect(usageOf(usage)).toMatchObject({ inputTokens: 10, cachedInputTokens: 99 });
  });

  it.each([{ prompt_tokens: -1 }, { prompt_tokens: 1.5 }, { prompt_tokens: 'many' }, 'none', {}])(
    'that reads %j was not told, and the answer is an answer all the same',
    (usage) => {
      expect(read({ choices: [{ message: { content: 'x' } }], usage })).toEqual({
        ok: true,
        value: { choices: [{ index: 0, text: 'x', toolCalls: [], finishReason: 'stop' }] },
      });
    },
  );
});

describe('an answer of embeddings', () => {
  const request = {
    model: 'auto',
    inputs: { kind: 'texts', texts: ['a', 'b'] },
    encoding: 'float',
  } as const;
  const embeddings = (body: unknown, encoding: 'float' | 'base64' = 'float') =>
    OPENAI_COMPATIBLE_PROVIDER.readEmbeddingsAnswer(JSON.stringify(body), { ...request, encoding });

  it('stands in the order of the inputs, in the encoding that was asked for', () => {
    const body = { ...OPENAI_EMBEDDINGS, data: OPENAI_EMBEDDINGS.data.toReversed() };
    expect(embeddings(body)).toMatchObject({
      value: {
        servedModel: 'text-embedding-3-small',
        vectors: [
          [0.5, -0.25, 1],
          [0, 0.125, -1],
        ],
        usage: { inputTokens: 8, outputTokens: 0 },
      },
    });
    expect(embeddings(body, 'base64')).toMatchObject({
      value: { vectors: ['AAAAPwAAgL4AAIA/', 'AAAAAAAAAD4AAIC/'] },
    });
  });

  it.each([
    [{ data: [] }],
    [{ data: [{ embedding: [1] }] }],
    [
      {
        data: [
          { index: 1, embedding: [1] },
          { index: 1, embedding: [1] },
        ],
      },
    ],
    [
      {
        data: [
          { index: 0, embedding: [1] },
          { index: 4e15, embedding: [1] },
        ],
      },
    ],
    [{ data: [{ embedding: ['x'] }, { embedding: [1] }] }],
    [{ data: [{ embedding: 'AAA' }, { embedding: 'AAA' }] }],
  ])('that reads %j is malformed', (body) => {
    expect(embeddings(body)).toMatchObject({ ok: false, failure: { code: 'answer_malformed' } });
  });

  it('that is an error is that failure', () => {
    expect(embeddings({ error: { message: 'slow down', code: 429 } })).toMatchObject({
      failure: { code: 'rate_limited', message: 'slow down' },
    });
  });
});
