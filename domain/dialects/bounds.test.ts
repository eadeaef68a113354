/** Bodies that are small and would cost without end, in both directions. Each test ends within its time only where the bound holds. */
import { describe, expect, it } from 'vitest';
import { PROVIDERS } from '#crds/model.ts';
import type { ChatRequest, JsonSchema } from '#domain/chat/chat-request.ts';
import { MOST_CHOICES, MOST_TOOL_CALLS } from './answer-limits.ts';
import { providerDialectOf } from './dialects.ts';
import { fixturesOf } from './wire-fixtures/provider-fixtures.ts';

const HELLO: ChatRequest = {
  model: 'auto',
  messages: [{ role: 'user', content: 'hi' }],
  tools: [],
  sampling: {},
};
const TARGET = { endpoint: 'http://127.0.0.1:9/v1', model: 'm' };
const EMBEDDINGS = { model: 'm', inputs: { kind: 'texts', texts: ['a'] }, encoding: 'float' } as const;
const MANY = 150_000;
const many = (element: string): string => `[${`${element},`.repeat(MANY)}${element}]`;

/** Each definition names the next one in `named` places. */
function chain(length: number, named: number): JsonSchema {
  const links = Array.from({ length }, (_, place) => [
    `d${place}`,
    { type: 'object', anyOf: Array.from({ length: named }, () => ({ $ref: `#/$defs/d${place + 1}` })) },
  ]);
  const last = { type: 'object', properties: { a: { type: 'string' } } };
  return {
    type: 'object',
    anyOf: [{ $ref: '#/$defs/d0' }],
    $defs: { ...Object.fromEntries(links), [`d${length}`]: last },
  };
}

describe.each(PROVIDERS)('%s', (provider) => {
  const dialect = providerDialectOf(provider);
  const fixtures = fixturesOf(provider);

  it('refuses a tool whose schema would double at each of its definitions', () => {
    const request = { ...HELLO, tools: [{ name: 't', parameters: chain(60, 2) }] };
    if (fixtures.passesSchemasOn) return;
    expect(dialect.writeChatRequest(request, TARGET)).toMatchObject({
      ok: false,
      problem: expect.stringContaining('combines more than 256 schemas'),
    });
  });

  it('takes definitions that refer to each other in a chain longer than the stack is deep', () => {
    const { $defs } = chain(30_000, 1);
    const schema = { type: 'object', properties: { a: { $ref: '#/$defs/d0' } }, required: ['a'], $defs };
    const format = { kind: 'jsonSchema', name: 'x', schema } as const;
    expect(dialect.writeChatRequest({ ...HELLO, format }, TARGET).ok).toBe(true);
  });

  it('writes a history of thousands of calls that all have one id', () => {
    const call = { id: 'a', name: 't', argumentsText: '{}' };
    const turn = {
      role: 'assistant',
      content: null,
      toolCalls: Array.from({ length: 500 }, () => call),
    } as const;
    const messages = [...HELLO.messages, ...Array.from({ length: 40 }, () => turn)];
    expect(dialect.writeChatRequest({ ...HELLO, messages }, TARGET).ok).toBe(true);
  });

  it('counts the elements of an answer before it looks at any', () => {
    expect(dialect.readChatAnswer(fixtures.answerOf(many('1')), HELLO)).toMatchObject({
      ok: false,
      failure: { code: 'answer_malformed', message: expect.stringMatching(/Too big/) },
    });
  });

  it('reads a vector up to its first element that is no number', () => {
    const body = fixtures.embeddingsOf(`[${'null,'.repeat(9_000)}1]`);
    const read = dialect.readEmbeddingsAnswer(body, EMBEDDINGS);
    expect(read).toMatchObject({ ok: false, failure: { code: 'answer_malformed' } });
  });

  it('ends a stream that calls tools without end', () => {
    const reader = dialect.createStreamReader(HELLO);
    const parts = Array.from({ length: MOST_TOOL_CALLS + 2 }, (_, place) =>
      reader.push({ data: JSON.stringify(fixtures.toolCallEvent(place)) }),
    ).flat();
    expect(parts.filter(({ kind }) => kind === 'toolCall')).toHaveLength(MOST_TOOL_CALLS);
    expect(parts.at(-1)).toMatchObject({ kind: 'failure', failure: { code: 'answer_malformed' } });
  });
});

describe('an answer in the format of OpenAI', () => {
  it('has no more choices than can be asked for, also in a stream', () => {
    const reader = providerDialectOf('OpenAI').createStreamReader(HELLO);
    const data = JSON.stringify({ choices: [{ index: MOST_CHOICES, delta: { content: 'a' } }] });
    expect(reader.push({ data }).at(-1)).toMatchObject({ kind: 'failure' });
  });

  it('is not parsed on the short way when it is long: nobody has counted its values there', () => {
    const choice = { index: 0, message: { role: 'assistant', content: 'a' }, finish_reason: 'stop' };
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    const answer = { id: 'a', object: 'chat.completion', created: 1, model: 'm', choices: [choice], usage };
    const read = (padding: number): unknown =>
      providerDialectOf('OpenAI').readPlainAnswer?.(
        JSON.stringify({ ...answer, padding: 'a'.repeat(padding) }),
        HELLO,
      );
    expect(read(10)).toBeDefined();
    expect(read(1_000_000)).toBeUndefined();
  });

  it('costs each piece of arguments once, where a server repeats the name and gives no ids', () => {
    const reader = providerDialectOf('OpenAI').createStreamReader(HELLO);
    const push = (text: string): number =>
      reader.push({
        data: JSON.stringify({
          choices: [
            { index: 0, delta: { tool_calls: [{ index: 0, function: { name: 'a', arguments: text } }] } },
          ],
        }),
      }).length;
    push('{');
    push('}'.padStart(1_000_000, ' ').replace('}', '"'));
    for (let piece = 0; piece < 5_000; piece += 1) push('}');
    expect(reader.push({ data: '[DONE]' }).at(-1)).toEqual({ kind: 'end' });
  });
});

describe("Claude's thought", () => {
  it('is told anew behind each block up to a bound, so that a stream of blocks does not grow with their square', () => {
    const reader = providerDialectOf('Anthropic').createStreamReader(HELLO);
    let characters = 0;
    for (let index = 0; index < 500; index += 1) {
      const block = { type: 'thinking', thinking: '', signature: 's'.repeat(1_000) };
      for (const event of [
        { type: 'content_block_start', index, content_block: block },
        { type: 'content_block_stop', index },
      ]) {
        characters += JSON.stringify(reader.push({ data: JSON.stringify(event) })).length;
      }
    }
    expect(characters).toBeLessThan(5_000_000);
  });
});
