import { describe, expect, it } from 'vitest';
import type { ProviderTarget } from './dialect.ts';
import { GEMINI_DIALECT } from './gemini-dialect.ts';
import type { ChatMessage, ChatRequest } from './openai-chat.ts';
import {
  GEMINI_ANSWER,
  GEMINI_EMBEDDINGS,
  GEMINI_TEXT_EVENTS,
  GEMINI_TEXT_STREAM,
  GEMINI_TOOL_ANSWER,
  GEMINI_TOOL_EVENTS,
  GEMINI_TOOL_STREAM,
} from './wire-fixtures/gemini.ts';
import { dataEvents, tell, translateStream } from './wire-fixtures/server-sent-events.ts';

const TARGET: ProviderTarget = {
  endpoint: 'https://generativelanguage.googleapis.com/v1beta',
  model: 'gemini-3.1-pro-preview',
  apiKey: 'AIza-test',
};
const CONTEXT = { id: 'request-1', createdSeconds: 1_795_000_000, model: 'gemini-3.1-pro-preview' };
const HELLO: ChatRequest = { model: 'auto', messages: [{ role: 'user', content: 'Hello' }] };
const WEATHER = {
  type: 'function' as const,
  function: {
    name: 'weather',
    description: 'Weather of a city.',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, additionalProperties: false },
  },
};

function build(request: Partial<ChatRequest>, model = TARGET.model) {
  return GEMINI_DIALECT.chatRequest({ ...HELLO, ...request }, { ...TARGET, model });
}

function sent(request: Partial<ChatRequest>, model = TARGET.model): Record<string, unknown> {
  const built = build(request, model);
  if (!built.ok) throw new Error(built.problem);
  return JSON.parse(built.value.body ?? '');
}

function refused(request: Partial<ChatRequest>): string {
  const built = build(request);
  return built.ok ? 'not refused' : built.problem;
}

const contents = (messages: readonly ChatMessage[], model = TARGET.model): unknown =>
  sent({ messages: [...messages] }, model)['contents'];
const stream = (text: string) => translateStream(GEMINI_DIALECT.createStreamTranslator(CONTEXT), text);
const call = (id: string, name: string, text: string, signature?: string) => ({
  id,
  type: 'function' as const,
  function: { name, arguments: text },
  ...(signature !== undefined && { extra_content: { google: { thought_signature: signature } } }),
});

describe('a chat request to Gemini', () => {
  it('goes to the model with the key in a header and never in the URL', () => {
    expect(build({})).toEqual({
      ok: true,
      value: {
        method: 'POST',
        url: 'https://generativelanguage.googleapis.com/v1beta/models/gemini-3.1-pro-preview:generateContent',
        headers: { 'content-type': 'application/json', 'x-goog-api-key': 'AIza-test' },
        body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] }),
      },
    });
    const streamed = build({ stream: true });
    expect(streamed.ok && streamed.value.url).toBe(
      'https://generativelanguage.googleapis.com/v1beta/models/gemini-3.1-pro-preview:streamGenerateContent?alt=sse',
    );
    const tuned = build({}, 'tunedModels/my model');
    expect(tuned.ok && tuned.value.url).toContain('/v1beta/tunedModels/my%20model:generateContent');
  });

  it('gathers system and developer messages in systemInstruction', () => {
    expect(
      sent({
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'developer', content: 'Answer in Spanish.' },
          { role: 'user', content: 'Hello' },
        ],
      }),
    ).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'Hello' }] }],
      systemInstruction: { parts: [{ text: 'Be brief.' }, { text: 'Answer in Spanish.' }] },
    });
  });

  it('answers parallel tool calls in one content, named after their functions, with the signature back in its place', () => {
    expect(
      contents([
        { role: 'user', content: 'Weather and time?' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [call('fc_1', 'weather', '{"city":"Köln"}', 'Eq0K'), call('fc_2', 'now', '')],
        },
        { role: 'tool', tool_call_id: 'fc_1', content: '{"sky":"rain"}' },
        { role: 'tool', tool_call_id: 'fc_2', content: 'noon' },
      ]),
    ).toEqual([
      { role: 'user', parts: [{ text: 'Weather and time?' }] },
      {
        role: 'model',
        parts: [
          { functionCall: { id: 'fc_1', name: 'weather', args: { city: 'Köln' } }, thoughtSignature: 'Eq0K' },
          { functionCall: { id: 'fc_2', name: 'now', args: {} } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'fc_1', name: 'weather', response: { sky: 'rain' } } },
          { functionResponse: { id: 'fc_2', name: 'now', response: { output: 'noon' } } },
        ],
      },
    ]);
  });

  it('lets the history of another provider through with the documented sentinel, on the first call alone', () => {
    const messages = [
      {
        role: 'assistant' as const,
        content: 'I look.',
        tool_calls: [call('toolu_1', 'weather', '{}'), call('toolu_2', 'now', '{}')],
      },
    ];
    const parts = (model: string) =>
      (contents(messages, model) as [{ parts: { thoughtSignature?: string }[] }])[0].parts.map(
        ({ thoughtSignature }) => thoughtSignature,
      );
    expect(parts('gemini-3.1-pro-preview')).toEqual([
      undefined,
      'skip_thought_signature_validator',
      undefined,
    ]);
    expect(parts('gemini-4-argon')).toEqual([undefined, 'skip_thought_signature_validator', undefined]);
    expect(parts('gemini-2.5-flash')).toEqual([undefined, undefined, undefined]);
    expect(parts('models/gemini-2.5-flash')).toEqual([undefined, undefined, undefined]);
  });

  it('takes images from data URLs', () => {
    const image = (url: string) => [
      { role: 'user' as const, content: [{ type: 'image_url', image_url: { url } }] },
    ];
    expect(contents(image('data:image/webp;base64,UklGRg=='))).toEqual([
      { role: 'user', parts: [{ inlineData: { mimeType: 'image/webp', data: 'UklGRg==' } }] },
    ]);
    expect(refused({ messages: image('https://example.org/a.png') })).toContain('data URLs');
  });

  it('maps what it is configured by', () => {
    const schema = { type: 'object', properties: { score: { type: 'integer', minimum: 1 } } };
    expect(
      sent({
        temperature: 0.2,
        top_p: 0.9,
        max_tokens: 5,
        max_completion_tokens: 7,
        stop: 'END',
        seed: 42,
        presence_penalty: 0.1,
        frequency_penalty: 0.2,
        response_format: { type: 'json_schema', json_schema: { name: 'review', schema } },
        reasoning_effort: 'low',
      })['generationConfig'],
    ).toEqual({
      temperature: 0.2,
      topP: 0.9,
      maxOutputTokens: 7,
      stopSequences: ['END'],
      seed: 42,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      responseMimeType: 'application/json',
      responseJsonSchema: schema,
      thinkingConfig: { thinkingLevel: 'LOW' },
    });
    expect(sent({ response_format: { type: 'json_object' } })['generationConfig']).toEqual({
      responseMimeType: 'application/json',
    });
    expect(sent({ response_format: { type: 'text' } })).not.toHaveProperty('generationConfig');
    expect(sent({ reasoning_effort: 'none' }, 'gemini-2.5-flash')['generationConfig']).toEqual({
      thinkingConfig: { thinkingBudget: 0 },
    });
  });

  it.each([
    ['none', { mode: 'NONE' }],
    ['auto', { mode: 'AUTO' }],
    ['required', { mode: 'ANY' }],
    [
      { type: 'function', function: { name: 'weather' } },
      { mode: 'ANY', allowedFunctionNames: ['weather'] },
    ],
  ] as const)('maps tool_choice %j', (toolChoice, functionCallingConfig) => {
    expect(sent({ tools: [WEATHER], tool_choice: toolChoice })['toolConfig']).toEqual({
      functionCallingConfig,
    });
  });

  it('declares tools with their JSON Schema and holds strict ones to it', () => {
    const bare = { type: 'function' as const, function: { name: 'now' } };
    expect(sent({ tools: [WEATHER, bare] })).toMatchObject({
      tools: [
        {
          functionDeclarations: [
            {
              name: 'weather',
              description: 'Weather of a city.',
              parametersJsonSchema: WEATHER.function.parameters,
            },
            { name: 'now' },
          ],
        },
      ],
    });
    const strict = { ...WEATHER, function: { ...WEATHER.function, strict: true } };
    expect(sent({ tools: [strict] })['toolConfig']).toEqual({ functionCallingConfig: { mode: 'VALIDATED' } });
    expect(sent({ tools: [], tool_choice: 'auto' })).not.toHaveProperty('tools');
  });

  it.each<[string, Partial<ChatRequest>, string]>([
    ['several choices', { n: 2 }, 'more than one choice'],
    ['log probabilities', { logprobs: true }, 'logprobs'],
    ['one tool call at a time', { tools: [WEATHER], parallel_tool_calls: false }, 'parallel_tool_calls'],
    ['no thinking where it cannot be stopped', { reasoning_effort: 'none' }, 'minimal'],
    ['an effort of another provider', { reasoning_effort: 'max' }, 'reasoning_effort'],
    ['another tier', { service_tier: 'flex' }, 'service_tier'],
    [
      'a result of an unknown call',
      { messages: [{ role: 'tool', tool_call_id: 'x', content: 'y' }] },
      'tool_call_id',
    ],
    ['no message but the system', { messages: [{ role: 'system', content: 'x' }] }, 'user message'],
    [
      'a file',
      { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'f' } }] }] },
      'messages.0.content.0',
    ],
  ])('refuses %s in one sentence', (_what, request, word) => {
    expect(refused(request)).toContain(word);
    expect(refused(request)).toMatch(/^[^\n]{10,200}\.$/);
  });

  it('probes with the list of models', () => {
    expect(GEMINI_DIALECT.probeRequest(TARGET)).toEqual({
      method: 'GET',
      url: 'https://generativelanguage.googleapis.com/v1beta/models?pageSize=1',
      headers: { 'x-goog-api-key': 'AIza-test' },
    });
  });
});

describe('an answer of Gemini', () => {
  it('becomes a completion; thoughts count as output, cached tokens once', () => {
    expect(GEMINI_DIALECT.parseChatResponse(GEMINI_ANSWER, CONTEXT)).toEqual({
      ok: true,
      value: {
        usage: { inputTokens: 176, cachedInputTokens: 1024, cacheWriteTokens: 0, outputTokens: 350 },
        completion: {
          id: 'mK8RacmbGPu5mtkP',
          object: 'chat.completion',
          created: 1_795_000_000,
          model: 'gemini-3.1-pro-preview',
          choices: [
            { index: 0, message: { role: 'assistant', content: 'Nasáu — 🌴 ok' }, finish_reason: 'stop' },
          ],
          usage: {
            prompt_tokens: 1200,
            completion_tokens: 350,
            total_tokens: 1550,
            prompt_tokens_details: { cached_tokens: 1024 },
            completion_tokens_details: { reasoning_tokens: 300 },
          },
        },
      },
    });
  });

  it('tells parallel tool calls with their ids and the signature, and leaves thoughts out', () => {
    const answer = GEMINI_DIALECT.parseChatResponse(GEMINI_TOOL_ANSWER, CONTEXT);
    expect(answer.ok && answer.value.completion.choices[0]).toEqual({
      index: 0,
      message: {
        role: 'assistant',
        content: null,
        tool_calls: [
          {
            id: 'fc_1',
            type: 'function',
            function: { name: 'weather', arguments: '{"city":"Köln"}' },
            extra_content: { google: { thought_signature: 'Eq0KCqoKAb4+9vtA' } },
          },
          { id: 'fc_2', type: 'function', function: { name: 'now', arguments: '{}' } },
        ],
      },
      finish_reason: 'tool_calls',
    });
  });

  it('goes back to Gemini as it came, signature included', () => {
    const answer = GEMINI_DIALECT.parseChatResponse(GEMINI_TOOL_ANSWER, CONTEXT);
    if (!answer.ok) throw new Error(answer.problem);
    const message = answer.value.completion.choices[0]?.message as ChatMessage;
    expect(contents([message])).toEqual([
      { role: 'model', parts: GEMINI_TOOL_ANSWER.candidates[0]?.content.parts.slice(1) },
    ]);
  });

  it('names the calls of models that give them no ids', () => {
    const body = {
      candidates: [
        {
          content: { parts: [{ functionCall: { name: 'a' } }, { functionCall: { name: 'b' } }] },
          finishReason: 'STOP',
        },
      ],
    };
    const answer = GEMINI_DIALECT.parseChatResponse(body, CONTEXT);
    expect(answer.ok && answer.value.completion.choices[0]?.message.tool_calls?.map(({ id }) => id)).toEqual([
      'request-1-0',
      'request-1-1',
    ]);
  });

  it.each([
    ['STOP', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content_filter'],
    ['RECITATION', 'content_filter'],
    ['PROHIBITED_CONTENT', 'content_filter'],
    ['SPII', 'content_filter'],
    ['SOMETHING_NEW', 'content_filter'],
  ])('with the finish reason %s finishes by %s', (finishReason, expected) => {
    const body = { candidates: [{ content: { parts: [{ text: 'x' }] }, finishReason }] };
    const answer = GEMINI_DIALECT.parseChatResponse(body, CONTEXT);
    expect(answer.ok && answer.value.completion.choices[0]?.finish_reason).toBe(expected);
  });

  it('tells that the prompt was blocked', () => {
    const body = { promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 9 } };
    const answer = GEMINI_DIALECT.parseChatResponse(body, CONTEXT);
    expect(answer.ok && answer.value.completion.choices).toEqual([
      {
        index: 0,
        message: { role: 'assistant', content: '', refusal: 'Gemini blocked the prompt (SAFETY).' },
        finish_reason: 'content_filter',
      },
    ]);
    expect(answer.ok && answer.value.usage).toMatchObject({ inputTokens: 9, outputTokens: 0 });
  });

  it('is useless but billed when Gemini could not read its own tool call', () => {
    const body = {
      candidates: [{ content: {}, finishReason: 'MALFORMED_FUNCTION_CALL' }],
      usageMetadata: { promptTokenCount: 9, thoughtsTokenCount: 4 },
    };
    expect(GEMINI_DIALECT.parseChatResponse(body, CONTEXT)).toEqual({
      ok: false,
      problem: 'Gemini gave up its answer with MALFORMED_FUNCTION_CALL.',
      usage: { inputTokens: 9, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 4 },
    });
  });

  it.each([
    ['nothing', undefined],
    ['a page of HTML', '<html>'],
    ['no candidates', { candidates: [] }],
    ['an unfinished candidate', { candidates: [{ content: { parts: [{ text: 'x' }] } }] }],
    ['candidates that are no list', { candidates: {} }],
    [
      'a call without a name',
      { candidates: [{ content: { parts: [{ functionCall: {} }] }, finishReason: 'STOP' }] },
    ],
    ['usage below zero', { ...GEMINI_ANSWER, usageMetadata: { promptTokenCount: -1 } }],
  ])('is refused in one sentence when it is %s', (_what, body) => {
    const answer = GEMINI_DIALECT.parseChatResponse(body, CONTEXT);
    expect(answer.ok ? '' : answer.problem).toMatch(/^The answer of Gemini [^\n]+\.$/);
  });
});

describe('a stream of Gemini', () => {
  it('tells text without thoughts, and ends when the body ends after its finish reason', () => {
    expect(tell(stream(GEMINI_TEXT_STREAM))).toEqual({
      content: 'Hola, señor 👩‍🚀',
      refusal: '',
      toolCalls: [],
      finishReasons: ['stop'],
      ended: true,
    });
  });

  it('tells the usage so far with each event, the last one whole', () => {
    const usages = stream(GEMINI_TEXT_STREAM).flatMap((part) => (part.kind === 'usage' ? [part.usage] : []));
    expect(usages.at(0)?.outputTokens).toBe(5);
    expect(usages.at(-1)).toEqual({
      inputTokens: 10,
      cachedInputTokens: 20,
      cacheWriteTokens: 0,
      outputTokens: 12,
    });
  });

  it('tells tool calls over several events, with the signature', () => {
    expect(tell(stream(GEMINI_TOOL_STREAM))).toMatchObject({
      toolCalls: [
        { id: 'fc_1', name: 'weather', arguments: '{"city":"Köln"}', signature: 'Eq0KCqoKAb4+9vtA' },
        { id: 'fc_2', name: 'now', arguments: '{}' },
      ],
      finishReasons: ['tool_calls'],
      ended: true,
    });
  });

  it('names calls without ids apart over several events', () => {
    const event = (name: string): object => ({
      candidates: [{ content: { parts: [{ functionCall: { name } }] } }],
    });
    const parts = stream(dataEvents([event('a'), event('b'), { candidates: [{ finishReason: 'STOP' }] }]));
    expect(tell(parts).toolCalls.map(({ id }) => id)).toEqual(['request-1-0', 'request-1-1']);
  });

  it.each([0, 1, 2, 3])('has no end when its body ends after %i events', (count) => {
    const parts = stream(dataEvents(GEMINI_TEXT_EVENTS.slice(0, count)));
    expect(parts.some(({ kind }) => kind === 'end')).toBe(false);
  });

  it('has no end while its body is open, even after the finish reason', () => {
    const translator = GEMINI_DIALECT.createStreamTranslator(CONTEXT);
    const parts = GEMINI_TOOL_EVENTS.flatMap((event) => translator.push({ data: JSON.stringify(event) }));
    expect(parts.some(({ kind }) => kind === 'end')).toBe(false);
  });

  it('counts usage that comes after the finish reason', () => {
    const late = { usageMetadata: { promptTokenCount: 30, candidatesTokenCount: 9 } };
    const parts = stream(dataEvents([...GEMINI_TEXT_EVENTS, late]));
    const usages = parts.flatMap((part) => (part.kind === 'usage' ? [part.usage] : []));
    expect(usages.at(-1)).toMatchObject({ inputTokens: 30, outputTokens: 9 });
    expect(parts.at(-1)).toEqual({ kind: 'end' });
  });

  it('tells an error in the stream, and nothing after it is taken for an end', () => {
    const error = { error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } };
    const parts = stream(dataEvents([GEMINI_TEXT_EVENTS[1], error, GEMINI_TEXT_EVENTS[3]]));
    expect(parts.at(-1)).toEqual({
      kind: 'error',
      error: { kind: 'overloaded', message: 'The model is overloaded.' },
    });
  });

  it('tells that the prompt was blocked', () => {
    expect(tell(stream(dataEvents([{ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } }])))).toEqual({
      content: '',
      refusal: 'Gemini blocked the prompt (PROHIBITED_CONTENT).',
      toolCalls: [],
      finishReasons: ['content_filter'],
      ended: true,
    });
  });

  it('tells the usage of an answer that Gemini gave up, and then that it failed', () => {
    const event = {
      candidates: [{ finishReason: 'MALFORMED_FUNCTION_CALL' }],
      usageMetadata: { promptTokenCount: 9 },
    };
    expect(stream(dataEvents([event])).map(({ kind }) => kind)).toEqual(['chunk', 'usage', 'error']);
  });

  it.each(['{"candidates": [', '[]', '{"candidates":[{"content":{"parts":"x"}}]}'])(
    'fails on the event %s',
    (data) => {
      expect(stream(`data: ${data}\n\n${GEMINI_TEXT_STREAM}`)).toMatchObject([
        { kind: 'error', error: { kind: 'malformed' } },
      ]);
    },
  );
});

describe('embeddings of Gemini', () => {
  it('are asked for in one batch', () => {
    const built = GEMINI_DIALECT.embeddingsRequest(
      { model: 'auto', input: ['a', 'b'], dimensions: 3 },
      { ...TARGET, model: 'gemini-embedding-001' },
    );
    expect(built.ok && built.value.url).toContain('/v1beta/models/gemini-embedding-001:batchEmbedContents');
    expect(built.ok && JSON.parse(built.value.body ?? '')).toEqual({
      requests: ['a', 'b'].map((text) => ({
        model: 'models/gemini-embedding-001',
        content: { parts: [{ text }] },
        outputDimensionality: 3,
      })),
    });
  });

  it('come in the form that the client asked for', () => {
    const context = { model: 'gemini-embedding-001', encodingFormat: 'float' } as const;
    expect(GEMINI_DIALECT.parseEmbeddingsResponse(GEMINI_EMBEDDINGS, context)).toEqual({
      ok: true,
      value: {
        usage: { inputTokens: 8, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 0 },
        response: {
          object: 'list',
          model: 'gemini-embedding-001',
          data: [
            { object: 'embedding', index: 0, embedding: [0.5, -0.25, 1] },
            { object: 'embedding', index: 1, embedding: [0, 0.125, -1] },
          ],
          usage: { prompt_tokens: 8, total_tokens: 8 },
        },
      },
    });
    const base64 = GEMINI_DIALECT.parseEmbeddingsResponse(GEMINI_EMBEDDINGS, {
      ...context,
      encodingFormat: 'base64',
    });
    expect(base64.ok && base64.value.response.data[0]?.embedding).toBe('AAAAPwAAgL4AAIA/');
  });

  it.each([{}, { embeddings: [] }, { embeddings: [{ values: [] }] }, { embeddings: [{ values: ['x'] }] }])(
    'are refused as %j',
    (body) => {
      const answer = GEMINI_DIALECT.parseEmbeddingsResponse(body, { model: 'm', encodingFormat: 'float' });
      expect(answer.ok).toBe(false);
    },
  );
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
    [400, body(400, 'INVALID_ARGUMENT'), 'badRequest'],
    [
      400,
      body(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', [badKey]),
      'keyRefused',
    ],
    [
      400,
      body(
        400,
        'INVALID_ARGUMENT',
        'The input token count (2000000) exceeds the maximum number of tokens allowed',
      ),
      'contextTooLong',
    ],
    [401, body(401, 'UNAUTHENTICATED'), 'keyRefused'],
    [403, body(403, 'PERMISSION_DENIED'), 'keyRefused'],
    [404, body(404, 'NOT_FOUND', 'models/gemini-9 is not found'), 'notFound'],
    [429, body(429, 'RESOURCE_EXHAUSTED'), 'rateLimited'],
    [429, `[${body(429, 'RESOURCE_EXHAUSTED')}]`, 'rateLimited'],
    [500, body(500, 'INTERNAL'), 'unavailable'],
    [503, body(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'), 'overloaded'],
    [504, body(504, 'DEADLINE_EXCEEDED'), 'unavailable'],
    [502, '<html>', 'unavailable'],
  ])('of status %i with %s is %s', (status, text, kind) => {
    expect(GEMINI_DIALECT.parseFailure(status, {}, text).kind).toBe(kind);
  });

  it('tells how long to wait, from its RetryInfo when there is no header', () => {
    const retryInfo = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '37.5s' };
    const text = body(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded', [badKey, retryInfo]);
    expect(GEMINI_DIALECT.parseFailure(429, {}, text).retryAfterSeconds).toBe(37.5);
    expect(GEMINI_DIALECT.parseFailure(429, { 'retry-after': '4' }, text).retryAfterSeconds).toBe(4);
  });
});
