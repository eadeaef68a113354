import { describe, expect, it } from 'vitest';
import type { ProviderTarget } from './dialect.ts';
import type { ChatRequest } from './openai-chat.ts';
import { OPENAI_COMPATIBLE_DIALECT, OPENAI_DIALECT } from './openai-dialect.ts';
import {
  OPENAI_COMPLETION,
  OPENAI_EMBEDDINGS,
  OPENAI_TEXT_EVENTS,
  OPENAI_TEXT_STREAM,
  OPENAI_TOOL_COMPLETION,
  OPENAI_TOOL_STREAM,
} from './wire-fixtures/openai.ts';
import { dataEvents, tell, translateStream } from './wire-fixtures/server-sent-events.ts';

const TARGET: ProviderTarget = { endpoint: 'https://api.openai.com/v1', model: 'gpt-5', apiKey: 'sk-test' };
const CONTEXT = { id: 'request-1', createdSeconds: 1_795_000_000, model: 'gpt-5' };
const HELLO: ChatRequest = { model: 'auto', messages: [{ role: 'user', content: 'Hello' }] };

function sent(request: Partial<ChatRequest>, dialect = OPENAI_DIALECT): Record<string, unknown> {
  const built = dialect.chatRequest({ ...HELLO, ...request }, TARGET);
  if (!built.ok) throw new Error(built.problem);
  return JSON.parse(built.value.body ?? '');
}

function refused(request: Partial<ChatRequest>): string {
  const built = OPENAI_DIALECT.chatRequest({ ...HELLO, ...request }, TARGET);
  return built.ok ? 'not refused' : built.problem;
}

const stream = (text: string) => translateStream(OPENAI_DIALECT.createStreamTranslator(CONTEXT), text);

describe('a chat request to OpenAI', () => {
  it('goes to the endpoint with the key as bearer token and the name that the provider knows', () => {
    const built = OPENAI_DIALECT.chatRequest(HELLO, TARGET);
    expect(built).toEqual({
      ok: true,
      value: {
        method: 'POST',
        url: 'https://api.openai.com/v1/chat/completions',
        headers: { 'content-type': 'application/json', authorization: 'Bearer sk-test' },
        body: JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: 'Hello' }] }),
      },
    });
  });

  it('carries no authorization when the model needs no key', () => {
    const built = OPENAI_COMPATIBLE_DIALECT.chatRequest(HELLO, { endpoint: 'http://m:8080/v1', model: 'm' });
    expect(built.ok && Object.keys(built.value.headers)).toEqual(['content-type']);
  });

  it('limits the output in the word that each server knows', () => {
    expect(sent({ max_tokens: 7 })).toMatchObject({ max_completion_tokens: 7 });
    expect(sent({ max_tokens: 7 })).not.toHaveProperty('max_tokens');
    expect(sent({ max_completion_tokens: 7 }, OPENAI_COMPATIBLE_DIALECT)).toMatchObject({ max_tokens: 7 });
    expect(sent({ max_completion_tokens: 7 }, OPENAI_COMPATIBLE_DIALECT)).not.toHaveProperty(
      'max_completion_tokens',
    );
    expect(sent({ max_tokens: 9, max_completion_tokens: 7 })).toMatchObject({ max_completion_tokens: 7 });
  });

  it('always asks a stream for its usage and keeps the other stream options', () => {
    expect(sent({ stream: true })['stream_options']).toEqual({ include_usage: true });
    expect(
      sent({ stream: true, stream_options: { include_usage: false, include_obfuscation: false } }),
    ).toMatchObject({ stream_options: { include_usage: true, include_obfuscation: false } });
    expect(sent({ stream_options: { include_usage: true } })).not.toHaveProperty('stream_options');
  });

  it('leaves out what is null and an empty list of tools', () => {
    expect(Object.keys(sent({ stop: null, seed: null, tools: [], tool_choice: 'auto' }))).toEqual([
      'model',
      'messages',
    ]);
  });

  it('passes on fields that it does not know', () => {
    expect(sent({ verbosity: 'low', logit_bias: { 50256: -100 } })).toMatchObject({
      verbosity: 'low',
      logit_bias: { 50256: -100 },
    });
  });

  it('strips what other providers left in the history and shortens ids that OpenAI would refuse', () => {
    const longId = `toolu_${'x'.repeat(60)}`;
    const { messages } = sent({
      messages: [
        {
          role: 'assistant',
          content: null,
          reasoning_content: 'hm',
          tool_calls: [
            {
              id: longId,
              type: 'function',
              function: { name: 'now', arguments: '{}' },
              extra_content: { google: { thought_signature: 'abc' } },
            },
          ],
        },
        { role: 'tool', tool_call_id: longId, content: 'noon' },
      ],
    }) as { messages: Record<string, never>[] };
    const [assistant, tool] = messages as unknown as [
      { tool_calls: { id: string; extra_content?: unknown }[]; reasoning_content?: unknown },
      { tool_call_id: string },
    ];
    expect(assistant.reasoning_content).toBeUndefined();
    expect(assistant.tool_calls[0]?.extra_content).toBeUndefined();
    expect(assistant.tool_calls[0]?.id).toMatch(/^call_[0-9a-f]{32}$/);
    expect(tool.tool_call_id).toBe(assistant.tool_calls[0]?.id);
  });

  it('strips the mark for a prompt cache that is not its own', () => {
    const part = { type: 'text', text: 'long' };
    const messages = [
      { role: 'user' as const, content: [{ ...part, cache_control: { type: 'ephemeral' } }] },
    ];
    expect(sent({ messages })['messages']).toEqual([{ role: 'user', content: [part] }]);
  });

  it('keeps the signature for a server that speaks Google through the OpenAI format', () => {
    const call = {
      id: 'c',
      type: 'function' as const,
      function: { name: 'now', arguments: '{}' },
      extra_content: { google: { thought_signature: 'abc' } },
    };
    const messages = [{ role: 'assistant' as const, content: null, tool_calls: [call] }];
    expect(sent({ messages }, OPENAI_COMPATIBLE_DIALECT)['messages']).toEqual(messages);
  });

  it('calls the developer a system to servers that know no developer', () => {
    const messages = [{ role: 'developer' as const, content: 'Be brief.' }];
    expect(sent({ messages })['messages']).toEqual(messages);
    expect(sent({ messages }, OPENAI_COMPATIBLE_DIALECT)['messages']).toEqual([
      { role: 'system', content: 'Be brief.' },
    ]);
  });

  it('refuses in one sentence what would be billed at a price that it does not know', () => {
    expect(refused({ service_tier: 'priority' })).toContain('service_tier');
    expect(refused({ web_search_options: {} })).toContain('web_search_options');
    expect(refused({ modalities: ['text', 'audio'] })).toContain('Audio');
    expect(
      refused({ messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }] }),
    ).toContain('Audio');
    expect(refused({ functions: [] })).toContain('tools');
    expect(refused({ service_tier: 'auto', modalities: ['text'] })).toBe('not refused');
  });

  it('probes with the list of models', () => {
    expect(OPENAI_DIALECT.probeRequest(TARGET)).toEqual({
      method: 'GET',
      url: 'https://api.openai.com/v1/models',
      headers: { authorization: 'Bearer sk-test' },
    });
  });
});

describe('a chat answer of OpenAI', () => {
  it('passes with its own fields, and its usage falls into disjoint classes', () => {
    const answer = OPENAI_DIALECT.parseChatResponse(OPENAI_COMPLETION, CONTEXT);
    expect(answer.ok && answer.value.completion).toMatchObject({
      id: 'chatcmpl-CnQ4xT1',
      model: 'gpt-5-2025-08-07',
      system_fingerprint: 'fp_44709d6fcb',
      choices: [{ message: { role: 'assistant', content: 'Nasáu — 🌴 ok' }, finish_reason: 'stop' }],
    });
    // 1,200 of input hold 1,024 from the cache and 100 into it; 350 of output hold the 256 of reasoning.
    expect(answer.ok && answer.value.usage).toEqual({
      inputTokens: 76,
      cachedInputTokens: 1024,
      cacheWriteTokens: 100,
      outputTokens: 350,
    });
    expect(answer.ok && answer.value.completion.usage).toEqual({
      prompt_tokens: 1200,
      completion_tokens: 350,
      total_tokens: 1550,
      prompt_tokens_details: { cached_tokens: 1024, cache_write_tokens: 100 },
      completion_tokens_details: { reasoning_tokens: 256 },
    });
  });

  it('passes parallel tool calls', () => {
    const answer = OPENAI_DIALECT.parseChatResponse(OPENAI_TOOL_COMPLETION, CONTEXT);
    expect(answer.ok && answer.value.completion.choices[0]?.message.tool_calls).toEqual(
      OPENAI_TOOL_COMPLETION.choices[0]?.message.tool_calls,
    );
  });

  it.each([
    [null, 'stop'],
    ['', 'stop'],
    [undefined, 'stop'],
    ['eos', 'stop'],
    ['max_tokens', 'length'],
    ['content_filter', 'content_filter'],
  ])('reads the finish reason %j of other servers as %s', (finishReason, expected) => {
    const body = { choices: [{ message: { content: 'x' }, finish_reason: finishReason }] };
    const answer = OPENAI_COMPATIBLE_DIALECT.parseChatResponse(body, CONTEXT);
    expect(answer.ok && answer.value.completion.choices[0]?.finish_reason).toBe(expected);
  });

  it('runs the tools although a server forgot the finish reason, the id and the arguments', () => {
    const body = {
      choices: [{ message: { tool_calls: [{ function: { name: 'now' } }] }, finish_reason: '' }],
    };
    const answer = OPENAI_COMPATIBLE_DIALECT.parseChatResponse(body, CONTEXT);
    expect(answer).toEqual({
      ok: true,
      value: {
        usage: undefined,
        completion: {
          id: 'request-1',
          object: 'chat.completion',
          created: 1_795_000_000,
          model: 'gpt-5',
          choices: [
            {
              index: 0,
              message: {
                role: 'assistant',
                content: null,
                tool_calls: [
                  { id: 'request-1-0', type: 'function', function: { name: 'now', arguments: '{}' } },
                ],
              },
              finish_reason: 'tool_calls',
            },
          ],
        },
      },
    });
  });

  it.each([
    ['nothing', undefined],
    ['a page of HTML', '<html>'],
    ['no choices', { ...OPENAI_COMPLETION, choices: [] }],
    ['choices that are no list', { ...OPENAI_COMPLETION, choices: 'none' }],
    ['content of the wrong type', { choices: [{ message: { content: 7 } }] }],
    ['usage below zero', { ...OPENAI_COMPLETION, usage: { prompt_tokens: -1, completion_tokens: 0 } }],
    ['usage in fractions', { ...OPENAI_COMPLETION, usage: { prompt_tokens: 1.5, completion_tokens: 0 } }],
  ])('says in one sentence that it got %s', (_what, body) => {
    const answer = OPENAI_DIALECT.parseChatResponse(body, CONTEXT);
    expect(answer.ok ? '' : answer.problem).toMatch(
      /^The answer of the provider is not in its documented format/,
    );
  });

  it('never makes input negative when a server counts more cached tokens than tokens', () => {
    const usage = { prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 99 } };
    const answer = OPENAI_DIALECT.parseChatResponse({ ...OPENAI_COMPLETION, usage }, CONTEXT);
    expect(answer.ok && answer.value.usage).toMatchObject({ inputTokens: 0, cachedInputTokens: 10 });
  });
});

describe('a stream of OpenAI', () => {
  it('tells text, one usage and its end, and passes the obfuscation through', () => {
    const parts = stream(OPENAI_TEXT_STREAM);
    expect(tell(parts)).toEqual({
      content: 'Hola, señor 👩‍🚀',
      refusal: '',
      toolCalls: [],
      finishReasons: ['stop'],
      ended: true,
    });
    expect(parts.filter(({ kind }) => kind === 'usage')).toEqual([
      {
        kind: 'usage',
        usage: { inputTokens: 10, cachedInputTokens: 20, cacheWriteTokens: 0, outputTokens: 12 },
        reported: {
          prompt_tokens: 30,
          completion_tokens: 12,
          total_tokens: 42,
          prompt_tokens_details: { cached_tokens: 20 },
          completion_tokens_details: { reasoning_tokens: 5 },
        },
      },
    ]);
    const chunks = parts.flatMap((part) => (part.kind === 'chunk' ? [part.chunk] : []));
    expect(chunks.every((chunk) => 'obfuscation' in chunk && !('usage' in chunk))).toBe(true);
  });

  it('tells parallel tool calls whose arguments come in fragments', () => {
    expect(tell(stream(OPENAI_TOOL_STREAM))).toMatchObject({
      toolCalls: [
        { id: 'call_a1', name: 'weather', arguments: '{"city":"Köln"}' },
        { id: 'call_a2', name: 'now', arguments: '{}' },
      ],
      finishReasons: ['tool_calls'],
      ended: true,
    });
  });

  it.each(OPENAI_TEXT_EVENTS.slice(0, -1).map((_event, position) => position))(
    'has no end when it is cut after %i events',
    (count) => {
      const parts = stream(dataEvents(OPENAI_TEXT_EVENTS.slice(0, count)));
      expect(parts.some(({ kind }) => kind === 'end')).toBe(false);
    },
  );

  it('tells an error in the stream, and nothing after it is taken for an end', () => {
    const error = { error: { message: 'The server had an error', type: 'server_error', code: null } };
    const parts = stream(dataEvents([...OPENAI_TEXT_EVENTS.slice(0, 2), error, '[DONE]']));
    expect(parts.at(-1)).toEqual({
      kind: 'error',
      error: { kind: 'unavailable', message: 'The server had an error' },
    });
  });

  it.each([
    [{ error: { message: 'slow down', code: 'rate_limit_exceeded' } }, 'rateLimited'],
    [{ error: { message: 'x', code: 429 } }, 'rateLimited'],
    [{ error: { message: 'x', code: '503' } }, 'unavailable'],
    [{ error: { message: 'The engine is overloaded', type: 'server_error' } }, 'overloaded'],
    [{ error: 'boom' }, 'unavailable'],
  ])('reads the error %j as %s', (event, kind) => {
    expect(stream(dataEvents([event]))).toMatchObject([{ kind: 'error', error: { kind } }]);
  });

  it.each(['{"choices": [', '[]', '7', '"[DONE"', '{"choices":{}}'])('fails on the chunk %s', (data) => {
    expect(stream(`data: ${data}\n\ndata: [DONE]\n\n`)).toMatchObject([
      { kind: 'error', error: { kind: 'malformed' } },
    ]);
  });

  it('makes up the finish reason that a server forgot, so that its client does not wait for it', () => {
    const text = dataEvents([{ choices: [{ delta: { content: 'x' }, finish_reason: '' }] }, '[DONE]']);
    expect(tell(stream(text))).toMatchObject({ content: 'x', finishReasons: ['stop'], ended: true });
    const call = { id: 'c', function: { name: 'now', arguments: '{}' } };
    const tools = dataEvents([{ choices: [{ delta: { tool_calls: [call] } }] }, '[DONE]']);
    expect(tell(stream(tools))).toMatchObject({ finishReasons: ['tool_calls'], ended: true });
  });

  it('numbers the tool calls of a server that does not', () => {
    const call = (id: string): object => ({ id, function: { name: id, arguments: '{}' } });
    const text = dataEvents([
      { choices: [{ delta: { tool_calls: [call('a')] } }] },
      { choices: [{ delta: { tool_calls: [call('b')] } }] },
      '[DONE]',
    ]);
    expect(tell(stream(text)).toolCalls.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('counts the last usage of a server that repeats it with every chunk', () => {
    const chunk = (tokens: number): object => ({
      choices: [{ delta: { content: 'x' } }],
      usage: { prompt_tokens: 5, completion_tokens: tokens },
    });
    const usages = stream(dataEvents([chunk(1), chunk(2), '[DONE]'])).filter(({ kind }) => kind === 'usage');
    expect(usages.at(-1)).toMatchObject({ usage: { inputTokens: 5, outputTokens: 2 } });
  });
});

describe('embeddings of OpenAI', () => {
  it('are asked for as they were asked for', () => {
    const built = OPENAI_DIALECT.embeddingsRequest(
      { model: 'auto', input: ['a', 'b'], dimensions: 3, encoding_format: 'base64' },
      TARGET,
    );
    expect(built.ok && built.value.url).toBe('https://api.openai.com/v1/embeddings');
    expect(built.ok && JSON.parse(built.value.body ?? '')).toEqual({
      model: 'gpt-5',
      input: ['a', 'b'],
      dimensions: 3,
      encoding_format: 'base64',
    });
  });

  it('come in the form that the client asked for, whichever the server gave', () => {
    const asBase64 = OPENAI_DIALECT.parseEmbeddingsResponse(OPENAI_EMBEDDINGS, {
      model: 'm',
      encodingFormat: 'base64',
    });
    if (!asBase64.ok) throw new Error(asBase64.problem);
    expect(asBase64.value.usage).toEqual({
      inputTokens: 8,
      cachedInputTokens: 0,
      cacheWriteTokens: 0,
      outputTokens: 0,
    });
    expect(asBase64.value.response.data[0]?.embedding).toBe('AAAAPwAAgL4AAIA/');
    const back = OPENAI_DIALECT.parseEmbeddingsResponse(asBase64.value.response, {
      model: 'm',
      encodingFormat: 'float',
    });
    expect(back.ok && back.value.response).toEqual({
      ...OPENAI_EMBEDDINGS,
      usage: { prompt_tokens: 8, total_tokens: 8 },
    });
  });

  it.each([
    ['no data', { data: [] }],
    ['an empty embedding', { data: [{ embedding: [] }] }],
    ['text that is no base64', { data: [{ embedding: '&&&&' }] }],
    ['base64 of half a number', { data: [{ embedding: 'AAA=' }] }],
    ['a hole in the numbers', { data: [{ embedding: [1, null] }] }],
  ])('are refused when they have %s', (_what, body) => {
    const answer = OPENAI_DIALECT.parseEmbeddingsResponse(body, { model: 'm', encodingFormat: 'float' });
    expect(answer.ok).toBe(false);
  });
});

describe('a refusal of OpenAI', () => {
  const body = (message: string, code: string | null, type = 'invalid_request_error'): string =>
    JSON.stringify({ error: { message, type, param: null, code } });

  it.each<[number, string, string]>([
    [401, body('Incorrect API key provided', 'invalid_api_key'), 'keyRefused'],
    [403, body('Country not supported', null), 'keyRefused'],
    [404, body('The model does not exist', 'model_not_found'), 'notFound'],
    [413, '', 'contextTooLong'],
    [429, body('Rate limit reached', 'rate_limit_exceeded', 'requests'), 'rateLimited'],
    [429, body('You exceeded your current quota', 'insufficient_quota', 'insufficient_quota'), 'rateLimited'],
    [400, body('too many', 'context_length_exceeded'), 'contextTooLong'],
    [400, body("This model's maximum context length is 8192 tokens", null), 'contextTooLong'],
    [400, body('flagged', 'content_policy_violation'), 'contentRefused'],
    [400, body('Unknown parameter', 'unknown_parameter'), 'badRequest'],
    [422, '{"detail":"field required"}', 'badRequest'],
    [500, '<html>oops</html>', 'unavailable'],
    [502, '', 'unavailable'],
    [503, body('The engine is currently overloaded', null, 'server_error'), 'overloaded'],
    [529, '', 'overloaded'],
    [302, '', 'unavailable'],
  ])('of status %i with %s is %s', (status, text, kind) => {
    expect(OPENAI_DIALECT.parseFailure(status, {}, text).kind).toBe(kind);
  });
});
