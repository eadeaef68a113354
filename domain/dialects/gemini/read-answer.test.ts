import { describe, expect, it } from 'vitest';
import type { ChatMessage, ChatRequest } from '#domain/chat/chat-request.ts';
import type { EmbeddingsRequest } from '#domain/chat/embeddings.ts';
import { GEMINI_ANSWER, GEMINI_EMBEDDINGS, GEMINI_TOOL_ANSWER } from '../wire-fixtures/gemini.ts';
import { GEMINI_PROVIDER } from './provider.ts';

const HELLO: ChatRequest = {
  model: 'auto',
  messages: [{ role: 'user', content: 'Hello' }],
  tools: [],
  sampling: {},
};
const TARGET = {
  endpoint: 'https://generativelanguage.googleapis.com/v1beta',
  model: 'gemini-3.1-pro-preview',
};
const read = (body: unknown, request = HELLO) =>
  GEMINI_PROVIDER.readChatAnswer(typeof body === 'string' ? body : JSON.stringify(body), request);

function choiceOf(body: unknown, request = HELLO) {
  const answer = read(body, request);
  if (!answer.ok) throw new Error(answer.failure.message);
  return answer.value.choices[0];
}

const saying = (fields: object, ...parts: readonly object[]): object => ({
  candidates: [{ content: { parts }, ...fields }],
});

describe('an answer of Gemini', () => {
  it('counts thoughts as output and cached tokens once', () => {
    expect(read(GEMINI_ANSWER)).toEqual({
      ok: true,
      value: {
        id: 'mK8RacmbGPu5mtkP',
        servedModel: 'gemini-3.1-pro-preview',
        choices: [
          {
            index: 0,
            text: 'Nasáu — 🌴 ok',
            toolCalls: [],
            finishReason: 'stop',
            extensions: { dialect: 'gemini', fields: { thoughtSignature: 'EhkKFwEBDXqv' } },
          },
        ],
        usage: {
          inputTokens: 176,
          cachedInputTokens: 1024,
          cacheWriteTokens: 0,
          outputTokens: 350,
          reasoningTokens: 300,
        },
      },
    });
  });

  it('tells parallel tool calls with their ids and the signature, and thoughts apart', () => {
    expect(choiceOf(GEMINI_TOOL_ANSWER)).toEqual({
      index: 0,
      text: null,
      reasoning: 'Two things to look up.',
      toolCalls: [
        { id: 'fc_1', name: 'weather', argumentsText: '{"city":"Köln"}', signature: 'Eq0KCqoKAb4+9vtA' },
        { id: 'fc_2', name: 'now', argumentsText: '{}' },
      ],
      finishReason: 'tool_calls',
    });
  });

  it('goes back to Gemini as it came, signature included', () => {
    const choice = choiceOf(GEMINI_TOOL_ANSWER);
    const messages: ChatMessage[] = [
      ...HELLO.messages,
      { role: 'assistant', content: null, toolCalls: choice?.toolCalls ?? [] },
    ];
    const written = GEMINI_PROVIDER.writeChatRequest({ ...HELLO, messages }, TARGET);
    const { contents } = JSON.parse((written.ok && written.value.body) || '{}') as { contents: unknown[] };
    expect(contents[1]).toEqual({
      role: 'model',
      parts: GEMINI_TOOL_ANSWER.candidates[0]?.content.parts.slice(1),
    });
  });

  it('calls tools by the names of the caller, and names the calls of models that give no ids', () => {
    const body = saying(
      { finishReason: 'STOP' },
      { functionCall: { name: '_1st' } },
      { functionCall: { name: 'b', args: null } },
    );
    const request = { ...HELLO, tools: [{ name: '1st' }] };
    expect(choiceOf(body, request)?.toolCalls).toEqual([
      { id: 'call-0', name: '1st', argumentsText: '{}' },
      { id: 'call-1', name: 'b', argumentsText: '{}' },
    ]);
    expect(choiceOf({ ...body, responseId: 'r' })?.toolCalls[1]?.id).toBe('r-1');
  });

  it.each([
    ['STOP', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content_filter'],
    ['RECITATION', 'content_filter'],
    ['PROHIBITED_CONTENT', 'content_filter'],
    ['SPII', 'content_filter'],
    ['SOMETHING_NEW', 'content_filter'],
    [null, 'stop'],
    ['FINISH_REASON_UNSPECIFIED', 'stop'],
  ])('with the finish reason %s finishes by %s', (finishReason, expected) => {
    expect(choiceOf(saying({ finishReason }, { text: 'x' }))?.finishReason).toBe(expected);
  });

  it('tells that the prompt was blocked', () => {
    const body = { promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 9 } };
    expect(choiceOf(body)).toMatchObject({
      text: '',
      refusal: 'Gemini blocked the prompt (SAFETY).',
      finishReason: 'content_filter',
    });
    expect(read(body)).toMatchObject({ value: { usage: { inputTokens: 9, outputTokens: 0 } } });
  });

  it.each([
    [{ candidates: [{ content: {}, finishReason: 'MALFORMED_FUNCTION_CALL' }] }, 'answer_malformed'],
    [{ candidates: [{ finishReason: 'UNEXPECTED_TOOL_CALL' }] }, 'answer_malformed'],
    [{ candidates: [{ content: { parts: 'x' } }] }, 'answer_malformed'],
    [{ candidates: [] }, 'answer_malformed'],
    [{ error: { code: 503, status: 'UNAVAILABLE', message: 'The model is overloaded.' } }, 'overloaded'],
  ])('is useless but billed when it is %j', (body, code) => {
    const usageMetadata = { promptTokenCount: 9, thoughtsTokenCount: 4 };
    expect(read({ ...body, usageMetadata })).toMatchObject({
      ok: false,
      failure: { code },
      usage: { inputTokens: 9, outputTokens: 4, reasoningTokens: 4 },
    });
  });

  it.each([
    [{ promptTokenCount: 10, toolUsePromptTokenCount: 5, candidatesTokenCount: 3 }, 15, 3],
    [{ promptTokenCount: 10, candidatesTokenCount: 3, totalTokenCount: 33 }, 10, 23],
    [{ promptTokenCount: 10, candidatesTokenCount: 'x' }, 10, 0],
  ])('with the usage %j is billed as %i and %i tokens', (usageMetadata, inputTokens, outputTokens) => {
    const body = { ...saying({ finishReason: 'STOP' }, { text: 'x' }), usageMetadata };
    expect(read(body)).toMatchObject({ value: { usage: { inputTokens, outputTokens } } });
  });

  it('with status 200 that is an error is that error', () => {
    const error = { error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Quota exceeded.' } };
    for (const body of [error, [error]]) {
      expect(read(body)).toEqual({
        ok: false,
        failure: { code: 'rate_limited', message: 'Quota exceeded.' },
      });
    }
  });

  it.each([
    ['nothing', ''],
    ['a page of HTML', '<html>'],
    ['empty', {}],
    ['an unfinished candidate that says nothing', saying({}, { text: '' })],
    ['candidates that are no list', { candidates: {} }],
    ['a call without a name', saying({ finishReason: 'STOP' }, { functionCall: {} })],
    ['nested without end', `{"candidates":${'['.repeat(6000)}${']'.repeat(6000)}}`],
  ])('is malformed in one sentence when it is %s', (_what, body) => {
    const answer = read(body);
    expect(answer.ok ? undefined : answer.failure).toMatchObject({
      code: 'answer_malformed',
      message: expect.stringMatching(/^The answer of [^\n]+\.$/),
    });
  });
});

describe('embeddings of Gemini', () => {
  const REQUEST: EmbeddingsRequest = {
    model: 'auto',
    inputs: { kind: 'texts', texts: ['a', 'b'] },
    dimensions: 3,
    encoding: 'float',
  };
  const write = (request: Partial<EmbeddingsRequest>) =>
    GEMINI_PROVIDER.writeEmbeddingsRequest(
      { ...REQUEST, ...request },
      { ...TARGET, model: 'gemini-embedding-001' },
    );

  it('are asked for in one batch', () => {
    const written = write({});
    expect(written.ok && written.value.url).toContain(
      '/v1beta/models/gemini-embedding-001:batchEmbedContents',
    );
    expect(written.ok && JSON.parse(written.value.body ?? '')).toEqual({
      requests: ['a', 'b'].map((text) => ({
        model: 'models/gemini-embedding-001',
        content: { parts: [{ text }] },
        outputDimensionality: 3,
      })),
    });
  });

  it.each<[string, EmbeddingsRequest['inputs'], string]>([
    ['tokens', { kind: 'tokens', tokens: [[1, 2]] }, 'tokens'],
    [
      'more texts than a batch holds',
      { kind: 'texts', texts: Array.from({ length: 101 }, () => 'x') },
      '100 texts',
    ],
    ['an empty text', { kind: 'texts', texts: ['a', ''] }, 'input.1'],
  ])('are not asked for with %s', (_what, inputs, words) => {
    expect(write({ inputs })).toMatchObject({ ok: false, problem: expect.stringContaining(words) });
  });

  it('come in the form that the caller asked for, as many as there were texts', () => {
    const body = JSON.stringify(GEMINI_EMBEDDINGS);
    expect(GEMINI_PROVIDER.readEmbeddingsAnswer(body, REQUEST)).toEqual({
      ok: true,
      value: {
        vectors: [
          [0.5, -0.25, 1],
          [0, 0.125, -1],
        ],
        usage: { inputTokens: 8, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 0 },
      },
    });
    expect(GEMINI_PROVIDER.readEmbeddingsAnswer(body, { ...REQUEST, encoding: 'base64' })).toMatchObject({
      value: { vectors: ['AAAAPwAAgL4AAIA/', expect.any(String)] },
    });
    const more = { ...REQUEST, inputs: { kind: 'texts', texts: ['a', 'b', 'c'] } } as const;
    expect(GEMINI_PROVIDER.readEmbeddingsAnswer(body, more)).toMatchObject({
      ok: false,
      failure: { code: 'answer_malformed' },
    });
  });

  it.each([
    {},
    { embeddings: [] },
    { embeddings: [{ values: [] }] },
    { embeddings: [{ values: ['x'] }] },
    { error: { code: 429 } },
  ])('are refused as %j', (body) => {
    expect(GEMINI_PROVIDER.readEmbeddingsAnswer(JSON.stringify(body), REQUEST).ok).toBe(false);
  });
});

describe('a refusal of Gemini', () => {
  const body = (code: number, status: string, message = 'x', details: readonly object[] = []): string =>
    JSON.stringify({ error: { code, message, status, details } });
  const badKey = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: 'API_KEY_INVALID',
    domain: 'googleapis.com',
  };

  it.each<[number, string, string]>([
    [400, body(400, 'INVALID_ARGUMENT'), 'request_refused'],
    [
      400,
      body(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', [badKey]),
      'key_refused',
    ],
    [
      400,
      body(
        400,
        'INVALID_ARGUMENT',
        'The input token count (2000000) exceeds the maximum number of tokens allowed',
      ),
      'context_length_exceeded',
    ],
    [401, body(401, 'UNAUTHENTICATED'), 'key_refused'],
    [403, body(403, 'PERMISSION_DENIED'), 'key_refused'],
    [404, body(404, 'NOT_FOUND', 'models/gemini-9 is not found'), 'model_not_found'],
    [429, body(429, 'RESOURCE_EXHAUSTED'), 'rate_limited'],
    [429, `[${body(429, 'RESOURCE_EXHAUSTED')}]`, 'rate_limited'],
    [500, body(500, 'INTERNAL'), 'unavailable'],
    [503, body(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'), 'overloaded'],
    [504, body(504, 'DEADLINE_EXCEEDED'), 'unavailable'],
    [502, '<html>', 'unavailable'],
  ])('of status %i with %s is %s', (status, text, code) => {
    expect(GEMINI_PROVIDER.readFailure(status, {}, text).code).toBe(code);
  });

  it('tells how long to wait, from its RetryInfo when there is no header', () => {
    const retryInfo = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '37.5s' };
    const text = body(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded', [badKey, retryInfo]);
    expect(GEMINI_PROVIDER.readFailure(429, {}, text).retryAfterSeconds).toBe(37.5);
    expect(GEMINI_PROVIDER.readFailure(429, { 'retry-after': '4' }, text).retryAfterSeconds).toBe(4);
  });
});
