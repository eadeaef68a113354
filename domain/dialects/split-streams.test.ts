/** How a stream is cut into pieces is the network's and the server's chance: it never changes the answer. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnswerPart } from '#domain/chat/chat-answer.ts';
import type { AnswerFormat, ChatRequest } from '#domain/chat/chat-request.ts';
import { providerDialectOf } from './dialects.ts';
import { OPENAI_PROVIDER } from './openai/provider.ts';

const HELLO: ChatRequest = {
  model: 'auto',
  messages: [{ role: 'user', content: 'hi' }],
  tools: [],
  sampling: {},
};
const JSON_WANTED: AnswerFormat = { kind: 'jsonObject' };

interface Said {
  readonly text: string;
  readonly reasoning: string;
}

function saidIn(parts: readonly AnswerPart[]): Said {
  const all = (kind: 'text' | 'reasoning'): string =>
    parts.map((part) => (part.kind === kind ? part.text : '')).join('');
  return { text: all('text'), reasoning: all('reasoning') };
}

function streamed(pieces: readonly string[], format: AnswerFormat | undefined): Said {
  const reader = OPENAI_PROVIDER.createStreamReader(format === undefined ? HELLO : { ...HELLO, format });
  const parts = pieces.flatMap((content) =>
    reader.push({ data: JSON.stringify({ choices: [{ index: 0, delta: { content } }] }) }),
  );
  return saidIn([...parts, ...reader.push({ data: '[DONE]' })]);
}

const piece = fc.constantFrom(
  '<think>',
  '</think>',
  '<thinking>',
  '</thinking>',
  '<thought>',
  '[THINK]',
  '[/THINK]',
  '<|begin_of_thought|>',
  '<|end_of_thought|>',
  '<thi',
  '</',
  '{"a":1}',
  'maybe {"a":2}',
  '\n\n',
  ' ',
  'a',
);

describe('an answer with written thought', () => {
  it('is the same wherever its text is split', () => {
    const cases = fc.record({
      whole: fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
      cuts: fc.array(fc.nat(60), { maxLength: 12 }),
      format: fc.constantFrom(undefined, JSON_WANTED),
    });
    fc.assert(
      fc.property(cases, ({ whole, cuts, format }) => {
        const places = [...new Set(cuts)]
          .filter((cut) => cut < whole.length)
          .sort((one, other) => one - other);
        const pieces = [...places, whole.length].map((end, at) => whole.slice(places[at - 1] ?? 0, end));
        expect(streamed(pieces, format)).toEqual(streamed([whole], format));
        expect(streamed(whole.split(''), format)).toEqual(streamed([whole], format));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    '<thinking>a</thinking>{"a":1}',
    '<thought>a</thought>\n{"a":1}',
    '<|begin_of_thought|>a<|end_of_thought|>{"a":1}',
    '<think>a</think>\n</think>\n\n{"a":1}',
    'a</think></think>{"a":1}',
  ])('%j leaves the JSON alone', (whole) => {
    expect(streamed(whole.split(''), JSON_WANTED).text.trim()).toBe('{"a":1}');
    const body = JSON.stringify({ choices: [{ message: { content: whole }, finish_reason: 'stop' }] });
    const read = OPENAI_PROVIDER.readChatAnswer(body, { ...HELLO, format: JSON_WANTED });
    expect(read.ok && read.value.choices[0]?.text?.trim()).toBe('{"a":1}');
  });
});

describe('the end of an answer in the format of OpenAI', () => {
  const finishOf = (word: string): unknown => {
    const body = JSON.stringify({ choices: [{ message: { content: 'a' }, finish_reason: word }] });
    const read = OPENAI_PROVIDER.readChatAnswer(body, HELLO);
    return read.ok ? read.value.choices[0]?.finishReason : read.failure.code;
  };
  it.each([
    ['eos_token', 'stop'],
    ['COMPLETE', 'stop'],
    ['stop_sequence', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['max_length', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['token_limit', 'length'],
    ['ERROR_LIMIT', 'length'],
    ['guardrail_intervened', 'content_filter'],
    ['content_filtered', 'content_filter'],
    ['PROHIBITED_CONTENT', 'content_filter'],
    ['error_toxic', 'content_filter'],
    ['generation_error', 'unavailable'],
    ['USER_CANCEL', 'unavailable'],
  ])('that is called %s means %s', (word, meaning) => {
    expect(finishOf(word)).toBe(meaning);
  });
});

describe('a stream', () => {
  it.each(['OpenAI', 'Anthropic'] as const)(
    'of %s that ends before it says anything is no answer',
    (provider) => {
      const reader = providerDialectOf(provider).createStreamReader(HELLO);
      const data = provider === 'OpenAI' ? '[DONE]' : JSON.stringify({ type: 'message_stop' });
      expect(reader.push({ data }).at(-1)).toMatchObject({
        kind: 'failure',
        failure: { code: 'answer_malformed' },
      });
    },
  );

  it.each(['ping', 'keep-alive', '[heartbeat]', ': OPENROUTER PROCESSING'])(
    'takes %j for a sign of life, though it is no comment',
    (data) => {
      const reader = OPENAI_PROVIDER.createStreamReader(HELLO);
      expect(reader.push({ data })).toEqual([]);
      expect(reader.push({ data: '{"choices":[{"delta":{"content":"a"}}]}' }).at(-1)).toMatchObject({
        text: 'a',
      });
    },
  );

  it('of a server that never closes its blocks tells the arguments of its calls all the same', () => {
    const reader = providerDialectOf('Anthropic').createStreamReader(HELLO);
    const parts = [
      {
        type: 'content_block_start',
        index: 0,
        content_block: { type: 'tool_use', id: 'a', name: 'x', input: { b: 1 } },
      },
      { type: 'message_delta', delta: { stop_reason: 'tool_use' } },
      { type: 'message_stop' },
    ].flatMap((event) => reader.push({ data: JSON.stringify(event) }));
    expect(parts).toContainEqual({ kind: 'toolArguments', choice: 0, call: 0, text: '{"b":1}' });
    expect(parts.at(-1)).toEqual({ kind: 'end' });
  });

  it.each(['Anthropic', 'Gemini'] as const)(
    "of %s is not broken by OpenAI's end of a stream behind it",
    (provider) => {
      const reader = providerDialectOf(provider).createStreamReader(HELLO);
      expect(reader.push({ data: '[DONE]' })).toEqual([]);
    },
  );
});

describe('a whole answer', () => {
  it.each(['OpenAI', 'Anthropic', 'Gemini'] as const)(
    'of %s may begin with a byte order mark',
    (provider) => {
      const bodies = {
        OpenAI: { choices: [{ message: { content: 'a' } }] },
        Anthropic: { content: [{ type: 'text', text: 'a' }], stop_reason: 'end_turn' },
        Gemini: { candidates: [{ content: { parts: [{ text: 'a' }] }, finishReason: 'STOP' }] },
      };
      const read = providerDialectOf(provider).readChatAnswer(
        `\uFEFF${JSON.stringify(bodies[provider])}`,
        HELLO,
      );
      expect(read.ok && read.value.choices[0]?.text).toBe('a');
    },
  );
});
