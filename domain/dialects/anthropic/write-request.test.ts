import { describe, expect, it } from 'vitest';
import type { ChatMessage, ChatRequest, ToolCall } from '#domain/chat/chat-request.ts';
import type { ProviderTarget } from '../dialect.ts';
import { NO_RESULT } from '../tool-results.ts';
import { ANTHROPIC_PROVIDER } from './provider.ts';

const TARGET: ProviderTarget = {
  endpoint: 'https://api.anthropic.com/v1',
  model: 'claude-sonnet-4-5',
  apiKey: 'sk-ant-test',
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
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

const write = (request: Partial<ChatRequest>, model = TARGET.model) =>
  ANTHROPIC_PROVIDER.writeChatRequest({ ...HELLO, ...request }, { ...TARGET, model });

function sent(request: Partial<ChatRequest>, model = TARGET.model): Record<string, unknown> {
  const written = write(request, model);
  if (!written.ok) throw new Error(written.problem);
  return JSON.parse(written.value.body ?? '');
}

function refused(request: Partial<ChatRequest>, model = TARGET.model): string {
  const written = write(request, model);
  return written.ok ? 'not refused' : written.problem;
}

const turns = (messages: readonly ChatMessage[], model = TARGET.model): unknown =>
  sent({ messages }, model)['messages'];
const text = (words: string) => ({ type: 'text', text: words });
const user = (content: string): ChatMessage => ({ role: 'user', content });
const call = (id: string, name = 'now', argumentsText = '{}'): ToolCall => ({ id, name, argumentsText });
const calling = (...toolCalls: readonly ToolCall[]): ChatMessage => ({
  role: 'assistant',
  content: null,
  toolCalls,
});
const result = (toolCallId: string, content: string): ChatMessage => ({ role: 'tool', toolCallId, content });

describe('a chat request to Anthropic', () => {
  it('goes to the Messages API with the key in its own header and the version pinned', () => {
    expect(write({})).toEqual({
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
          messages: [{ role: 'user', content: [text('Hello')] }],
        }),
      },
    });
  });

  it('gathers system and developer messages in `system`', () => {
    const body = sent({
      messages: [
        { role: 'system', content: 'Be brief.' },
        user('Hello'),
        { role: 'developer', content: [{ kind: 'text', text: 'Answer in Spanish.' }] },
      ],
    });
    expect(body['system']).toEqual([text('Be brief.'), text('Answer in Spanish.')]);
    expect(body['messages']).toEqual([{ role: 'user', content: [text('Hello')] }]);
  });

  it('answers parallel tool calls in one turn of the user, the results before its text', () => {
    expect(
      turns([
        user('Weather and time?'),
        {
          role: 'assistant',
          content: 'I look.',
          toolCalls: [call('toolu_1', 'weather', '{"city":"Köln"}'), call('toolu_2', 'now', '')],
        },
        user('And quickly.'),
        result('toolu_2', ''),
        result('toolu_1', 'rain'),
      ]),
    ).toEqual([
      { role: 'user', content: [text('Weather and time?')] },
      {
        role: 'assistant',
        content: [
          text('I look.'),
          { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Köln' } },
          { type: 'tool_use', id: 'toolu_2', name: 'now', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_1', content: [text('rain')] },
          { type: 'tool_result', tool_use_id: 'toolu_2' },
          text('And quickly.'),
        ],
      },
    ]);
  });

  it('gives a call without a result the word that there is none, and refuses a result without a call', () => {
    expect(turns([user('Time?'), calling(call('toolu_1')), user('Never mind.')])).toMatchObject([
      { role: 'user' },
      { role: 'assistant' },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_1', content: [text(NO_RESULT)] },
          text('Never mind.'),
        ],
      },
    ]);
    expect(refused({ messages: [user('x'), result('toolu_9', 'noon')] })).toContain('messages.1');
  });

  it('tells a failed tool from one that worked, and an error without words by one', () => {
    const failed: ChatMessage = { role: 'tool', toolCallId: 'toolu_1', content: '', isError: true };
    expect(turns([user('Time?'), calling(call('toolu_1')), failed])).toMatchObject([
      {},
      {},
      { content: [{ tool_use_id: 'toolu_1', is_error: true, content: [text('error')] }] },
    ]);
  });

  it('merges turns of the same role and drops text of white space only, which Anthropic refuses', () => {
    expect(
      turns([
        user('One.'),
        { role: 'assistant', content: ' \n' },
        user('Two.'),
        { role: 'assistant', content: null },
      ]),
    ).toEqual([{ role: 'user', content: [text('One.'), text('Two.')] }]);
  });

  it('begins with a turn of the user, also where the assistant opened the conversation', () => {
    expect(turns([{ role: 'assistant', content: 'How can I help?' }, user('Hello')])).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: [text('How can I help?')] },
      { role: 'user', content: [text('Hello')] },
    ]);
  });

  it('lets the older families continue the assistant, without white space at the end, and asks no younger one', () => {
    const messages: ChatMessage[] = [user('A poem.'), { role: 'assistant', content: 'Roses are \n' }];
    expect(turns(messages, 'claude-sonnet-4-5')).toMatchObject([
      {},
      { role: 'assistant', content: [text('Roses are')] },
    ]);
    for (const model of ['claude-opus-4-6', 'claude-sonnet-4-6', 'claude-haiku-5-5']) {
      expect(refused({ messages }, model)).toContain('does not continue a message of the assistant');
    }
  });

  it('gives ids of other providers a form that Anthropic takes, each once, the same for call and result', () => {
    const id = 'call|fc.with:odd/characters';
    const messages = [
      user('Time?'),
      calling(call(id), call('call_0')),
      result(id, 'noon'),
      result('call_0', 'noon'),
      calling(call('call_0')),
      result('call_0', 'later'),
    ];
    const blocks = (turns(messages) as { content: { type: string; id?: string; tool_use_id?: string }[] }[])
      .flatMap(({ content }) => content)
      .filter(({ type }) => type !== 'text');
    const called = blocks.flatMap((block) => (block.id === undefined ? [] : [block.id]));
    const answered = blocks.flatMap((block) => (block.tool_use_id === undefined ? [] : [block.tool_use_id]));
    expect(answered).toEqual(called);
    expect(new Set(called).size).toBe(3);
    expect(called.every((each) => /^[a-zA-Z0-9_-]{1,64}$/.test(each))).toBe(true);
    expect(turns(messages)).toEqual(turns(messages));
  });

  it('sends images by https and as data, and says which ones it cannot', () => {
    const images = (...sources: { url?: string; mediaType?: string }[]): Partial<ChatRequest> => ({
      messages: [
        {
          role: 'user',
          content: sources.map(({ url, mediaType }) => ({
            kind: 'image',
            image:
              url === undefined
                ? { kind: 'inline', mediaType: mediaType ?? '', base64: 'iVBORw0KGgo=' }
                : { kind: 'url', url },
          })),
        },
      ],
    });
    expect(
      sent(images({ url: 'https://example.org/a.png' }, { mediaType: 'image/jpeg' }))['messages'],
    ).toEqual([
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'url', url: 'https://example.org/a.png' } },
          { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: 'iVBORw0KGgo=' } },
        ],
      },
    ]);
    expect(refused(images({ url: 'http://example.org/a.png' }))).toContain('messages.0.content.0');
    expect(refused(images({ mediaType: 'image/bmp' }))).toContain('JPEG, PNG, GIF or WebP');
  });

  it('says who of several users speaks in the text, for which Anthropic has no field', () => {
    expect(turns([{ role: 'user', name: 'ana', content: 'Hola.' }])).toEqual([
      { role: 'user', content: [text('ana: Hola.')] },
    ]);
  });

  it('passes at most four marks for the prompt cache, at the one lifetime whose price is known', () => {
    const marked = (lifetimeSeconds: number, count: number): ChatMessage => ({
      role: 'user',
      content: Array.from({ length: count }, (_, index) => ({
        kind: 'text',
        text: `part ${index}`,
        cache: { lifetimeSeconds },
      })),
    });
    expect(turns([marked(3600, 1)])).toEqual([
      { role: 'user', content: [{ ...text('part 0'), cache_control: { type: 'ephemeral' } }] },
    ]);
    const [turn] = turns([marked(300, 6)]) as [{ content: { cache_control?: object }[] }];
    expect(turn.content.map((block) => block.cache_control !== undefined)).toEqual([
      false,
      false,
      true,
      true,
      true,
      true,
    ]);
  });

  it('maps limits, stops, user and top_k', () => {
    expect(
      sent({
        maximumOutputTokens: 7,
        endUser: 'u-1',
        sampling: { stopSequences: ['A', 'B', '', 'A'], topK: 40, seed: 7 },
        stream: { includesUsage: true },
      }),
    ).toEqual({
      model: 'claude-sonnet-4-5',
      max_tokens: 7,
      stream: true,
      metadata: { user_id: 'u-1' },
      messages: [{ role: 'user', content: [text('Hello')] }],
      stop_sequences: ['A', 'B'],
      top_k: 40,
    });
  });

  it('asks for no more tokens than the family can write', () => {
    const most = (model: string): unknown => sent({ maximumOutputTokens: 1_000_000 }, model)['max_tokens'];
    expect(most('claude-3-haiku-20240307')).toBe(4096);
    expect(most('claude-3-5-sonnet-20241022')).toBe(8192);
    expect(most('claude-opus-4-20250514')).toBe(32_000);
    expect(most('claude-sonnet-4-5')).toBe(64_000);
    expect(most('claude-opus-5-5')).toBe(128_000);
    expect(most('kimi-k3')).toBe(1_000_000);
    expect(sent({}, 'claude-3-haiku-20240307')['max_tokens']).toBe(4096);
  });

  it('tells no address of a person, which Anthropic refuses as a user id', () => {
    const idOf = (endUser: string): unknown => sent({ endUser })['metadata'];
    expect(idOf('ana@example.org')).toEqual({ user_id: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(idOf('ana@example.org')).toEqual(idOf('ana@example.org'));
    expect(idOf('x'.repeat(300))).toEqual({ user_id: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it('sends one of temperature and top_p to the families that take one', () => {
    const both = (temperature: number, topP: number, model: string): unknown => {
      const { temperature: sentTemperature, top_p: sentTopP } = sent(
        { sampling: { temperature, topP } },
        model,
      );
      return [sentTemperature, sentTopP];
    };
    for (const model of [
      'claude-opus-4-1',
      'claude-sonnet-4-5-20250929',
      'claude-haiku-4-5',
      'claude-opus-4-6',
    ]) {
      expect(both(0.2, 0.9, model)).toEqual([0.2, undefined]);
      expect(both(1, 0.9, model)).toEqual([undefined, 0.9]);
      expect(both(0.2, 1, model)).toEqual([0.2, undefined]);
    }
    for (const model of ['claude-3-5-haiku-latest', 'claude-opus-4-20250514', 'kimi-k3']) {
      expect(both(0.2, 0.9, model)).toEqual([0.2, 0.9]);
    }
  });

  it('does not lose a temperature in silence on models that take none', () => {
    for (const model of [
      'claude-opus-4-7',
      'claude-sonnet-5',
      'claude-haiku-5-5',
      'claude-fable-5-20260601',
      'claude-opus-4-10',
      'us.anthropic.claude-opus-5-5-v1:0',
    ]) {
      for (const sampling of [{ temperature: 0 }, { topP: 0.5 }, { topK: 5 }]) {
        expect(refused({ sampling }, model)).toContain(model);
      }
      // The default says nothing, so it need not be said.
      expect(sent({ sampling: { temperature: 1, topP: 1, topK: 0 } }, model)).not.toHaveProperty(
        'temperature',
      );
    }
    for (const model of ['claude-opus-4-6', 'claude-sonnet-4-5-20250929', 'kimi-k3']) {
      expect(sent({ sampling: { temperature: 0 } }, model)).toMatchObject({ temperature: 0 });
    }
  });

  it.each<[string, string, object]>([
    ['low', 'claude-opus-4-5', { output_config: { effort: 'low' } }],
    ['minimal', 'claude-sonnet-4-6', { output_config: { effort: 'low' } }],
    ['xhigh', 'claude-sonnet-4-6', { output_config: { effort: 'high' } }],
    ['max', 'claude-opus-4-5', { output_config: { effort: 'high' } }],
    ['xhigh', 'claude-opus-5-5', { output_config: { effort: 'xhigh' } }],
    ['none', 'claude-sonnet-4-5', {}],
    ['none', 'claude-sonnet-5', { thinking: { type: 'disabled' } }],
    ['none', 'claude-sonnet-5-5', { thinking: { type: 'between_tools' } }],
  ])('maps the reasoning effort %s for %s', (reasoningEffort, model, expected) => {
    const {
      model: _model,
      max_tokens: _most,
      messages: _messages,
      ...rest
    } = sent({ reasoningEffort }, model);
    expect(rest).toEqual(expected);
  });

  it.each([
    ['none', 'claude-opus-5-5', 'cannot go without thinking'],
    ['high', 'claude-sonnet-4-5', 'takes no reasoning effort'],
    ['enormous', 'claude-opus-5-5', 'reasoning efforts'],
  ])('refuses the reasoning effort %s for %s', (reasoningEffort, model, words) => {
    expect(refused({ reasoningEffort }, model)).toContain(words);
  });

  it.each<[string, Partial<ChatRequest>, string]>([
    ['several choices', { choiceCount: 2 }, 'one choice'],
    ['penalties', { sampling: { presencePenalty: 0.5 } }, 'presence_penalty'],
    ['a temperature above 1', { sampling: { temperature: 1.5 } }, 'temperature'],
    ['a stop of white space', { sampling: { stopSequences: ['END', '\n'] } }, 'white space'],
    [
      'a field of another dialect that has an effect',
      { extensions: { dialect: 'openai', fields: { logprobs: true } } },
      'logprobs',
    ],
    [
      'a part of another dialect',
      {
        messages: [
          {
            role: 'user',
            content: [
              { kind: 'foreign', type: 'input_audio', extensions: { dialect: 'openai', fields: {} } },
            ],
          },
        ],
      },
      'input_audio',
    ],
    ['no message but the system', { messages: [{ role: 'system', content: 'x' }] }, 'user message'],
    [
      'arguments that are no object',
      { messages: [calling(call('c', 'f', '{"a":'))] },
      'toolCalls.0.arguments',
    ],
    [
      'arguments that nest without end',
      { messages: [calling(call('c', 'f', `${'{"a":'.repeat(6000)}1${'}'.repeat(6000)}`))] },
      'nests deeper',
    ],
  ])('refuses %s in one sentence', (_what, request, word) => {
    expect(refused(request)).toContain(word);
    expect(refused(request)).toMatch(/^[^\n]{10,200}\.$/);
  });

  it('takes values that ask for nothing', () => {
    const extensions = {
      dialect: 'openai',
      fields: { store: false, logprobs: false, logit_bias: {} },
    } as const;
    expect(
      Object.keys(sent({ choiceCount: 1, sampling: { presencePenalty: 0, topK: 0 }, extensions })),
    ).toEqual(['model', 'max_tokens', 'messages']);
  });

  it('has no embeddings and says so', () => {
    const request = {
      model: 'auto',
      inputs: { kind: 'texts', texts: ['x'] },
      encoding: 'float',
    } as const;
    expect(ANTHROPIC_PROVIDER.writeEmbeddingsRequest(request, TARGET)).toMatchObject({ ok: false });
  });
});

describe('thought on its way back to Claude', () => {
  const history = (signature: string): ChatMessage[] => [
    user('Time?'),
    {
      role: 'assistant',
      content: null,
      reasoning: { text: 'I look at the clock.', signature },
      toolCalls: [call('toolu_1')],
    },
    result('toolu_1', 'noon'),
  ];
  const thinking = { type: 'thinking', thinking: 'I look at the clock.', signature: 'EqQB' };
  const firstBlock = (signature: string, model: string): unknown =>
    (turns(history(signature), model) as { content: unknown[] }[])[1]?.content[0];

  it('stands before the calls that it led to', () => {
    expect(firstBlock('EqQB', 'claude-opus-4-6')).toEqual(thinking);
    expect(firstBlock('{"model":"claude-opus-4-6","signature":"EqQB"}', 'claude-opus-4-6')).toEqual(thinking);
    expect(
      firstBlock('{"model":"claude-opus-4-6-20260101","blocks":[{"data":"x"}]}', 'claude-opus-4-6'),
    ).toEqual({ type: 'redacted_thinking', data: 'x' });
  });

  it('goes to the model only that thought it', () => {
    expect(firstBlock('{"model":"claude-opus-5","signature":"EqQB"}', 'claude-opus-4-6')).toMatchObject({
      type: 'tool_use',
    });
    expect(firstBlock('EqQB', 'claude-opus-5-5')).toMatchObject({ type: 'tool_use' });
    expect(firstBlock('', 'claude-opus-4-6')).toMatchObject({ type: 'tool_use' });
    expect(firstBlock('{"model"', 'claude-opus-4-6')).toMatchObject({ type: 'tool_use' });
  });

  it('is dropped by Claude itself, not refused, where the conversation before it is another', () => {
    const messages = history('{"model":"claude-opus-5-5","signature":"EqQB"}');
    const written = write({ messages }, 'claude-opus-5-5');
    expect(written.ok && written.value.headers).toMatchObject({
      'anthropic-beta': 'thinking-binding-controls-2026-08-01',
    });
    expect(sent({ messages }, 'claude-opus-5-5')).toMatchObject({
      thinking: { type: 'adaptive', block_binding: { prefix_mismatch_behavior: 'drop_block' } },
    });
    expect(write({}, 'claude-opus-5-5')).not.toHaveProperty('value.headers.anthropic-beta');
  });
});

describe('tools for Claude', () => {
  it.each([
    [{ kind: 'none' }, undefined, { type: 'none' }],
    [{ kind: 'auto' }, undefined, { type: 'auto' }],
    [{ kind: 'required' }, undefined, { type: 'any' }],
    [{ kind: 'required' }, false, { type: 'any', disable_parallel_tool_use: true }],
    [undefined, false, { type: 'auto', disable_parallel_tool_use: true }],
    [undefined, true, undefined],
    [{ kind: 'tool', name: 'weather' }, true, { type: 'tool', name: 'weather' }],
  ] as const)('are chosen by %j with parallel calls %j', (toolChoice, parallel, expected) => {
    const body = sent({
      tools: [WEATHER],
      ...(toolChoice !== undefined && { toolChoice }),
      ...(parallel !== undefined && { allowsParallelToolCalls: parallel }),
    });
    expect(body['tool_choice']).toEqual(expected);
  });

  it('are not forced on the families that cannot be, nor chosen where they are not declared', () => {
    const toolChoice = { kind: 'required' } as const;
    expect(refused({ tools: [WEATHER], toolChoice }, 'claude-opus-5-5')).toContain('claude-opus-5-5');
    expect(refused({ tools: [WEATHER], toolChoice }, 'claude-fable-5-1')).toContain('claude-fable-5-1');
    expect(sent({ tools: [WEATHER], toolChoice }, 'claude-opus-5')).toMatchObject({
      tool_choice: { type: 'any' },
    });
    expect(refused({ tools: [WEATHER], toolChoice: { kind: 'tool', name: 'x' } })).toContain('"x"');
  });

  it('are declared, also without parameters, and held to their schema where they are strict', () => {
    const tools = sent({ tools: [WEATHER, { name: 'now' }, { ...WEATHER, name: 'strict', isStrict: true }] })[
      'tools'
    ];
    expect(tools).toEqual([
      { name: 'weather', description: 'Weather of a city.', input_schema: WEATHER.parameters },
      { name: 'now', input_schema: { type: 'object' } },
      {
        name: 'strict',
        description: 'Weather of a city.',
        input_schema: { ...WEATHER.parameters, additionalProperties: false },
        strict: true,
      },
    ]);
    expect(
      refused({
        tools: [{ name: 'set', isStrict: true, parameters: { properties: { any: { type: 'object' } } } }],
      }),
    ).toContain('strict');
  });

  it('are declared from the history where calls stand in it and no tool is offered any more', () => {
    expect(
      sent({ messages: [user('x'), calling(call('toolu_1')), result('toolu_1', 'noon')] }),
    ).toMatchObject({
      tools: [{ name: 'now', input_schema: { type: 'object' } }],
      tool_choice: { type: 'none' },
    });
  });

  it('get a name that Anthropic takes, the same in declaration, choice and history', () => {
    const name = 'calendar.respondToEvent';
    const body = sent({
      messages: [user('x'), calling(call('toolu_1', name)), result('toolu_1', 'ok')],
      tools: [{ name }],
      toolChoice: { kind: 'tool', name },
    });
    const own = 'calendar_respondToEvent';
    expect(body).toMatchObject({ tools: [{ name: own }], tool_choice: { name: own } });
    expect(JSON.stringify(body['messages'])).toContain(`"name":"${own}"`);
  });

  it('may not share a name, unless they are the same', () => {
    expect(sent({ tools: [WEATHER, WEATHER] })['tools']).toHaveLength(1);
    expect(refused({ tools: [WEATHER, { name: 'weather' }] })).toContain('tools.1');
  });
});
