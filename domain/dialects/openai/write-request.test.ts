import { describe, expect, it } from 'vitest';
import type { ChatMessage, ChatRequest } from '#domain/chat/chat-request.ts';
import type { ProviderDialect } from '../dialect.ts';
import { OPENAI_COMPATIBLE_PROVIDER, OPENAI_PROVIDER } from './provider.ts';

const HELLO: ChatRequest = {
  model: 'auto',
  messages: [{ role: 'user', content: 'Hello' }],
  tools: [],
  sampling: {},
};

function written(request: Partial<ChatRequest>, dialect: ProviderDialect, model: string) {
  return dialect.writeChatRequest(
    { ...HELLO, ...request },
    { endpoint: 'https://api.openai.com/v1', model, apiKey: 'sk-test' },
  );
}

function sent(
  request: Partial<ChatRequest>,
  model = 'gpt-4.1',
  dialect = OPENAI_PROVIDER,
): Record<string, unknown> {
  const result = written(request, dialect, model);
  if (!result.ok) throw new Error(result.problem);
  return JSON.parse(result.value.body ?? '');
}

const sentToOther = (request: Partial<ChatRequest>, model = 'llama') =>
  sent(request, model, OPENAI_COMPATIBLE_PROVIDER);

function refused(request: Partial<ChatRequest>, model = 'gpt-4.1', dialect = OPENAI_PROVIDER): string {
  const result = written(request, dialect, model);
  return result.ok ? 'not refused' : result.problem;
}

const extensions = (fields: object) => ({
  extensions: { dialect: 'openai' as const, fields: fields as Record<string, unknown> },
});
const user = (content: string): ChatMessage => ({ role: 'user', content });

describe('a chat request to OpenAI', () => {
  it('goes to the endpoint with the key as bearer token and the name that the provider knows', () => {
    expect(written({}, OPENAI_PROVIDER, 'gpt-5')).toEqual({
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
    const result = OPENAI_COMPATIBLE_PROVIDER.writeChatRequest(HELLO, {
      endpoint: 'http://m/v1',
      model: 'm',
    });
    expect(result.ok && Object.keys(result.value.headers)).toEqual(['content-type']);
  });

  it('limits the output in the word that each server knows', () => {
    expect(sent({ maximumOutputTokens: 7 })).toMatchObject({ max_completion_tokens: 7 });
    expect(sentToOther({ maximumOutputTokens: 7 })).toMatchObject({ max_tokens: 7 });
    expect(sentToOther({ maximumOutputTokens: 7 }, 'openai/o3')).toMatchObject({ max_completion_tokens: 7 });
  });

  it('always asks a stream for its usage and keeps the other stream options', () => {
    expect(sent({ stream: { includesUsage: false } })).toMatchObject({
      stream: true,
      stream_options: { include_usage: true },
    });
    const options = extensions({ stream_options: { include_obfuscation: false } });
    expect(sent({ stream: { includesUsage: false }, ...options })['stream_options']).toEqual({
      include_usage: true,
      include_obfuscation: false,
    });
    expect(sent(options)).not.toHaveProperty('stream_options');
  });

  it('passes on the fields that only this format has', () => {
    const fields = { prompt_cache_key: 'k', logit_bias: { 50256: -100 }, store: true, metadata: { a: 'b' } };
    expect(sent(extensions(fields))).toMatchObject(fields);
    expect(
      sentToOther(extensions({ chat_template_kwargs: { enable_thinking: false }, min_p: 0.1 })),
    ).toMatchObject({
      chat_template_kwargs: { enable_thinking: false },
      min_p: 0.1,
    });
  });

  it('goes without what OpenAI would refuse and what asks for nothing', () => {
    expect(Object.keys(sent(extensions({ metadata: { a: 'b' }, min_p: 0, repetition_penalty: 1 })))).toEqual([
      'model',
      'messages',
    ]);
  });

  it.each([
    [extensions({ service_tier: 'priority' }), 'service_tier'],
    [extensions({ web_search_options: {} }), 'web_search_options'],
    [extensions({ modalities: ['text', 'audio'] }), 'Audio'],
    [extensions({ chat_template_kwargs: { enable_thinking: false } }), 'chat_template_kwargs'],
    [extensions({ guided_json: { type: 'object' } }), 'guided_json'],
    [
      { extensions: { dialect: 'anthropic' as const, fields: { thinking: { type: 'enabled' } } } },
      'thinking',
    ],
    [
      {
        messages: [
          {
            role: 'user' as const,
            content: [{ kind: 'foreign' as const, type: 'input_audio', ...extensions({ input_audio: {} }) }],
          },
        ],
      },
      'Audio',
    ],
  ])('asks another Model, and says why, for %j', (request, word) => {
    expect(refused(request)).toContain(word);
  });

  it('takes what says what it does anyway', () => {
    expect(refused(extensions({ service_tier: 'auto', modalities: ['text'] }))).toBe('not refused');
  });

  it('probes with the list of models', () => {
    expect(OPENAI_PROVIDER.writeProbeRequest({ endpoint: 'https://e/v1', model: 'm', apiKey: 'k' })).toEqual({
      method: 'GET',
      url: 'https://e/v1/models',
      headers: { authorization: 'Bearer k' },
    });
  });
});

describe('the sampling of a request', () => {
  const sampling = {
    temperature: 0.5,
    topP: 0.9,
    topK: 40,
    presencePenalty: 1,
    frequencyPenalty: -1,
    seed: 7,
  };

  it('is said in the words of the format; top_k is known to other servers only', () => {
    const known = { temperature: 0.5, top_p: 0.9, presence_penalty: 1, frequency_penalty: -1, seed: 7 };
    expect(sent({ sampling })).toEqual({ ...sent({}), ...known });
    expect(sentToOther({ sampling })).toMatchObject({ ...known, top_k: 40 });
  });

  it.each([
    'o1',
    'o3-mini',
    'o4-mini-2025-04-16',
    'gpt-5',
    'gpt-5-nano',
    'gpt-5.2',
    'ft:gpt-5:acme::1',
    'openai/gpt-5.4-pro',
  ])('of the reasoning model %s is its own: another Model is asked for more than the default', (model) => {
    expect(refused({ sampling: { temperature: 0 } }, model)).toContain('temperature');
    expect(refused({ sampling: { topP: 0.5 } }, model)).toContain('top_p');
    expect(refused({ sampling: { frequencyPenalty: 1 } }, model)).toContain('frequency_penalty');
    expect(refused({ sampling: { stopSequences: ['x'] } }, model)).toContain('stop sequences');
    expect(refused(extensions({ logprobs: true }), model)).toContain('logprobs');
    const neutral = { temperature: 1, topP: 1, presencePenalty: 0, topK: 5 };
    expect(Object.keys(sent({ sampling: neutral }, model))).toEqual(['model', 'messages']);
  });

  it('is taken by models that answer at once, and by those that are told to', () => {
    for (const model of ['gpt-4o', 'gpt-5-chat-latest', 'gpt-oss:20b', 'chatgpt-4o-latest']) {
      expect(sent({ sampling: { temperature: 0 } }, model)).toMatchObject({ temperature: 0 });
    }
    expect(sent({ sampling: { temperature: 0 }, reasoningEffort: 'none' }, 'gpt-5.2')).toMatchObject({
      temperature: 0,
      reasoning_effort: 'none',
    });
  });

  it('stops at four texts at most', () => {
    expect(sent({ sampling: { stopSequences: ['a', '', 'a', '\n'] } })).toMatchObject({ stop: ['a', '\n'] });
    expect(sent({ sampling: { stopSequences: [''] } })).not.toHaveProperty('stop');
    expect(refused({ sampling: { stopSequences: ['a', 'b', 'c', 'd', 'e'] } })).toContain('4 stop sequences');
    expect(sentToOther({ sampling: { stopSequences: ['a', 'b', 'c', 'd', 'e'] } })['stop']).toHaveLength(5);
  });

  it.each([
    ['gpt-5', 'none', 'minimal'],
    ['gpt-5', 'xhigh', 'high'],
    ['gpt-5.2', 'minimal', 'none'],
    ['o3', 'minimal', 'low'],
    ['o3', 'medium', 'medium'],
    ['gpt-4o', 'high', undefined],
    ['unheard-of', 'minimal', 'minimal'],
  ])('lets %s think with the effort %s as far as it can', (model, reasoningEffort, expected) => {
    expect(sent({ reasoningEffort }, model)['reasoning_effort']).toBe(expected);
  });
});

describe('the tools of a request', () => {
  const now = { name: 'now', parameters: { type: 'object', properties: {} } };

  it('are left out with all that speaks of them when there are none', () => {
    expect(Object.keys(sent({ toolChoice: { kind: 'auto' }, allowsParallelToolCalls: false }))).toEqual([
      'model',
      'messages',
    ]);
    expect(refused({ toolChoice: { kind: 'required' } })).toContain('declares no tools');
    expect(refused({ tools: [now], toolChoice: { kind: 'tool', name: 'never' } })).toContain('"never"');
  });

  it('are renamed where OpenAI cannot take their names, in declaration, choice and history alike', () => {
    const name = 'calendar.respondToEvent';
    const body = sent({
      tools: [{ name, parameters: { type: 'object', properties: {} } }],
      toolChoice: { kind: 'tool', name },
      messages: [
        user('q'),
        { role: 'assistant', content: null, toolCalls: [{ id: 'c', name, argumentsText: '' }] },
        { role: 'tool', toolCallId: 'c', content: 'ok' },
      ],
    });
    expect(JSON.stringify(body)).not.toContain(name);
    expect(body).toMatchObject({
      tools: [{ function: { name: 'calendar_respondToEvent' } }],
      tool_choice: { function: { name: 'calendar_respondToEvent' } },
      messages: [
        {},
        { tool_calls: [{ function: { name: 'calendar_respondToEvent', arguments: '{}' } }] },
        {},
      ],
    });
  });

  it('are strict only where OpenAI takes the schema so', () => {
    const closed = {
      type: 'object',
      properties: { a: { type: 'string' } },
      required: ['a'],
      additionalProperties: false,
    };
    const open = { type: 'object', properties: { a: { type: 'string' } } };
    const strictOf = (parameters: object) =>
      sent({ tools: [{ name: 'x', parameters: parameters as Record<string, unknown>, isStrict: true }] })[
        'tools'
      ];
    expect(strictOf(closed)).toMatchObject([{ function: { strict: true } }]);
    expect(strictOf(open)).toMatchObject([{ function: { strict: false } }]);
    expect(strictOf({ ...closed, patternProperties: {} })).toMatchObject([{ function: { strict: false } }]);
    const format = { kind: 'jsonSchema', name: 'a b', schema: open, isStrict: true } as const;
    expect(sent({ format })['response_format']).toMatchObject({
      json_schema: { name: 'a_b', strict: false },
    });
    expect(sentToOther({ format })['response_format']).toMatchObject({ json_schema: { strict: true } });
    const deep = (levels: number): object =>
      levels === 0 ? closed : { ...closed, properties: { a: deep(levels - 1) } };
    expect(strictOf(deep(9))).toMatchObject([{ function: { strict: true } }]);
    expect(strictOf(deep(10))).toMatchObject([{ function: { strict: false } }]);
  });

  it('may be called one at a time, except where the model knows nothing else', () => {
    const request = { tools: [now], allowsParallelToolCalls: false };
    expect(sent(request)).toMatchObject({ parallel_tool_calls: false });
    expect(sent(request, 'o3')).not.toHaveProperty('parallel_tool_calls');
  });

  it('have names of their own; the same one twice is one', () => {
    expect(sent({ tools: [now, now] })['tools']).toHaveLength(1);
    expect(refused({ tools: [now, { name: 'now', description: 'other' }] })).toContain('tools.1');
  });

  it.each([
    [
      {
        type: 'object',
        anyOf: [
          { type: 'object', properties: { content: { type: 'string' } }, required: ['content'] },
          { type: 'object', properties: { source_url: { type: 'string' } }, required: ['source_url'] },
        ],
      },
      ['content', 'source_url'],
    ],
    [{ oneOf: [{ properties: { a: {} } }, { properties: { b: {} } }] }, ['a', 'b']],
    [{ $ref: '#/$defs/A', $defs: { A: { type: 'object', properties: { a: {} } } } }, ['a']],
    [{ type: 'object', properties: { a: {} }, not: { required: ['b'] } }, ['a']],
    [{ properties: { a: {} } }, ['a']],
    [{}, undefined],
  ])(
    'have an object at the root of their parameters, whatever the schema %j makes of it',
    (parameters, names) => {
      const [tool] = sent({ tools: [{ name: 'x', parameters }] })['tools'] as {
        function: { parameters: Record<string, unknown> };
      }[];
      const written = tool?.function.parameters ?? {};
      expect(written['type']).toBe('object');
      expect(Object.keys((written['properties'] as object | undefined) ?? {})).toEqual(names ?? []);
      expect(
        Object.keys(written).filter((keyword) =>
          /^(?:anyOf|oneOf|allOf|not|enum|const|\$ref)$/.test(keyword),
        ),
      ).toEqual([]);
    },
  );

  it('whose parameters are no object at all are refused in our own words', () => {
    expect(refused({ tools: [{ name: 'x', parameters: { type: 'string' } }] })).toContain('tools.0');
  });

  it('are 128 at most', () => {
    const tools = Array.from({ length: 129 }, (_, place) => ({ name: `t${place}` }));
    expect(refused({ tools })).toContain('128');
  });
});

describe('the history of a request', () => {
  const longId = `toolu_${'x'.repeat(60)}`;
  const messages: readonly ChatMessage[] = [
    {
      role: 'assistant',
      content: null,
      reasoning: { text: 'hm', signature: 's' },
      toolCalls: [{ id: longId, name: 'now', argumentsText: '{}', signature: 'abc' }],
    },
    { role: 'tool', toolCallId: longId, content: 'noon' },
  ];

  it('goes to OpenAI without what other providers left in it, and with ids that it takes', () => {
    const id = expect.stringMatching(/^call_[0-9a-f]{32}$/);
    const body = sent({ messages })['messages'] as { tool_calls: { id: string }[]; tool_call_id: string }[];
    expect(body).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id, type: 'function', function: { name: 'now', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: body[0]?.tool_calls[0]?.id, content: 'noon' },
    ]);
  });

  it('goes to other servers with its reasoning and signatures', () => {
    expect(sentToOther({ messages })['messages']).toMatchObject([
      {
        reasoning_content: 'hm',
        tool_calls: [{ id: longId, extra_content: { google: { thought_signature: 'abc' } } }],
      },
      { tool_call_id: longId },
    ]);
  });

  it('has each result right behind its call', () => {
    const [call, result] = messages as [ChatMessage, ChatMessage];
    const roles = (given: readonly ChatMessage[]) =>
      (sent({ messages: given })['messages'] as { role: string }[]).map(({ role }) => role);
    expect(roles([user('q'), call, user('w'), result])).toEqual(['user', 'assistant', 'tool', 'user']);
    expect(roles([user('q'), call])).toEqual(['user', 'assistant', 'tool']);
    expect(refused({ messages: [user('q'), result] })).toContain('messages.1');
  });

  it('has content where OpenAI wants some', () => {
    const empty: readonly ChatMessage[] = [
      { role: 'assistant', content: null },
      { role: 'assistant', content: null, refusal: 'no' },
      { role: 'user', content: [], name: 'Ana María' },
    ];
    expect(sent({ messages: empty })['messages']).toEqual([
      { role: 'assistant', content: '' },
      { role: 'assistant', content: null, refusal: 'no' },
      { role: 'user', content: '', name: 'Ana_María' },
    ]);
  });

  it('calls the developer a system to servers that know no developer', () => {
    const developer: readonly ChatMessage[] = [{ role: 'developer', content: 'Be brief.' }];
    expect(sent({ messages: developer })['messages']).toEqual(developer);
    expect(sentToOther({ messages: developer })['messages']).toEqual([
      { role: 'system', content: 'Be brief.' },
    ]);
  });

  it('is text wherever it is text alone, and turns of the assistant are one turn, to other servers', () => {
    const text = (...texts: string[]) => texts.map((each) => ({ kind: 'text' as const, text: each }));
    const given: readonly ChatMessage[] = [
      { role: 'user', content: text('a', 'b') },
      { role: 'assistant', content: 'one' },
      { role: 'assistant', content: 'two' },
    ];
    expect(sentToOther({ messages: given })['messages']).toEqual([
      { role: 'user', content: 'a\nb' },
      { role: 'assistant', content: 'one\n\ntwo' },
    ]);
    expect(sent({ messages: given })['messages']).toHaveLength(3);
    const marked: readonly ChatMessage[] = [
      { role: 'user', content: [{ kind: 'text', text: 'a', cache: { lifetimeSeconds: 300 } }] },
    ];
    expect(sentToOther({ messages: marked })['messages']).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }] },
    ]);
    expect(sent({ messages: marked })['messages']).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'a' }] },
    ]);
  });

  it('shows images of tools to the user, where OpenAI takes them', () => {
    const image = {
      kind: 'image',
      image: { kind: 'inline', mediaType: 'image/jpeg', base64: 'AAAA' },
    } as const;
    const [call] = messages as [ChatMessage];
    const given: readonly ChatMessage[] = [call, { role: 'tool', toolCallId: longId, content: [image] }];
    const url = 'data:image/jpeg;base64,AAAA';
    expect(sent({ messages: given })['messages']).toMatchObject([
      { role: 'assistant' },
      { role: 'tool', content: [{ type: 'text' }] },
      { role: 'user', content: [{ type: 'text' }, { type: 'image_url', image_url: { url } }] },
    ]);
    expect(refused({ messages: [{ role: 'assistant', content: [image] }] })).toContain('images');
    const odd = { kind: 'image', image: { ...image.image, mediaType: 'image/tiff' } } as const;
    expect(refused({ messages: [{ role: 'user', content: [odd] }] })).toContain('image/tiff');
  });
});

describe('the format of an answer', () => {
  it('is JSON only when a message speaks of it, so one does', () => {
    const format = { kind: 'jsonObject' } as const;
    expect(sent({ format })).toMatchObject({
      response_format: { type: 'json_object' },
      messages: [{ role: 'developer', content: expect.stringContaining('JSON') }, { role: 'user' }],
    });
    expect(sent({ format, messages: [user('As json, please')] })['messages']).toHaveLength(1);
    expect(sentToOther({ format })['messages']).toHaveLength(1);
  });
});

describe('a request for embeddings', () => {
  const target = { endpoint: 'https://e/v1', model: 'text-embedding-3-small', apiKey: 'k' };

  it('sends texts, or the tokens that the caller has cut them into', () => {
    const bodyOf = (request: Parameters<typeof OPENAI_PROVIDER.writeEmbeddingsRequest>[0]): unknown => {
      const result = OPENAI_PROVIDER.writeEmbeddingsRequest(request, target);
      return result.ok ? JSON.parse(result.value.body ?? '') : result.problem;
    };
    const { model } = target;
    expect(
      bodyOf({
        model: 'auto',
        inputs: { kind: 'texts', texts: ['a'] },
        encoding: 'base64',
        dimensions: 8,
        endUser: 'u',
      }),
    ).toEqual({ model, input: ['a'], encoding_format: 'base64', dimensions: 8, user: 'u' });
    expect(
      bodyOf({ model: 'auto', inputs: { kind: 'tokens', tokens: [[1, 2]] }, encoding: 'float' }),
    ).toEqual({
      model,
      input: [[1, 2]],
    });
  });
});
