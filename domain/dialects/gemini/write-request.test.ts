import { describe, expect, it } from 'vitest';
import type { ChatMessage, ChatRequest, JsonSchema, ToolCall } from '#domain/chat/chat-request.ts';
import type { ProviderTarget } from '../dialect.ts';
import { NO_RESULT } from '../tool-results.ts';
import { GEMINI_PROVIDER } from './provider.ts';

const TARGET: ProviderTarget = {
  endpoint: 'https://generativelanguage.googleapis.com/v1beta',
  model: 'gemini-3.1-pro-preview',
  apiKey: 'AIza-test',
};
const HELLO: ChatRequest = {
  model: 'auto',
  messages: [{ role: 'user', content: 'Hello' }],
  tools: [],
  sampling: {},
};
const WEATHER = {
  name: 'weather',
  description: 'Weather of a city.',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, additionalProperties: false },
};
const SCHEMA = { type: 'object', properties: { score: { type: 'integer', minimum: 1 } } };

const write = (request: Partial<ChatRequest>, model = TARGET.model) =>
  GEMINI_PROVIDER.writeChatRequest({ ...HELLO, ...request }, { ...TARGET, model });

interface Sent {
  readonly contents: readonly { readonly role: string; readonly parts: readonly Record<string, unknown>[] }[];
  readonly systemInstruction?: { readonly parts: readonly { readonly text: string }[] };
  readonly generationConfig?: Record<string, unknown>;
  readonly tools?: readonly { readonly functionDeclarations: readonly Record<string, unknown>[] }[];
  readonly toolConfig?: unknown;
}

function sent(request: Partial<ChatRequest>, model = TARGET.model): Sent {
  const written = write(request, model);
  if (!written.ok) throw new Error(written.problem);
  return JSON.parse(written.value.body ?? '');
}

function refused(request: Partial<ChatRequest>, model = TARGET.model): string {
  const written = write(request, model);
  return written.ok ? 'not refused' : written.problem;
}

const contents = (messages: readonly ChatMessage[], model = TARGET.model) =>
  sent({ messages }, model).contents;
const user = (content: string): ChatMessage => ({ role: 'user', content });
const call = (id: string, name = 'now', argumentsText = '{}', signature?: string): ToolCall => ({
  id,
  name,
  argumentsText,
  ...(signature !== undefined && { signature }),
});
const calling = (...toolCalls: readonly ToolCall[]): ChatMessage => ({
  role: 'assistant',
  content: null,
  toolCalls,
});
const result = (toolCallId: string, content: string): ChatMessage => ({ role: 'tool', toolCallId, content });
const withFormat = (schema: JsonSchema, isStrict?: boolean): Partial<ChatRequest> => ({
  format: { kind: 'jsonSchema', name: 'x', schema, ...(isStrict !== undefined && { isStrict }) },
});

describe('a chat request to Gemini', () => {
  it('goes to the model with the key in a header and never in the URL', () => {
    expect(write({})).toEqual({
      ok: true,
      value: {
        method: 'POST',
        url: 'https://generativelanguage.googleapis.com/v1beta/models/gemini-3.1-pro-preview:generateContent',
        headers: { 'content-type': 'application/json', 'x-goog-api-key': 'AIza-test' },
        body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] }),
      },
    });
    expect(write({ stream: { includesUsage: true } })).toMatchObject({
      value: {
        url: 'https://generativelanguage.googleapis.com/v1beta/models/gemini-3.1-pro-preview:streamGenerateContent?alt=sse',
      },
    });
    expect(write({}, 'tunedModels/my model')).toMatchObject({
      value: { url: expect.stringContaining('/v1beta/tunedModels/my%20model:generateContent') },
    });
  });

  it('gathers system and developer messages in systemInstruction', () => {
    expect(
      sent({
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'developer', content: 'Answer in Spanish.' },
          user('Hello'),
        ],
      }),
    ).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'Hello' }] }],
      systemInstruction: { parts: [{ text: 'Be brief.' }, { text: 'Answer in Spanish.' }] },
    });
  });

  it('answers parallel calls in one content, in their order, with the signature back in its place', () => {
    expect(
      contents([
        user('Weather and time?'),
        calling(call('fc_1', 'weather', '{"city":"Köln"}', 'Eq0K'), call('fc_2', 'now', '')),
        user('And quickly.'),
        result('fc_2', 'noon'),
        result('fc_1', '{"sky":"rain"}'),
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
      { role: 'user', parts: [{ text: 'And quickly.' }] },
    ]);
  });

  it('has as many results as calls, and refuses a result without a call', () => {
    expect(contents([user('Time?'), calling(call('a'), call('b')), result('b', 'noon')])[2]?.parts).toEqual([
      { functionResponse: { id: 'a', name: 'now', response: { output: NO_RESULT } } },
      { functionResponse: { id: 'b', name: 'now', response: { output: 'noon' } } },
    ]);
    expect(refused({ messages: [user('x'), result('a', 'noon')] })).toContain('messages.1');
  });

  it('tells a failed tool from one that worked', () => {
    const failed: ChatMessage = { role: 'tool', toolCallId: 'a', content: 'no clock', isError: true };
    expect(contents([user('Time?'), calling(call('a')), failed])[2]?.parts).toEqual([
      { functionResponse: { id: 'a', name: 'now', response: { error: 'no clock' } } },
    ]);
  });

  it('begins with the user, also where the assistant opened the conversation', () => {
    expect(contents([{ role: 'assistant', content: 'Hi.' }, user('Hello')]).map(({ role }) => role)).toEqual([
      'user',
      'model',
      'user',
    ]);
  });

  it('lets the history of another provider through with the documented sentinel, on the first call alone', () => {
    const messages: ChatMessage[] = [
      user('x'),
      { role: 'assistant', content: 'I look.', toolCalls: [call('toolu_1'), call('toolu_2')] },
    ];
    const signatures = (model: string) =>
      contents(messages, model)[1]?.parts.map(({ thoughtSignature }) => thoughtSignature);
    const skipped = [undefined, 'skip_thought_signature_validator', undefined];
    expect(signatures('gemini-3.1-pro-preview')).toEqual(skipped);
    expect(signatures('gemini-4-argon')).toEqual(skipped);
    expect(signatures('gemini-flash-latest')).toEqual(skipped);
    expect(signatures('gemini-2.5-flash')).toEqual([undefined, undefined, undefined]);
    expect(signatures('models/gemini-2.5-flash')).toEqual([undefined, undefined, undefined]);
  });

  it('takes images as data, and says truly which ones it cannot take', () => {
    const image = (source: { url: string } | { mediaType: string }): Partial<ChatRequest> => ({
      messages: [
        {
          role: 'user',
          content: [
            {
              kind: 'image',
              image:
                'url' in source
                  ? { kind: 'url', url: source.url }
                  : { kind: 'inline', mediaType: source.mediaType, base64: 'UklGRg==' },
            },
          ],
        },
      ],
    });
    expect(sent(image({ mediaType: 'image/jpeg' })).contents[0]?.parts).toEqual([
      { inlineData: { mimeType: 'image/jpeg', data: 'UklGRg==' } },
    ]);
    expect(refused(image({ url: 'https://example.com/cat.png' }))).toBe(
      'messages.0.content.0 is an image by URL, and Gemini is sent images as data only: use a data URL.',
    );
    const odd = refused(image({ mediaType: 'image/gif' }));
    expect(odd).toContain('"image/gif"');
    expect(odd).not.toContain('URL');
  });

  it('says who of several users speaks in the text', () => {
    expect(contents([{ role: 'user', name: 'ana', content: 'Hola.' }])[0]?.parts).toEqual([
      { text: 'ana: Hola.' },
    ]);
  });

  it('maps what it is configured by', () => {
    expect(
      sent({
        sampling: {
          temperature: 0.2,
          topP: 0.9,
          topK: 40,
          stopSequences: ['END', ''],
          seed: 42,
          presencePenalty: 0,
        },
        maximumOutputTokens: 7,
        reasoningEffort: 'low',
        ...withFormat(SCHEMA),
      }).generationConfig,
    ).toEqual({
      temperature: 0.2,
      topP: 0.9,
      topK: 40,
      maxOutputTokens: 7,
      stopSequences: ['END'],
      seed: 42,
      responseMimeType: 'application/json',
      responseJsonSchema: SCHEMA,
      thinkingConfig: { thinkingLevel: 'LOW' },
    });
    expect(sent({ format: { kind: 'jsonObject' } }).generationConfig).toEqual({
      responseMimeType: 'application/json',
    });
  });

  it('asks for no more than the generation takes', () => {
    const most = (model: string) => sent({ maximumOutputTokens: 1_000_000 }, model).generationConfig;
    expect(most('gemini-2.0-flash')).toEqual({ maxOutputTokens: 8192 });
    expect(most('gemini-2.5-pro')).toEqual({ maxOutputTokens: 65_536 });
    expect(sent({ sampling: { seed: 2 ** 40, topK: 0 } })).not.toHaveProperty('generationConfig');
    expect(sent({ sampling: { presencePenalty: 0.1 } }, 'gemini-2.0-flash').generationConfig).toEqual({
      presencePenalty: 0.1,
    });
  });

  it.each([
    ['none', 'gemini-2.5-flash', { thinkingBudget: 0 }],
    ['medium', 'gemini-2.5-pro', { thinkingBudget: 8192 }],
    ['minimal', 'gemini-3.7-flash', { thinkingLevel: 'MINIMAL' }],
    ['minimal', 'gemini-3.1-pro-preview', { thinkingLevel: 'LOW' }],
    ['medium', 'gemini-3-pro-preview', { thinkingLevel: 'HIGH' }],
    ['medium', 'gemini-3.1-pro-preview', { thinkingLevel: 'MEDIUM' }],
    ['max', 'gemini-4-argon', { thinkingLevel: 'HIGH' }],
  ])('maps the reasoning effort %s for %s', (reasoningEffort, model, thinkingConfig) => {
    expect(sent({ reasoningEffort }, model).generationConfig).toEqual({ thinkingConfig });
  });

  it.each<[string, Partial<ChatRequest>, string, string?]>([
    ['several choices', { choiceCount: 2 }, 'one choice'],
    ['log probabilities', { extensions: { dialect: 'openai', fields: { logprobs: true } } }, 'logprobs'],
    ['one tool call at a time', { tools: [WEATHER], allowsParallelToolCalls: false }, 'parallel'],
    ['no thinking where it cannot be stopped', { reasoningEffort: 'none' }, 'minimal'],
    ['no thinking of Pro', { reasoningEffort: 'none' }, 'minimal', 'gemini-2.5-pro'],
    [
      'an effort where nothing is thought',
      { reasoningEffort: 'low' },
      'reasoning effort',
      'gemini-2.0-flash',
    ],
    ['an effort that is none', { reasoningEffort: 'enormous' }, 'reasoning efforts'],
    ['a temperature above 2', { sampling: { temperature: 2.5 } }, 'temperature'],
    [
      'more stops than five',
      { sampling: { stopSequences: ['a', 'b', 'c', 'd', 'e', 'f'] } },
      'stop sequences',
    ],
    ['penalties', { sampling: { frequencyPenalty: 0.5 } }, 'frequency_penalty', 'gemini-2.5-flash'],
    ['no message but the system', { messages: [{ role: 'system', content: 'x' }] }, 'user message'],
    [
      'a file of another dialect',
      {
        messages: [
          {
            role: 'user',
            content: [{ kind: 'foreign', type: 'file', extensions: { dialect: 'openai', fields: {} } }],
          },
        ],
      },
      'messages.0.content.0',
    ],
    [
      'arguments that nest without end',
      { messages: [calling(call('c', 'f', `${'{"a":'.repeat(6000)}1${'}'.repeat(6000)}`))] },
      'nests deeper',
    ],
    [
      'a choice of a tool that is not there',
      { tools: [WEATHER], toolChoice: { kind: 'tool', name: 'x' } },
      '"x"',
    ],
    ['two tools of one name', { tools: [WEATHER, { name: 'weather' }] }, 'tools.1'],
  ])('refuses %s in one sentence', (_what, request, word, model) => {
    expect(refused(request, model)).toContain(word);
    expect(refused(request, model)).toMatch(/^[^\n]{10,200}\.$/);
  });

  it('probes with the list of models', () => {
    expect(GEMINI_PROVIDER.writeProbeRequest(TARGET)).toEqual({
      method: 'GET',
      url: 'https://generativelanguage.googleapis.com/v1beta/models?pageSize=1',
      headers: { 'x-goog-api-key': 'AIza-test' },
    });
  });
});

describe('an answer format for Gemini', () => {
  it('beside tools is told in words before Gemini 3, which refuses both at once', () => {
    const both = { tools: [WEATHER], ...withFormat(SCHEMA) };
    const old = sent(both, 'gemini-2.5-flash');
    expect(old).not.toHaveProperty('generationConfig');
    expect(old.systemInstruction?.parts[0]?.text).toContain(JSON.stringify(SCHEMA));
    expect(sent(both).generationConfig).toMatchObject({ responseJsonSchema: SCHEMA });
    expect(sent(withFormat(SCHEMA), 'gemini-2.5-flash').generationConfig).toMatchObject({
      responseJsonSchema: SCHEMA,
    });
    expect(sent({ tools: [WEATHER], format: { kind: 'jsonObject' } }, 'gemini-2.5-flash')).not.toHaveProperty(
      'generationConfig',
    );
    expect(refused({ tools: [WEATHER], ...withFormat(SCHEMA, true) }, 'gemini-2.5-flash')).toContain(
      'strict',
    );
  });

  it.each<[string, JsonSchema, JsonSchema]>([
    [
      'null beside a type',
      { type: ['object', 'null'], properties: { a: { type: 'null' } } },
      { type: ['object', 'null'], properties: { a: { type: 'null' } } },
    ],
    ['a free-form object', { type: 'object' }, { type: 'object', additionalProperties: true }],
    [
      'a closed object',
      { type: 'object', additionalProperties: false },
      { type: 'object', additionalProperties: false },
    ],
    [
      'further properties',
      { type: 'object', additionalProperties: { type: 'string', minLength: 1 } },
      { type: 'object', additionalProperties: { type: 'string', description: '{minLength: 1}' } },
    ],
    ['numbers in an enumeration', { enum: [1, 2] }, { type: 'integer', enum: [1, 2] }],
    [
      'a mixed enumeration',
      { enum: ['a', 1.5, null, true] },
      {
        anyOf: [
          { type: 'string', enum: ['a'] },
          { type: 'number', enum: [1.5] },
          { type: 'boolean', description: '{const: true}' },
          { type: 'null' },
        ],
      },
    ],
    ['a constant', { const: 'x' }, { type: 'string', enum: ['x'] }],
    [
      'a pattern',
      { type: 'string', pattern: '^a', description: 'A.' },
      { type: 'string', description: 'A.\n\n{pattern: "^a"}' },
    ],
    ['a date', { type: 'string', format: 'date' }, { type: 'string', format: 'date' }],
    ['OpenAPI nullable', { type: 'string', nullable: true }, { type: ['string', 'null'] }],
    [
      'one of several',
      { oneOf: [{ type: 'string' }, { type: 'null' }] },
      { anyOf: [{ type: 'string' }, { type: 'null' }] },
    ],
    [
      'a tuple',
      { type: 'array', prefixItems: [{ type: 'string' }] },
      { type: 'array', prefixItems: [{ type: 'string' }] },
    ],
  ])('keeps %s', (_what, property, expected) => {
    const schema = { type: 'object', properties: { p: property } };
    expect(sent(withFormat(schema)).generationConfig?.['responseJsonSchema']).toMatchObject({
      properties: { p: expected },
    });
  });

  it('keeps definitions, and leaves references alone as Gemini wants them', () => {
    const schema = {
      type: 'object',
      properties: { at: { $ref: '#/$defs/Place', description: 'Where.' } },
      $defs: { Place: { type: 'object', properties: { city: { type: 'string' } } } },
    };
    expect(sent(withFormat(schema)).generationConfig?.['responseJsonSchema']).toEqual({
      type: 'object',
      properties: { at: { $ref: '#/$defs/Place' } },
      $defs: { Place: { type: 'object', properties: { city: { type: 'string' } } } },
    });
  });

  it.each<[string, JsonSchema]>([
    ['any value', {}],
    ['a list of anything', { type: 'array' }],
    ['a schema that contains itself', { type: 'object', properties: { n: { $ref: '#' } } }],
    ['properties by pattern', { type: 'object', patternProperties: { '^x': { type: 'string' } } }],
    ['several schemas at once', { allOf: [{ type: 'object' }, { type: 'object' }] }],
    ['properties beside alternatives', { properties: { a: { type: 'null' } }, anyOf: [{ required: ['a'] }] }],
    ['an enumeration of objects', { enum: [{ a: 1 }] }],
    ['a foreign reference', { $ref: 'https://example.org/schema.json' }],
  ])('of %s is told in words, and still answered in JSON', (_what, schema) => {
    const body = sent(withFormat(schema));
    expect(body.generationConfig).toEqual({ responseMimeType: 'application/json' });
    expect(body.systemInstruction?.parts[0]?.text).toContain(JSON.stringify(schema));
    expect(refused(withFormat(schema, true))).toMatch(
      /^This Gemini cannot hold an answer to [^\n]{3,120}\.$/,
    );
  });
});

describe('tools for Gemini', () => {
  it.each([
    [{ kind: 'none' }, { mode: 'NONE' }],
    [{ kind: 'auto' }, { mode: 'AUTO' }],
    [{ kind: 'required' }, { mode: 'ANY' }],
    [
      { kind: 'tool', name: 'weather' },
      { mode: 'ANY', allowedFunctionNames: ['weather'] },
    ],
  ] as const)('are chosen by %j', (toolChoice, functionCallingConfig) => {
    expect(sent({ tools: [WEATHER], toolChoice }).toolConfig).toEqual({ functionCallingConfig });
  });

  const declared = (...tools: NonNullable<ChatRequest['tools']>) =>
    sent({ tools }).tools?.[0]?.functionDeclarations;

  it('are declared with their JSON Schema, without one where they have no parameters, and held to it where strict', () => {
    expect(
      declared(WEATHER, { name: 'now' }, { name: 'then', parameters: { type: 'object', properties: {} } }),
    ).toEqual([
      { name: 'weather', description: 'Weather of a city.', parametersJsonSchema: WEATHER.parameters },
      { name: 'now' },
      { name: 'then' },
    ]);
    expect(sent({ tools: [{ ...WEATHER, isStrict: true }] }).toolConfig).toEqual({
      functionCallingConfig: { mode: 'VALIDATED' },
    });
    expect(declared({ name: 'open', parameters: { type: 'object', additionalProperties: true } })).toEqual([
      { name: 'open', parametersJsonSchema: { type: 'object', additionalProperties: true } },
    ]);
  });

  it('have no alternatives at the root of their parameters: which go together is told in words', () => {
    const anyOf = [
      { type: 'object', properties: { content: { type: 'string' } }, required: ['content'] },
      { type: 'object', properties: { source_url: { type: 'string' } }, required: ['source_url'] },
    ];
    expect(declared({ name: 'attach', parameters: { type: 'object', anyOf } })).toEqual([
      {
        name: 'attach',
        parametersJsonSchema: {
          type: 'object',
          properties: { content: { type: 'string' }, source_url: { type: 'string' } },
          description: `{anyOf: ${JSON.stringify(anyOf)}}`,
        },
      },
    ]);
  });

  it('get a name that Gemini takes, the same in declaration, choice and history', () => {
    const name = '1st tool/of many';
    const body = sent({
      messages: [user('x'), calling(call('a', name)), result('a', 'ok')],
      tools: [{ name }, { name: 'calendar.respondToEvent' }],
      toolChoice: { kind: 'tool', name },
    });
    const own = body.tools?.[0]?.functionDeclarations[0]?.['name'];
    expect(own).toMatch(/^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/);
    expect(body.tools?.[0]?.functionDeclarations[1]?.['name']).toBe('calendar.respondToEvent');
    expect(body.toolConfig).toMatchObject({ functionCallingConfig: { allowedFunctionNames: [own] } });
    expect(body.contents).toMatchObject([
      {},
      { parts: [{ functionCall: { name: own } }] },
      { parts: [{ functionResponse: { name: own } }] },
    ]);
  });
});
