import { describe, expect, it } from 'vitest';
import { ANTHROPIC_DIALECT } from './anthropic-dialect.ts';
import type { ProviderTarget } from './dialect.ts';
import type { ChatMessage, ChatRequest } from './openai-chat.ts';
import {
  ANTHROPIC_MESSAGE,
  ANTHROPIC_OVERLOADED_EVENT,
  ANTHROPIC_TEXT_EVENTS,
  ANTHROPIC_TEXT_STREAM,
  ANTHROPIC_TOOL_EVENTS,
  ANTHROPIC_TOOL_MESSAGE,
  ANTHROPIC_TOOL_STREAM,
} from './wire-fixtures/anthropic.ts';
import { namedEvents, tell, translateStream } from './wire-fixtures/server-sent-events.ts';

const TARGET: ProviderTarget = {
  endpoint: 'https://api.anthropic.com/v1',
  model: 'claude-sonnet-4-5',
  apiKey: 'sk-ant-test',
};
const CONTEXT = { id: 'request-1', createdSeconds: 1_795_000_000, model: 'claude-sonnet-4-5' };
const HELLO: ChatRequest = { model: 'auto', messages: [{ role: 'user', content: 'Hello' }] };
const WEATHER = {
  type: 'function' as const,
  function: {
    name: 'weather',
    description: 'Weather of a city.',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};

function sent(request: Partial<ChatRequest>, model = TARGET.model): Record<string, unknown> {
  const built = ANTHROPIC_DIALECT.chatRequest({ ...HELLO, ...request }, { ...TARGET, model });
  if (!built.ok) throw new Error(built.problem);
  return JSON.parse(built.value.body ?? '');
}

function refused(request: Partial<ChatRequest>, model = TARGET.model): string {
  const built = ANTHROPIC_DIALECT.chatRequest({ ...HELLO, ...request }, { ...TARGET, model });
  return built.ok ? 'not refused' : built.problem;
}

const turns = (...messages: ChatMessage[]): unknown => sent({ messages })['messages'];
const stream = (text: string) => translateStream(ANTHROPIC_DIALECT.createStreamTranslator(CONTEXT), text);

type Events = typeof ANTHROPIC_TEXT_EVENTS;
const replacing = (events: Events, which: (event: Events[number]) => boolean, fields: object): Events =>
  events.map((event) => (which(event) ? Object.assign({}, event, fields) : event));

describe('a chat request to Anthropic', () => {
  it('goes to the Messages API with the key in its own header and the version pinned', () => {
    expect(ANTHROPIC_DIALECT.chatRequest(HELLO, TARGET)).toEqual({
      ok: true,
      value: {
        method: 'POST',
        url: 'https://api.anthropic.com/v1/messages',
        headers: {
          'content-type': 'application/json',
          'anthropic-version': '2023-06-01',
          'x-api-key': 'sk-ant-test',
        },
        body: JSON.stringify({
          model: 'claude-sonnet-4-5',
          max_tokens: 32_000,
          messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
        }),
      },
    });
  });

  it('gathers system and developer messages in `system`', () => {
    const body = sent({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hello' },
        { role: 'developer', content: [{ type: 'text', text: 'Answer in Spanish.' }] },
      ],
    });
    expect(body['system']).toEqual([
      { type: 'text', text: 'Be brief.' },
      { type: 'text', text: 'Answer in Spanish.' },
    ]);
    expect(body['messages']).toEqual([{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }]);
  });

  it('answers parallel tool calls in one turn of the user, the results before its text', () => {
    const call = (id: string, name: string, text: string) => ({
      id,
      type: 'function' as const,
      function: { name, arguments: text },
    });
    expect(
      turns(
        { role: 'user', content: 'Weather and time?' },
        {
          role: 'assistant',
          content: 'I look.',
          tool_calls: [call('toolu_1', 'weather', '{"city":"Köln"}'), call('toolu_2', 'now', '')],
        },
        { role: 'user', content: 'And quickly.' },
        { role: 'tool', tool_call_id: 'toolu_1', content: 'rain' },
        { role: 'tool', tool_call_id: 'toolu_2', content: '' },
      ),
    ).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Weather and time?' }] },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'I look.' },
          { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Köln' } },
          { type: 'tool_use', id: 'toolu_2', name: 'now', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_1', content: [{ type: 'text', text: 'rain' }] },
          { type: 'tool_result', tool_use_id: 'toolu_2' },
          { type: 'text', text: 'And quickly.' },
        ],
      },
    ]);
  });

  it('merges turns of the same role and drops text of white space only, which Anthropic refuses', () => {
    expect(
      turns(
        { role: 'user', content: 'One.' },
        { role: 'assistant', content: ' \n' },
        { role: 'user', content: 'Two.' },
        { role: 'assistant', content: null },
      ),
    ).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'One.' },
          { type: 'text', text: 'Two.' },
        ],
      },
    ]);
  });

  it('gives ids of other providers a form that Anthropic takes, the same one for call and result', () => {
    const id = 'call|fc.with:odd/characters';
    const [assistant, user] = turns(
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id, type: 'function', function: { name: 'now', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: id, content: 'noon' },
    ) as [{ content: [{ id: string }] }, { content: [{ tool_use_id: string }] }];
    expect(assistant.content[0].id).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect(user.content[0].tool_use_id).toBe(assistant.content[0].id);
  });

  it('sends images by URL and from data URLs', () => {
    const image = (url: string) => ({ type: 'image_url', image_url: { url } });
    expect(
      turns({
        role: 'user',
        content: [image('https://example.org/a.png'), image('data:image/PNG;base64,iVBORw0KGgo=')],
      }),
    ).toEqual([
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'url', url: 'https://example.org/a.png' } },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
        ],
      },
    ]);
    const refusedImage = (url: string) => refused({ messages: [{ role: 'user', content: [image(url)] }] });
    expect(refusedImage('http://example.org/a.png')).toContain('messages.0 has an image');
    expect(refusedImage('data:image/bmp;base64,Qk0=')).toContain('JPEG, PNG, GIF or WebP');
  });

  it('passes marks for the prompt cache at the one lifetime whose price is known', () => {
    const marked = (cacheControl: object) => [
      { role: 'user' as const, content: [{ type: 'text', text: 'long', cache_control: cacheControl }] },
    ];
    expect(sent({ messages: marked({ type: 'ephemeral' }) })['messages']).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'long', cache_control: { type: 'ephemeral' } }] },
    ]);
    expect(refused({ messages: marked({ type: 'ephemeral', ttl: '1h' }) })).toContain('cache_control');
  });

  it('maps limits, stops, user and temperature', () => {
    expect(
      sent({
        max_tokens: 5,
        max_completion_tokens: 7,
        stop: 'END',
        user: 'u-1',
        temperature: 0.2,
        top_p: 0.9,
      }),
    ).toMatchObject({
      max_tokens: 7,
      stop_sequences: ['END'],
      metadata: { user_id: 'u-1' },
      temperature: 0.2,
      top_p: 0.9,
    });
    expect(sent({ max_tokens: 5, stop: ['A', 'B'], stream: true })).toMatchObject({
      max_tokens: 5,
      stop_sequences: ['A', 'B'],
      stream: true,
    });
    expect(sent({ temperature: null, stop: null, seed: 7 })).not.toHaveProperty('seed');
  });

  it('does not lose a temperature in silence on models that take none', () => {
    for (const model of [
      'claude-opus-4-7',
      'claude-sonnet-5',
      'claude-haiku-5-5',
      'claude-fable-5-20260601',
    ]) {
      expect(refused({ temperature: 0 }, model)).toContain(model);
      expect(refused({ top_p: 0.5 }, model)).toContain(model);
      // The default says nothing, so it need not be said.
      expect(sent({ temperature: 1, top_p: 1 }, model)).not.toHaveProperty('temperature');
    }
    for (const model of [
      'claude-opus-4-6',
      'claude-sonnet-4-5-20250929',
      'claude-opus-4-20250514',
      'kimi-k3',
    ]) {
      expect(sent({ temperature: 0 }, model)).toMatchObject({ temperature: 0 });
    }
  });

  it.each([
    ['none', undefined, { type: 'none' }],
    ['auto', undefined, { type: 'auto' }],
    ['required', undefined, { type: 'any' }],
    ['required', false, { type: 'any', disable_parallel_tool_use: true }],
    [undefined, false, { type: 'auto', disable_parallel_tool_use: true }],
    [undefined, true, undefined],
    [{ type: 'function', function: { name: 'weather' } }, true, { type: 'tool', name: 'weather' }],
  ] as const)('maps tool_choice %j with parallel_tool_calls %j', (toolChoice, parallel, expected) => {
    const body = sent({
      tools: [WEATHER],
      ...(toolChoice !== undefined && { tool_choice: toolChoice }),
      ...(parallel !== undefined && { parallel_tool_calls: parallel }),
    });
    expect(body['tool_choice']).toEqual(expected);
  });

  it('declares tools, also without parameters, and holds strict ones to their schema', () => {
    const bare = { type: 'function' as const, function: { name: 'now' } };
    const strict = { ...WEATHER, function: { ...WEATHER.function, strict: true } };
    expect(sent({ tools: [WEATHER, bare, strict] })['tools']).toEqual([
      {
        name: 'weather',
        description: 'Weather of a city.',
        input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      },
      { name: 'now', input_schema: { type: 'object' } },
      {
        name: 'weather',
        description: 'Weather of a city.',
        input_schema: {
          type: 'object',
          properties: { city: { type: 'string' } },
          required: ['city'],
          additionalProperties: false,
        },
        strict: true,
      },
    ]);
  });

  it('asks for JSON by a schema in the part of JSON Schema that Anthropic takes, and tells the model the rest', () => {
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: {
        score: { type: 'integer', minimum: 1, maximum: 5, description: 'How good.' },
        tags: { type: 'array', items: { type: 'string', maxLength: 9 }, maxItems: 3 },
        day: { type: 'string', format: 'date' },
        either: { oneOf: [{ type: 'string' }, { type: 'object', properties: {} }] },
      },
      required: ['score'],
    };
    expect(
      sent({
        response_format: { type: 'json_schema', json_schema: { name: 'review', schema, strict: true } },
        reasoning_effort: 'low',
      })['output_config'],
    ).toEqual({
      effort: 'low',
      format: {
        type: 'json_schema',
        schema: {
          type: 'object',
          properties: {
            score: { type: 'integer', description: 'How good.\n\n{minimum: 1, maximum: 5}' },
            tags: {
              type: 'array',
              items: { type: 'string', description: '{maxLength: 9}' },
              description: '{maxItems: 3}',
            },
            day: { type: 'string', format: 'date' },
            either: {
              anyOf: [{ type: 'string' }, { type: 'object', properties: {}, additionalProperties: false }],
            },
          },
          required: ['score'],
          additionalProperties: false,
        },
      },
    });
  });

  it.each<[string, Partial<ChatRequest>, string]>([
    ['several choices', { n: 2 }, 'more than one choice'],
    ['log probabilities', { logprobs: true }, 'logprobs'],
    ['penalties', { presence_penalty: 0.5 }, 'presence_penalty'],
    ['biases', { logit_bias: { 1: 5 } }, 'logit_bias'],
    ['another tier', { service_tier: 'priority' }, 'service_tier'],
    ['audio out', { modalities: ['audio'] }, 'modalities'],
    ['a field of tomorrow', { warp: true }, 'warp'],
    ['a temperature above 1', { temperature: 1.5 }, 'temperature'],
    ['JSON without a schema', { response_format: { type: 'json_object' } }, 'json_schema'],
    [
      'objects with free keys',
      {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'm', schema: { type: 'object', additionalProperties: { type: 'string' } } },
        },
      },
      'free keys',
    ],
    ['an effort of another provider', { reasoning_effort: 'minimal' }, 'reasoning_effort'],
    [
      'audio in',
      { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }] },
      'messages.0.content.0',
    ],
    ['named participants', { messages: [{ role: 'user', name: 'ana', content: 'x' }] }, 'messages.0.name'],
    ['no message but the system', { messages: [{ role: 'system', content: 'x' }] }, 'user message'],
    ['a result of no call', { messages: [{ role: 'tool', content: 'x' }] }, 'tool_call_id'],
    [
      'arguments that are no object',
      {
        messages: [
          {
            role: 'assistant',
            tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":' } }],
          },
        ],
      },
      'messages.0.tool_calls.0.function.arguments',
    ],
  ])('refuses %s in one sentence', (_what, request, word) => {
    expect(refused(request)).toContain(word);
    expect(refused(request)).toMatch(/^[^\n]{10,200}\.$/);
  });

  it('takes values that ask for nothing', () => {
    expect(
      Object.keys(sent({ n: 1, logprobs: false, presence_penalty: 0, logit_bias: {}, store: false })),
    ).toEqual(['model', 'max_tokens', 'messages']);
  });

  it('has no embeddings and says so', () => {
    const built = ANTHROPIC_DIALECT.embeddingsRequest({ model: 'auto', input: 'x' }, TARGET);
    expect(built).toEqual({
      ok: false,
      problem: 'Anthropic has no embeddings: use a Model of another provider for them.',
    });
  });
});

describe('a message of Anthropic', () => {
  it('becomes a completion whose usage holds each token once', () => {
    const answer = ANTHROPIC_DIALECT.parseChatResponse(ANTHROPIC_MESSAGE, CONTEXT);
    expect(answer).toEqual({
      ok: true,
      value: {
        usage: { inputTokens: 12, cachedInputTokens: 100_000, cacheWriteTokens: 2000, outputTokens: 300 },
        completion: {
          id: 'msg_01XFDUDYJgAACzvnptvVoYEL',
          object: 'chat.completion',
          created: 1_795_000_000,
          model: 'claude-sonnet-4-5-20250929',
          choices: [
            {
              index: 0,
              message: { role: 'assistant', content: 'Nasáu — 🌴 ok' },
              finish_reason: 'stop',
            },
          ],
          usage: {
            prompt_tokens: 102_012,
            completion_tokens: 300,
            total_tokens: 102_312,
            prompt_tokens_details: { cached_tokens: 100_000, cache_write_tokens: 2000 },
          },
        },
      },
    });
  });

  it('tells parallel tool calls, also those without arguments', () => {
    const answer = ANTHROPIC_DIALECT.parseChatResponse(ANTHROPIC_TOOL_MESSAGE, CONTEXT);
    expect(answer.ok && answer.value.completion.choices[0]).toEqual({
      index: 0,
      message: {
        role: 'assistant',
        content: 'I look at both.',
        tool_calls: [
          { id: 'toolu_01A', type: 'function', function: { name: 'weather', arguments: '{"city":"Köln"}' } },
          { id: 'toolu_01B', type: 'function', function: { name: 'now', arguments: '{}' } },
        ],
      },
      finish_reason: 'tool_calls',
    });
    expect(answer.ok && answer.value.completion.usage?.completion_tokens_details).toEqual({
      reasoning_tokens: 33,
    });
  });

  it('goes back to Anthropic as it came', () => {
    const answer = ANTHROPIC_DIALECT.parseChatResponse(ANTHROPIC_TOOL_MESSAGE, CONTEXT);
    if (!answer.ok) throw new Error(answer.problem);
    const message = answer.value.completion.choices[0]?.message as ChatMessage;
    expect(turns(message, { role: 'tool', tool_call_id: 'toolu_01A', content: 'rain' })).toMatchObject([
      {
        role: 'assistant',
        content: ANTHROPIC_TOOL_MESSAGE.content.flatMap((block) => {
          if (block.type === 'thinking') return [];
          const { caller: _caller, citations: _citations, ...rest } = block as Record<string, unknown>;
          return [rest];
        }),
      },
      { role: 'user' },
    ]);
  });

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['pause_turn', 'length'],
    ['refusal', 'content_filter'],
    ['tool_use', 'tool_calls'],
    ['something_new', 'stop'],
  ])('with the stop reason %s finishes by %s', (stopReason, expected) => {
    const answer = ANTHROPIC_DIALECT.parseChatResponse(
      { ...ANTHROPIC_MESSAGE, stop_reason: stopReason },
      CONTEXT,
    );
    expect(answer.ok && answer.value.completion.choices[0]?.finish_reason).toBe(expected);
  });

  it('tells why it was refused', () => {
    const body = {
      ...ANTHROPIC_MESSAGE,
      content: [],
      stop_reason: 'refusal',
      stop_details: { type: 'refusal', category: 'cyber', explanation: 'Not this.' },
    };
    const answer = ANTHROPIC_DIALECT.parseChatResponse(body, CONTEXT);
    expect(answer.ok && answer.value.completion.choices[0]?.message).toEqual({
      role: 'assistant',
      content: '',
      refusal: 'Not this.',
    });
  });

  it('passes over blocks that it does not know', () => {
    const content = [
      { type: 'hologram', light: 1 },
      { type: 'text', text: 'x' },
    ];
    const answer = ANTHROPIC_DIALECT.parseChatResponse({ ...ANTHROPIC_MESSAGE, content }, CONTEXT);
    expect(answer.ok && answer.value.completion.choices[0]?.message.content).toBe('x');
  });

  it.each([
    ['nothing', undefined],
    ['a page of HTML', '<html>'],
    ['an error with status 200', { type: 'error', error: { type: 'api_error', message: 'x' } }],
    ['no content', { ...ANTHROPIC_MESSAGE, content: undefined }],
    ['no stop reason', { ...ANTHROPIC_MESSAGE, stop_reason: null }],
    ['a text block without text', { ...ANTHROPIC_MESSAGE, content: [{ type: 'text' }] }],
    ['a tool call without a name', { ...ANTHROPIC_MESSAGE, content: [{ type: 'tool_use', id: 'x' }] }],
    ['usage that is no number', { ...ANTHROPIC_MESSAGE, usage: { input_tokens: 'many' } }],
  ])('is refused in one sentence when it is %s', (_what, body) => {
    const answer = ANTHROPIC_DIALECT.parseChatResponse(body, CONTEXT);
    expect(answer.ok ? '' : answer.problem).toMatch(
      /^The answer of Anthropic is not in its documented format/,
    );
  });
});

describe('a stream of Anthropic', () => {
  it('tells text and its end', () => {
    expect(tell(stream(ANTHROPIC_TEXT_STREAM))).toEqual({
      content: 'Hola, señor 👩‍🚀',
      refusal: '',
      toolCalls: [],
      finishReasons: ['stop'],
      ended: true,
    });
  });

  it('takes the usage of message_delta instead of adding it to that of message_start', () => {
    const usages = stream(ANTHROPIC_TEXT_STREAM).flatMap((part) =>
      part.kind === 'usage' ? [part.usage] : [],
    );
    const input = { inputTokens: 12, cachedInputTokens: 100_000, cacheWriteTokens: 2000 };
    expect(usages).toEqual([
      { ...input, outputTokens: 1 },
      { ...input, outputTokens: 15 },
    ]);
  });

  it('keeps the input of message_start when message_delta tells the output alone', () => {
    const events = replacing(ANTHROPIC_TEXT_EVENTS, ({ type }) => type === 'message_delta', {
      usage: { output_tokens: 15, input_tokens: null },
    });
    const usages = stream(namedEvents(events)).flatMap((part) => (part.kind === 'usage' ? [part.usage] : []));
    expect(usages.at(-1)).toEqual({
      inputTokens: 12,
      cachedInputTokens: 100_000,
      cacheWriteTokens: 2000,
      outputTokens: 15,
    });
  });

  it('tells parallel tool calls, and an empty object for the one without arguments', () => {
    expect(tell(stream(ANTHROPIC_TOOL_STREAM))).toEqual({
      content: '',
      refusal: '',
      toolCalls: [
        { id: 'toolu_01A', name: 'weather', arguments: '{"city": "Köln"}' },
        { id: 'toolu_01B', name: 'now', arguments: '{}' },
      ],
      finishReasons: ['tool_calls'],
      ended: true,
    });
  });

  it('takes the arguments of a server that gives them all with the start of the block', () => {
    const events = replacing(
      ANTHROPIC_TOOL_EVENTS.filter(({ type }) => type !== 'content_block_delta'),
      (event) => event.type === 'content_block_start' && event['index'] === 1,
      { content_block: { type: 'tool_use', id: 't', name: 'weather', input: { city: 'Bonn' } } },
    );
    expect(tell(stream(namedEvents(events))).toolCalls[0]?.arguments).toBe('{"city":"Bonn"}');
  });

  it.each(ANTHROPIC_TEXT_EVENTS.map((_event, position) => position))(
    'has no end when it is cut after %i events',
    (count) => {
      const parts = stream(namedEvents(ANTHROPIC_TEXT_EVENTS.slice(0, count)));
      expect(parts.some(({ kind }) => kind === 'end')).toBe(false);
    },
  );

  it('tells that Anthropic is overloaded, and nothing after it is taken for an end', () => {
    const events = [
      ...ANTHROPIC_TEXT_EVENTS.slice(0, 4),
      ANTHROPIC_OVERLOADED_EVENT,
      ...ANTHROPIC_TEXT_EVENTS,
    ];
    const parts = stream(namedEvents(events));
    expect(parts.at(-1)).toEqual({ kind: 'error', error: { kind: 'overloaded', message: 'Overloaded' } });
  });

  it('passes over events and deltas of tomorrow', () => {
    const events = ANTHROPIC_TEXT_EVENTS.flatMap((event) => [
      { type: 'weather_report', sun: true },
      event,
      { type: 'content_block_delta', index: 0, delta: { type: 'smell_delta', smell: 'rose' } },
    ]);
    expect(tell(stream(namedEvents(events)))).toMatchObject({ content: 'Hola, señor 👩‍🚀', ended: true });
  });

  it.each([
    'event: content_block_delta\ndata: {"type":"content_block_delta"',
    'event: message_start\ndata: {"type":"message_start"}',
    'data: []',
    'data: {"type":"message_delta","delta":{},"usage":{"output_tokens":-1}}',
  ])('fails on the event %j', (event) => {
    const parts = stream(`${event}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n`);
    expect(parts).toMatchObject([{ kind: 'error', error: { kind: 'malformed' } }]);
  });

  it('tells why it was refused', () => {
    const events = replacing(ANTHROPIC_TEXT_EVENTS, ({ type }) => type === 'message_delta', {
      delta: { stop_reason: 'refusal', stop_details: { type: 'refusal', explanation: 'Not this.' } },
    });
    expect(tell(stream(namedEvents(events)))).toMatchObject({
      refusal: 'Not this.',
      finishReasons: ['content_filter'],
      ended: true,
    });
  });
});

describe('a refusal of Anthropic', () => {
  const body = (type: string, message = 'x'): string =>
    JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_1' });

  it.each<[number, string, string]>([
    [400, body('invalid_request_error'), 'badRequest'],
    [
      400,
      body('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'),
      'contextTooLong',
    ],
    [400, body('invalid_request_error', 'Your credit balance is too low to access the API'), 'rateLimited'],
    [401, body('authentication_error', 'invalid x-api-key'), 'keyRefused'],
    [402, body('billing_error'), 'rateLimited'],
    [403, body('permission_error'), 'keyRefused'],
    [404, body('not_found_error', 'model: claude-9'), 'notFound'],
    [413, body('request_too_large'), 'contextTooLong'],
    [429, body('rate_limit_error'), 'rateLimited'],
    [500, body('api_error'), 'unavailable'],
    [504, body('timeout_error'), 'unavailable'],
    [529, body('overloaded_error', 'Overloaded'), 'overloaded'],
    [529, '', 'overloaded'],
    [502, '<html>bad gateway</html>', 'unavailable'],
  ])('of status %i with %s is %s', (status, text, kind) => {
    expect(ANTHROPIC_DIALECT.parseFailure(status, { 'retry-after': '7' }, text)).toMatchObject({
      kind,
      retryAfterSeconds: 7,
    });
  });
});
