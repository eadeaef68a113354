import { describe, expect, it } from 'vitest';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import { OPENAI_TEXT_EVENTS, OPENAI_TEXT_STREAM, OPENAI_TOOL_STREAM } from '../wire-fixtures/openai.ts';
import { dataEvents, eventsOf, readStream, tell } from '../wire-fixtures/server-sent-events.ts';
import { OPENAI_COMPATIBLE_PROVIDER } from './provider.ts';

const HELLO: ChatRequest = {
  model: 'auto',
  messages: [{ role: 'user', content: 'Hello' }],
  tools: [],
  sampling: {},
};
const stream = (text: string, request = HELLO) =>
  readStream(OPENAI_COMPATIBLE_PROVIDER.createStreamReader(request), text);
const delta = (fields: object, finishReason: string | null = null): object => ({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta: fields, finish_reason: finishReason }],
});
const told = (events: readonly unknown[], request = HELLO) => tell(stream(dataEvents(events), request));

describe('a stream of OpenAI', () => {
  it('tells who answers, text, its usage, the finish and its end', () => {
    const parts = stream(OPENAI_TEXT_STREAM);
    expect(parts[0]).toEqual({
      kind: 'start',
      id: 'chatcmpl-S1',
      createdSeconds: 1_795_000_002,
      servedModel: 'gpt-5-2025-08-07',
      fingerprint: 'fp_44709d6fcb',
    });
    expect(tell(parts)).toEqual({
      text: 'Hola, señor 👩‍🚀',
      reasoning: '',
      refusal: '',
      toolCalls: [],
      finishReasons: ['stop'],
      usages: [
        {
          inputTokens: 10,
          cachedInputTokens: 20,
          cacheWriteTokens: 0,
          outputTokens: 12,
          reasoningTokens: 5,
        },
      ],
      ended: true,
    });
  });

  it('tells who answers as soon as it is said, and again when another does, also between plain chunks', () => {
    const saying = (model: string, mark: string | null) =>
      JSON.stringify({ ...delta({ content: 'x' }), model, system_fingerprint: mark });
    const reader = OPENAI_COMPATIBLE_PROVIDER.createStreamReader(HELLO);
    // Azure begins with a chunk about the prompt, of no model.
    const first = { ...delta({}), model: '', choices: [], prompt_filter_results: [] };
    expect(reader.push({ data: JSON.stringify(first) })).toMatchObject([{ kind: 'start' }]);
    expect(reader.push({ data: saying('gpt-5-a', null) })).toMatchObject([
      { kind: 'served', servedModel: 'gpt-5-a' },
      { kind: 'text' },
    ]);
    const next = (data: string): unknown => reader.readPlainEvent?.({ data }) ?? reader.push({ data });
    expect(next(saying('gpt-5-a', null))).toBe('x');
    expect(next(saying('gpt-5-a', 'fp_1'))).toMatchObject([
      { kind: 'served', servedModel: 'gpt-5-a', fingerprint: 'fp_1' },
      { kind: 'text' },
    ]);
    expect(next(saying('gpt-5-a', 'fp_1'))).toBe('x');
    expect(next(saying('gpt-5-a', null))).toBe('x');
    expect(next(saying('gpt-5-b', 'fp_1'))).toMatchObject([
      { kind: 'served', servedModel: 'gpt-5-b', fingerprint: 'fp_1' },
      { kind: 'text' },
    ]);
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

  it.each([1, 2, 3])('has no end when it is cut after %i events', (count) => {
    const parts = stream(dataEvents(OPENAI_TEXT_EVENTS.slice(0, count)));
    expect(parts.some(({ kind }) => kind === 'end' || kind === 'finish')).toBe(false);
  });

  it('is complete with its finish reason and a clean close, though nobody said [DONE]', () => {
    const finished = OPENAI_TEXT_EVENTS.slice(0, -1);
    expect(told(finished)).toMatchObject({ text: 'Hola, señor 👩‍🚀', finishReasons: ['stop'], ended: true });
    expect(told(finished.slice(0, -1))).toMatchObject({ finishReasons: ['stop'], usages: [], ended: true });
    const two = { ...HELLO, choiceCount: 2 };
    expect(told(finished, two)).toMatchObject({ finishReasons: [], ended: false });
  });

  it('is over after an error, and nothing after it is taken for an end', () => {
    const error = { error: { message: 'The server had an error', type: 'server_error', code: null } };
    const parts = stream(dataEvents([...OPENAI_TEXT_EVENTS.slice(0, 2), error, '[DONE]']));
    expect(parts.at(-1)).toEqual({
      kind: 'failure',
      failure: { code: 'unavailable', message: 'The server had an error' },
    });
  });

  it.each([
    [{ error: { message: 'slow down', code: 'rate_limit_exceeded' } }, 'rate_limited'],
    [{ error: { message: 'x', code: 429 } }, 'rate_limited'],
    [{ error: { message: 'x', code: '503' } }, 'unavailable'],
    [{ error: { message: 'The engine is overloaded', type: 'server_error' } }, 'overloaded'],
    [{ error: 'boom' }, 'unavailable'],
    [{ object: 'error', message: 'x', type: 'BadRequestError', code: 400 }, 'request_refused'],
    [{ choices: [{ index: 0, error: { code: 429, message: 'x' }, delta: {} }] }, 'rate_limited'],
    [delta({}, 'error'), 'unavailable'],
  ])('reads the error %j as %s', (event, code) => {
    expect(stream(dataEvents([event])).at(-1)).toMatchObject({ kind: 'failure', failure: { code } });
  });

  it('reads an event called error as one, whatever stands in it', () => {
    expect(stream('event: error\ndata: {"message":"too many","code":"429"}\n\n')).toMatchObject([
      { kind: 'failure', failure: { code: 'rate_limited', message: 'too many' } },
    ]);
    expect(stream('event: error\ndata: oops\n\n')).toMatchObject([{ failure: { code: 'unavailable' } }]);
  });

  it.each(['{"choices": [', '[]', '7', '"[DONE"', '{"choices":{}}', '{"choices":[7]}'])(
    'fails on the chunk %s',
    (data) => {
      expect(stream(`data: ${data}\n\ndata: [DONE]\n\n`)).toMatchObject([
        { kind: 'failure', failure: { code: 'answer_malformed' } },
      ]);
    },
  );
});

describe('the end of a stream', () => {
  it('has a finish reason that a server forgot, so that its client does not wait for it', () => {
    expect(told([delta({ content: 'x' }, ''), '[DONE]'])).toMatchObject({
      text: 'x',
      finishReasons: ['stop'],
      ended: true,
    });
    const call = { id: 'c', function: { name: 'now', arguments: '{}' } };
    expect(told([delta({ tool_calls: [call] }), '[DONE]']).finishReasons).toEqual(['tool_calls']);
  });

  it('has one finish reason, though a server says it with every chunk and "stop" after tool calls', () => {
    const call = { index: 0, id: 'c', function: { name: 'now', arguments: '{}' } };
    expect(told([delta({ content: 'a' }, 'stop'), delta({ content: 'b' }, 'stop'), '[DONE]'])).toMatchObject({
      text: 'ab',
      finishReasons: ['stop'],
    });
    expect(told([delta({ tool_calls: [call] }), delta({}, 'stop'), '[DONE]']).finishReasons).toEqual([
      'tool_calls',
    ]);
  });
});

describe('the tool calls of a stream', () => {
  const call = (fields: object): object => delta({ tool_calls: [fields] });
  const begun = (fields: object, name: string, text: string): object =>
    call({ ...fields, function: { name, arguments: text } });
  const more = (fields: object, text: string): object => call({ ...fields, function: { arguments: text } });
  const two = [
    { id: 'a', name: 'calc', arguments: '{"x":1}' },
    { id: 'b', name: 'calc', arguments: '{"x":2}' },
  ];

  it.each<[string, readonly object[]]>([
    [
      'under one index',
      [begun({ index: 0, id: 'a' }, 'calc', '{"x":1}'), begun({ index: 0, id: 'b' }, 'calc', '{"x":2}')],
    ],
    [
      'under one index, in fragments',
      [
        begun({ index: 0, id: 'a' }, 'calc', '{"x"'),
        more({ index: 0 }, ':1}'),
        begun({ index: 0, id: 'b' }, 'calc', '{"x"'),
        more({ index: 0 }, ':2}'),
      ],
    ],
    ['without index', [begun({ id: 'a' }, 'calc', '{"x":1}'), begun({ id: 'b' }, 'calc', '{"x":2}')]],
    [
      'without index, in fragments',
      [
        begun({ id: 'a' }, 'calc', ''),
        more({}, '{"x":1}'),
        begun({ id: 'b' }, 'calc', ''),
        more({}, '{"x":2}'),
      ],
    ],
    [
      'with an index that jumps',
      [begun({ index: 1, id: 'a' }, 'calc', '{"x":1}'), begun({ index: 7, id: 'b' }, 'calc', '{"x":2}')],
    ],
    [
      'interleaved',
      [
        begun({ index: 0, id: 'a' }, 'calc', '{"x"'),
        begun({ index: 1, id: 'b' }, 'calc', '{"x"'),
        more({ index: 0 }, ':1}'),
        more({ index: 1 }, ':2}'),
      ],
    ],
    [
      'with the id on every delta',
      [
        begun({ index: 0, id: 'a' }, 'calc', '{"x"'),
        begun({ index: 0, id: 'b' }, 'calc', '{"x"'),
        more({ index: 0, id: 'a' }, ':1}'),
        more({ index: 0, id: 'b' }, ':2}'),
      ],
    ],
    [
      'with empty ids after the first',
      [
        begun({ index: 0, id: 'a' }, 'calc', '{"x"'),
        more({ index: 0, id: '' }, ':1}'),
        begun({ index: 1, id: 'b' }, 'calc', '{"x"'),
        more({ index: 1, id: '' }, ':2}'),
      ],
    ],
    [
      'with the name on every delta',
      [
        begun({ index: 0, id: 'a' }, 'calc', '{"x"'),
        begun({ index: 0, id: 'a' }, 'calc', ':1}'),
        begun({ index: 1, id: 'b' }, 'calc', '{"x"'),
        begun({ index: 1 }, 'calc', ':2}'),
      ],
    ],
    [
      'with the name after the id',
      [
        call({ index: 0, id: 'a' }),
        begun({ index: 0 }, 'calc', '{"x":1}'),
        call({ index: 1, id: 'b', function: {} }),
        begun({ index: 1 }, 'calc', '{"x":2}'),
      ],
    ],
    [
      'in one delta',
      [
        delta({
          tool_calls: [
            { id: 'a', function: { name: 'calc', arguments: '{"x":1}' } },
            { id: 'b', function: { name: 'calc', arguments: '{"x":2}' } },
          ],
        }),
      ],
    ],
    [
      'with arguments as objects',
      [
        call({ index: 0, id: 'a', function: { name: 'calc', arguments: { x: 1 } } }),
        call({ index: 0, id: 'b', function: { name: 'calc', arguments: { x: 2 } } }),
      ],
    ],
    [
      'with an index as text',
      [begun({ index: '0', id: 'a' }, 'calc', '{"x":1}'), begun({ index: '1', id: 'b' }, 'calc', '{"x":2}')],
    ],
  ])('are two %s', (_what, events) => {
    expect(told([...events, delta({}, 'tool_calls'), '[DONE]'])).toMatchObject({
      toolCalls: two,
      finishReasons: ['tool_calls'],
      ended: true,
    });
  });

  it.each<[string, readonly object[]]>([
    ['under one index', [begun({ index: 0 }, 'calc', '{"x":1}'), begun({ index: 0 }, 'calc', '{"x":2}')]],
    ['without index', [begun({}, 'calc', '{"x":1}'), begun({ id: '' }, 'calc', '{"x":2}')]],
    [
      'in one delta',
      [
        delta({
          tool_calls: [
            { function: { name: 'calc', arguments: '{"x":1}' } },
            { function: { name: 'calc', arguments: '{"x":2}' } },
          ],
        }),
      ],
    ],
    [
      'whose ids come too late',
      [
        begun({ index: 0 }, 'calc', '{"x"'),
        more({ index: 0, id: 'late' }, ':1}'),
        begun({ index: 1 }, 'calc', '{"x":2}'),
      ],
    ],
  ])('without ids get them from their place in the conversation, %s', (_what, events) => {
    expect(told([...events, '[DONE]']).toolCalls).toEqual([
      { id: 'call_1_0_0', name: 'calc', arguments: '{"x":1}' },
      { id: 'call_1_0_1', name: 'calc', arguments: '{"x":2}' },
    ]);
  });

  it('without arguments have the empty object, and the retired form is a call too', () => {
    expect(told([begun({ index: 0, id: 'a' }, 'now', ''), '[DONE]']).toolCalls).toEqual([
      { id: 'a', name: 'now', arguments: '{}' },
    ]);
    const retired = [
      delta({ function_call: { name: 'now', arguments: '' } }),
      delta({ function_call: { arguments: '{"a":1}' } }, 'function_call'),
    ];
    expect(told([...retired, '[DONE]'])).toMatchObject({
      toolCalls: [{ id: 'call_1_0_0', name: 'now', arguments: '{"a":1}' }],
      finishReasons: ['tool_calls'],
    });
  });

  it('get back the names that the provider could not take', () => {
    const request = { ...HELLO, tools: [{ name: 'calendar.respondToEvent' }] };
    const events = [begun({ index: 0, id: 'a' }, 'calendar_respondToEvent', '{}'), '[DONE]'];
    expect(told(events, request).toolCalls[0]?.name).toBe('calendar.respondToEvent');
  });

  it('without a name are no calls that anybody could make', () => {
    expect(stream(dataEvents([more({ index: 0, id: 'a' }, '{}'), '[DONE]'])).at(-1)).toMatchObject({
      kind: 'failure',
      failure: { code: 'answer_malformed' },
    });
  });
});

describe('what a stream says beside its text', () => {
  it('is reasoning, whichever field it stands in', () => {
    for (const field of ['reasoning_content', 'reasoning', 'thinking']) {
      const events = [
        delta({ [field]: 'h', content: null }),
        delta({ [field]: 'm' }),
        delta({ content: 'x' }, 'stop'),
      ];
      expect(told([...events, '[DONE]'])).toMatchObject({ text: 'x', reasoning: 'hm' });
    }
    const parts = [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }];
    expect(
      told([delta({ content: parts }), delta({ content: [{ type: 'text', text: 'x' }] }), '[DONE]']),
    ).toMatchObject({
      text: 'x',
      reasoning: 'hm',
    });
  });

  it('is no text when it was written out between tags, at whatever byte the chunks are cut', () => {
    const whole = '<think>\nhm </thin\n</think>\n\n{"category":"spam"}';
    for (let size = 1; size < whole.length; size += 1) {
      const pieces = whole.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
      const { text, reasoning } = told([
        ...pieces.map((content) => delta({ content })),
        delta({}, 'stop'),
        '[DONE]',
      ]);
      expect({ text, reasoning }).toEqual({ text: '{"category":"spam"}', reasoning: '\nhm </thin\n' });
    }
    expect(told([delta({ content: '<think>endless' }, 'length'), '[DONE]'])).toMatchObject({
      text: '',
      reasoning: 'endless',
      finishReasons: ['length'],
    });
  });

  it('is its usage, in whichever chunk and place it stands', () => {
    const usage = (tokens: number) => ({ prompt_tokens: 5, completion_tokens: tokens });
    const expected = { inputTokens: 5, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 2 };
    const each = [
      { ...delta({ content: 'x' }), usage: usage(1) },
      { ...delta({ content: 'x' }, 'stop'), usage: usage(2) },
    ];
    expect(told([...each, '[DONE]']).usages.at(-1)).toEqual(expected);
    expect(
      told([...each, { choices: [], usage: { prompt_tokens: 0, completion_tokens: 0 } }, '[DONE]']).usages.at(
        -1,
      ),
    ).toEqual(expected);
    expect(
      told([delta({ content: 'x' }, 'stop'), { choices: [], x_groq: { usage: usage(2) } }]).usages,
    ).toEqual([expected]);
    const inChoice = { choices: [{ index: 0, delta: {}, finish_reason: 'stop', usage: usage(2) }] };
    expect(told([inChoice, '[DONE]']).usages).toEqual([expected]);
  });

  it('is what our own router wants back with the reasoning', () => {
    const events = [
      delta({ reasoning_content: 'hm' }),
      delta({ reasoning_signature: 'sig' }),
      delta({ content: 'x' }),
    ];
    expect(stream(dataEvents([...events, '[DONE]']))).toContainEqual({
      kind: 'reasoning',
      choice: 0,
      text: '',
      signature: 'sig',
    });
  });

  it('may be nothing: nulls, roles, empty lists and comments pass', () => {
    const nothing = [
      { choices: [] },
      { choices: null, id: null },
      delta({ role: 'assistant' }),
      {
        id: null,
        created: null,
        model: null,
        usage: null,
        error: null,
        choices: [{ index: null, delta: null, finish_reason: null }],
      },
      delta({
        role: null,
        content: null,
        refusal: null,
        tool_calls: null,
        function_call: null,
        reasoning: null,
      }),
      { choices: [{ message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' }] },
    ];
    expect(told([...nothing, '[DONE]'])).toMatchObject({ text: 'x', finishReasons: ['stop'], ended: true });
  });
});

describe('an event that goes to the caller as it came', () => {
  const plain = delta({ content: 'x' });

  function reader(first: object = plain, request = HELLO) {
    const opened = OPENAI_COMPATIBLE_PROVIDER.createStreamReader(request);
    for (const event of eventsOf(dataEvents([first]))) opened.push(event);
    return (event: unknown) => opened.readPlainEvent?.({ data: JSON.stringify(event) });
  }

  it('is one of plain text, after the text has begun', () => {
    expect(reader()(plain)).toBe('x');
    expect(reader(delta({ role: 'assistant' }))(plain)).toBeUndefined();
    expect(reader(delta({ content: '<think>' }))(plain)).toBeUndefined();
    expect(
      reader(delta({ content: 'no JSON' }), { ...HELLO, format: { kind: 'jsonObject' } })(plain),
    ).toBeUndefined();
  });

  it.each([
    delta({ content: 'x' }, 'stop'),
    delta({ content: 'x', tool_calls: [] }),
    delta({ content: 'x', reasoning: 'y' }),
    delta({ content: [] }),
    { ...plain, usage: { prompt_tokens: 1 } },
    { ...plain, x_groq: {} },
    { ...plain, error: {} },
    { ...plain, id: '' },
    { ...plain, choices: [] },
    { choices: [{ delta: { content: 'x' } }] },
  ])('is not %j', (event) => {
    expect(reader()(event)).toBeUndefined();
  });
});
