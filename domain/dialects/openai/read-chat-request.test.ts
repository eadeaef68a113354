import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import { OPENAI_FRONT } from './front.ts';
import { readPlainChatRequest } from './plain-request.ts';
import { WireChatRequest, WireContentPart, WireMessage, WireTool, WireToolCall } from './wire-request.ts';

const HI = { role: 'user', content: 'hi' };
const given = (request: object): object => ({ model: 'auto', messages: [HI], ...request });

function read(body: unknown): ChatRequest {
  const result = OPENAI_FRONT.readChatRequest(body);
  if (!result.ok) throw new Error(result.message);
  return result.value;
}

function refusal(body: unknown): { readonly message: string; readonly param?: string } {
  const result = OPENAI_FRONT.readChatRequest(body);
  if (result.ok) throw new Error('not refused');
  return result;
}

/** Every field that the schemas have a word for. */
const EVERYTHING = {
  model: 'auto',
  messages: [
    { role: 'system', content: 'Be brief.', name: 'host' },
    {
      role: 'user',
      name: 'ana',
      content: [
        { type: 'text', text: 'Where is this?', cache_control: { type: 'ephemeral', ttl: '1h' } },
        { type: 'image_url', image_url: { url: 'data:image/jpg;base64,iVBORw0KGgo=', detail: 'low' } },
      ],
    },
    {
      role: 'assistant',
      content: 'I look.',
      refusal: 'no',
      reasoning_content: 'hm',
      reasoning_signature: 'sig',
      tool_calls: [
        {
          id: 'call_1',
          type: 'function',
          function: { name: 'weather', arguments: '{"city":"Köln"}' },
          extra_content: { google: { thought_signature: 'abc' } },
        },
      ],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'rain' },
  ],
  stream: true,
  stream_options: { include_usage: true },
  temperature: 0.5,
  top_p: 0.9,
  top_k: 40,
  presence_penalty: 1,
  frequency_penalty: -1,
  max_tokens: 9,
  max_completion_tokens: 7,
  stop: ['END'],
  seed: 3,
  n: 2,
  tools: [
    {
      type: 'function',
      function: { name: 'weather', description: 'Weather.', parameters: { type: 'object' }, strict: true },
    },
  ],
  tool_choice: { type: 'function', function: { name: 'weather' } },
  parallel_tool_calls: false,
  response_format: {
    type: 'json_schema',
    json_schema: { name: 'place', description: 'd', schema: { type: ['object', 'null'] }, strict: true },
  },
  reasoning_effort: 'low',
  user: 'u',
};

describe('a chat request of a caller', () => {
  it('is read whole into neutral words', () => {
    expect(read(EVERYTHING)).toEqual({
      model: 'auto',
      messages: [
        { role: 'system', content: 'Be brief.', name: 'host' },
        {
          role: 'user',
          name: 'ana',
          content: [
            { kind: 'text', text: 'Where is this?', cache: { lifetimeSeconds: 3600 } },
            {
              kind: 'image',
              image: { kind: 'inline', mediaType: 'image/jpeg', base64: 'iVBORw0KGgo=' },
              extensions: { dialect: 'openai', fields: { detail: 'low' } },
            },
          ],
        },
        {
          role: 'assistant',
          content: 'I look.',
          refusal: 'no',
          reasoning: { text: 'hm', signature: 'sig' },
          toolCalls: [{ id: 'call_1', name: 'weather', argumentsText: '{"city":"Köln"}', signature: 'abc' }],
        },
        { role: 'tool', toolCallId: 'call_1', content: 'rain' },
      ],
      tools: [{ name: 'weather', description: 'Weather.', parameters: { type: 'object' }, isStrict: true }],
      toolChoice: { kind: 'tool', name: 'weather' },
      allowsParallelToolCalls: false,
      format: {
        kind: 'jsonSchema',
        name: 'place',
        description: 'd',
        schema: { type: ['object', 'null'] },
        isStrict: true,
      },
      sampling: {
        temperature: 0.5,
        topP: 0.9,
        topK: 40,
        presencePenalty: 1,
        frequencyPenalty: -1,
        seed: 3,
        stopSequences: ['END'],
      },
      maximumOutputTokens: 7,
      reasoningEffort: 'low',
      choiceCount: 2,
      stream: { includesUsage: true },
      endUser: 'u',
    });
  });

  it('keeps what it has no word for, without nulls, for providers of the same format', () => {
    const request = read({
      ...given({ verbosity: 'low', chat_template_kwargs: { enable_thinking: false }, prediction: null }),
      messages: [{ ...HI, weight: 1, audio: null }],
      tools: [{ type: 'function', function: { name: 'x', example: 1 }, cached: true }],
    });
    const own = (fields: object): object => ({ dialect: 'openai', fields });
    expect(request.extensions).toEqual(
      own({ verbosity: 'low', chat_template_kwargs: { enable_thinking: false } }),
    );
    expect(request.messages[0]?.extensions).toEqual(own({ weight: 1 }));
    expect(request.tools[0]?.extensions).toEqual(own({ cached: true, function: { example: 1 } }));
  });

  it('keeps nulls that mean something: those inside a schema', () => {
    const parameters = { type: 'object', properties: { a: { enum: [null, 1], default: null } } };
    expect(read(given({ tools: [{ type: 'function', function: { name: 'x', parameters } }] })).tools).toEqual(
      [{ name: 'x', parameters }],
    );
  });

  it('takes the names that the Responses API has for text', () => {
    const parts = [{ type: 'input_text', text: 'a' }, { type: 'output_text', text: 'b' }, 'c'];
    expect(read({ model: 'm', messages: [{ role: 'user', content: parts }] }).messages[0]?.content).toEqual(
      ['a', 'b', 'c'].map((text) => ({ kind: 'text', text })),
    );
  });

  it('keeps a part that it has no word for, by its type', () => {
    const part = { type: 'input_audio', input_audio: { data: 'x' } };
    expect(read({ model: 'm', messages: [{ role: 'user', content: [part] }] }).messages[0]?.content).toEqual([
      {
        kind: 'foreign',
        type: 'input_audio',
        extensions: { dialect: 'openai', fields: { input_audio: { data: 'x' } } },
      },
    ]);
  });

  it('has arguments as text, though a client sends the object', () => {
    const call = { id: 'c', function: { name: 'now', arguments: { a: 1 } } };
    expect(read(given({ messages: [HI, { role: 'assistant', tool_calls: [call] }] })).messages[1]).toEqual({
      role: 'assistant',
      content: null,
      toolCalls: [{ id: 'c', name: 'now', argumentsText: '{"a":1}' }],
    });
  });

  it('ends at one text or at several', () => {
    expect(read(given({ stop: 'x' })).sampling).toEqual({ stopSequences: ['x'] });
    expect(read(given({ stop: [] })).sampling).toEqual({});
  });
});

type Path = readonly (string | number)[];

/** The objects of EVERYTHING that a schema describes, and the fields that each must have. */
const OBJECTS: readonly [Path, z.ZodType, readonly string[]][] = [
  [[], WireChatRequest, ['model', 'messages']],
  ...EVERYTHING.messages.map((_message, place): [Path, z.ZodType, readonly string[]] => [
    ['messages', place],
    WireMessage,
    ['role', 'tool_call_id'],
  ]),
  [['messages', 1, 'content', 0], WireContentPart, ['type', 'text']],
  [['messages', 1, 'content', 1], WireContentPart, ['type', 'image_url']],
  [['messages', 2, 'tool_calls', 0], WireToolCall, ['id', 'function']],
  [['tools', 0], WireTool, ['type', 'function']],
];

/** All fields, by their places, that a schema calls optional, at whatever depth. */
function optionalFields(schema: z.ZodType, path: Path, required: readonly string[]): readonly Path[] {
  const fields: Path[] = [];
  for (const [name, field] of Object.entries(shapeOf(schema) ?? {})) {
    const place = [...path, name];
    const isOptional = (field as z.ZodType).safeParse(undefined).success;
    if (isOptional && !required.includes(name)) fields.push(place);
    fields.push(...optionalFields(field as z.ZodType, place, []));
  }
  return fields;
}

function shapeOf(schema: z.ZodType): object | undefined {
  if (schema instanceof z.ZodOptional) return shapeOf(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodPipe) return shapeOf(schema.out as z.ZodType);
  if (schema instanceof z.ZodUnion) {
    return Object.assign({}, ...schema.options.map((option) => shapeOf(option as z.ZodType)));
  }
  return schema instanceof z.ZodObject ? schema.shape : undefined;
}

function holderOf(root: unknown, path: Path): Record<string, unknown> | undefined {
  const holder = path
    .slice(0, -1)
    .reduce<unknown>((node, step) => (node as Record<string, unknown> | undefined)?.[step], root);
  return typeof holder === 'object' && holder !== null ? (holder as Record<string, unknown>) : undefined;
}

const OPTIONAL = OBJECTS.flatMap(([path, schema, required]) => optionalFields(schema, path, required)).filter(
  (path) => holderOf(EVERYTHING, path) !== undefined,
);

describe('null', () => {
  it('is looked for in every field of the schemas', () => {
    expect(OPTIONAL.length).toBeGreaterThan(60);
    expect(OPTIONAL.map((path) => path.join('.'))).toEqual(
      expect.arrayContaining([
        'tools',
        'tool_choice',
        'response_format',
        'stream_options.include_usage',
        'messages.2.tool_calls.0.extra_content.google.thought_signature',
        'tools.0.function.strict',
        'response_format.json_schema.strict',
      ]),
    );
  });

  it.each(OPTIONAL.map((path) => [path.join('.'), path] as const))(
    'in the optional field %s means that it was not given',
    (_name, path) => {
      const withNull = structuredClone(EVERYTHING);
      const without = structuredClone(EVERYTHING);
      const field = String(path.at(-1));
      Object.assign(holderOf(withNull, path) ?? {}, { [field]: null });
      delete holderOf(without, path)?.[field];
      expect(read(withNull)).toEqual(read(without));
    },
  );

  it('passes in the fields that several SDKs give back', () => {
    const messages = [
      HI,
      {
        role: 'assistant',
        content: 'hello',
        refusal: null,
        audio: null,
        function_call: null,
        tool_calls: null,
      },
      { ...HI, content: null, name: null },
    ];
    expect(read({ model: 'm', messages, tools: null, tool_choice: null, functions: null })).toEqual({
      model: 'm',
      messages: [HI, { role: 'assistant', content: 'hello' }, { ...HI, content: '' }],
      tools: [],
      sampling: {},
    });
    const tool = {
      type: 'function',
      function: { name: 'now', description: null, parameters: null, strict: null },
    };
    expect(read(given({ tools: [tool] })).tools).toEqual([{ name: 'now' }]);
  });
});

describe('an image of a caller', () => {
  const image = (url: unknown): object => ({
    model: 'm',
    messages: [{ role: 'user', content: [{ type: 'image_url', image_url: url }] }],
  });
  const read0 = (url: unknown): unknown => {
    const content = read(image(url)).messages[0]?.content;
    return typeof content === 'object' && content?.[0]?.kind === 'image' ? content[0].image : content;
  };

  it.each([
    ['data:image/jpg;base64,AAAA', 'image/jpeg'],
    ['data:IMAGE/PNG;base64,AAAA', 'image/png'],
    ['data:image/x-png;base64,AAAA', 'image/png'],
    ['data:image/webp;charset=utf-8;base64,AAAA', 'image/webp'],
  ])('%s is inline, of the type %s', (url, mediaType) => {
    expect(read0({ url })).toEqual({ kind: 'inline', mediaType, base64: 'AAAA' });
  });

  it('may be an address, and the address may stand there alone', () => {
    const url = 'https://example.com/cat.png';
    expect(read0({ url })).toEqual({ kind: 'url', url });
    expect(read0(url)).toEqual({ kind: 'url', url });
  });

  it.each([
    '',
    'cat.png',
    'file:///etc/passwd',
    'data:image/png,x',
    'data:image/png;base64,?',
    'data:;base64,AAAA',
  ])('cannot be %j', (url) => {
    expect(refusal(image({ url })).param).toBe('messages.0.content.0.image_url.url');
  });
});

describe('a mistake of a caller', () => {
  it.each<[object | number | null, string | undefined]>([
    [7, undefined],
    [null, undefined],
    [[], undefined],
    [{ messages: [HI] }, 'model'],
    [{ model: null, messages: [HI] }, 'model'],
    [{ model: 'm' }, 'messages'],
    [{ model: 'm', messages: [] }, 'messages'],
    [given({ messages: 'hi' }), 'messages'],
    [given({ messages: [HI, 1] }), 'messages.1'],
    [given({ messages: [null] }), 'messages.0'],
    [given({ messages: [HI, { role: 'robot', content: 'x' }] }), 'messages.1.role'],
    [given({ messages: [{ role: 'user', content: 7 }] }), 'messages.0.content'],
    [given({ messages: [{ role: 'user', content: [7] }] }), 'messages.0.content.0'],
    [given({ messages: [{ role: 'user', content: [{ type: 'text' }] }] }), 'messages.0.content.0.text'],
    [given({ messages: [{ role: 'tool', content: 'x' }] }), 'messages.0.tool_call_id'],
    [given({ messages: [{ role: 'assistant', tool_calls: [{}] }] }), 'messages.0.tool_calls.0.id'],
    [given({ messages: [{ role: 'assistant', function_call: {} }] }), 'messages.0.function_call'],
    [given({ max_tokens: 0 }), 'max_tokens'],
    [given({ temperature: 'hot' }), 'temperature'],
    [given({ stop: [1] }), 'stop.0'],
    [given({ stream_options: { include_usage: 'yes' } }), 'stream_options.include_usage'],
    [given({ tools: [{ type: 'function', function: { name: '' } }] }), 'tools.0.function.name'],
    [given({ tools: [{ type: 'web_search' }] }), 'tools.0.type'],
    [given({ tool_choice: 'always' }), 'tool_choice'],
    [given({ response_format: { type: 'xml' } }), 'response_format.type'],
    [given({ response_format: { type: 'json_schema' } }), 'response_format.json_schema'],
    [given({ functions: [] }), 'functions'],
  ])('in %j is told in one sentence that names its field', (body, param) => {
    const { message, param: named } = refusal(body);
    expect(named).toBe(param);
    expect(message).toMatch(/^[A-Za-z][^\n]*\.$/);
    expect(message.startsWith(param ?? 'The body')).toBe(true);
    expect(message).not.toMatch(/Invalid|received|undefined/);
  });

  it('costs no more when it is made a million times', () => {
    const many = (count: number, value: unknown): unknown[] => Array.from({ length: count }, () => value);
    expect(refusal(given({ messages: many(1_000_000, 1) })).param).toBe('messages');
    expect(refusal(given({ messages: many(9_999, 1) })).param).toBe('messages.0');
    expect(refusal(given({ messages: [{ ...HI, content: many(100_000, {}) }] })).param).toBe(
      'messages.0.content',
    );
    expect(refusal(given({ tools: many(100_000, {}) })).param).toBe('tools');
    expect(refusal(given({ stop: many(100_000, 'x') })).param).toBe('stop');
  });
});

const odd = fc.oneof(
  fc.constantFrom(null, '', 0, -1, 1.5, 1e300, true, 'x', [], {}, [[]], [{}]),
  fc.anything({ maxDepth: 2, maxKeys: 2 }),
);
const mostly = (plain: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary: plain, weight: 9 }, { arbitrary: odd, weight: 1 });
const role = mostly(fc.constantFrom('system', 'developer', 'user', 'assistant', 'tool'));
const message = mostly(fc.record({ role, content: mostly(fc.string()) }));
const anyRequest = fc.record(
  {
    model: mostly(fc.string()),
    messages: mostly(fc.array(message, { minLength: 1, maxLength: 3 })),
    stream: mostly(fc.boolean()),
    temperature: mostly(fc.double()),
    max_tokens: mostly(fc.integer({ min: 1 })),
    max_completion_tokens: mostly(fc.integer({ min: 1 })),
    seed: mostly(fc.integer()),
    user: mostly(fc.string()),
  },
  { requiredKeys: ['model', 'messages'] },
);

describe('the shortest way of a plain request', () => {
  it('ends where the long way does', () => {
    let plain = 0;
    fc.assert(
      fc.property(anyRequest, (request) => {
        // Only what JSON can carry arrives here.
        const json: Record<string, unknown> = JSON.parse(JSON.stringify(request));
        const short = readPlainChatRequest(json);
        if (short === undefined) return;
        plain += 1;
        // A field that says nothing makes the request take the long way.
        expect(read({ ...json, tools: [] })).toEqual(short);
      }),
      { numRuns: 2_000 },
    );
    expect(plain).toBeGreaterThan(200);
  });

  it.each([
    [given({}), true],
    [given({ temperature: 0, stream: true }), true],
    [given({ messages: [] }), false],
    [{ messages: [HI] }, false],
    [{ model: 'auto' }, false],
    [given({ messages: [{ ...HI, name: 'x' }] }), false],
    [given({ messages: [{ role: 'tool', content: 'x' }] }), false],
    [given({ toString: 'x' }), false],
    [given({ max_tokens: 0 }), false],
    [[], false],
    [null, false],
  ])('is taken by %j: %s', (json, expected) => {
    expect(readPlainChatRequest(json) !== undefined).toBe(expected);
  });
});

describe('an embeddings request of a caller', () => {
  const embeddings = (input: unknown, more: object = {}): unknown =>
    OPENAI_FRONT.readEmbeddingsRequest?.({ model: 'm', input, ...more });
  const texts = (...list: string[]): object => ({ inputs: { kind: 'texts', texts: list } });
  const tokens = (...list: number[][]): object => ({ inputs: { kind: 'tokens', tokens: list } });

  it.each([
    ['a', texts('a')],
    [['a', 'b'], texts('a', 'b')],
    [[1, 2, 3], tokens([1, 2, 3])],
    [[[1, 2], [3]], tokens([1, 2], [3])],
  ])('takes %j', (input, expected) => {
    expect(embeddings(input)).toEqual({ ok: true, value: { model: 'm', encoding: 'float', ...expected } });
  });

  it('keeps the rest', () => {
    const more = { dimensions: 8, encoding_format: 'base64', user: 'u', truncate: 'END', other: null };
    expect(embeddings('a', more)).toMatchObject({
      value: {
        dimensions: 8,
        encoding: 'base64',
        endUser: 'u',
        extensions: { dialect: 'openai', fields: { truncate: 'END' } },
      },
    });
    expect(embeddings('a', { dimensions: null, encoding_format: null, user: null })).toMatchObject({
      ok: true,
    });
  });

  it.each([
    [[], 'input'],
    [{}, 'input'],
    [['a', 1], 'input.1'],
    [[1, 'a'], 'input'],
    [[[1], 'a'], 'input.1'],
    [[[1.5]], 'input.0'],
    [[[]], 'input.0'],
    [Array.from({ length: 3_000 }, () => 'x'), 'input'],
  ])('refuses %j by its place', (input, param) => {
    expect(embeddings(input)).toMatchObject({ ok: false, param });
  });
});
