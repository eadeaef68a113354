import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import type { AnswerPart, ChatAnswer } from '#domain/chat/chat-answer.ts';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import { FAILURES, type FailureCode } from '#domain/failures/failure-codes.ts';
import { OPENAI_COMPLETION, OPENAI_TOOL_COMPLETION } from '../wire-fixtures/openai.ts';
import { OPENAI_FRONT } from './front.ts';
import { OPENAI_PROVIDER } from './provider.ts';

const IDENTITY = { id: 'chatcmpl-own', createdSeconds: 1_795_000_000, model: 'own' };
const ANNOTATION = { requestId: 'r', model: 'm', attempts: 1, costNanoUsd: 2 };
const USAGE = {
  inputTokens: 6,
  cachedInputTokens: 4,
  cacheWriteTokens: 0,
  outputTokens: 5,
  reasoningTokens: 3,
};
const HELLO: ChatRequest = {
  model: 'auto',
  messages: [{ role: 'user', content: 'Hello' }],
  tools: [],
  sampling: {},
};
const ANSWER: ChatAnswer = {
  choices: [
    {
      index: 0,
      text: null,
      reasoning: 'hm',
      reasoningSignature: 'sig',
      toolCalls: [{ id: 'c', name: 'now', argumentsText: '{}', signature: 'abc' }],
      finishReason: 'tool_calls',
    },
  ],
  usage: USAGE,
};
const PARTS: readonly AnswerPart[] = [
  { kind: 'start', id: 'upstream', servedModel: 'gpt' },
  { kind: 'reasoning', choice: 0, text: 'hm', signature: 'sig' },
  { kind: 'text', choice: 0, text: 'Hola, ' },
  { kind: 'text', choice: 0, text: 'señor' },
  { kind: 'toolCall', choice: 0, call: 0, id: 'a', name: 'now', signature: 'abc' },
  { kind: 'toolArguments', choice: 0, call: 0, text: '{"x"' },
  { kind: 'toolCall', choice: 0, call: 1, id: 'b', name: 'now' },
  { kind: 'toolArguments', choice: 0, call: 0, text: ':1}' },
  { kind: 'toolArguments', choice: 0, call: 1, text: '{}' },
  { kind: 'usage', usage: USAGE },
  { kind: 'finish', choice: 0, reason: 'tool_calls' },
  { kind: 'end' },
];

function streamed(parts: readonly AnswerPart[], includesUsage = true): string {
  const writer = OPENAI_FRONT.createStreamWriter({ ...HELLO, stream: { includesUsage } }, IDENTITY);
  return parts.map((part) => writer.write(part)).join('') + writer.end(USAGE, ANNOTATION);
}

/** What the official client makes of an answer. */
async function withClient<Result>(
  reply: { readonly status?: number; readonly type?: string; readonly body: string },
  ask: (client: OpenAI) => Promise<Result>,
): Promise<Result> {
  const server = createServer((request, response) => {
    request.resume();
    response
      .writeHead(reply.status ?? 200, { 'content-type': reply.type ?? 'application/json' })
      .end(reply.body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    return await ask(new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey: 'key', maxRetries: 0 }));
  } finally {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
}

const chat = { model: 'auto', messages: [{ role: 'user' as const, content: 'x' }] };

describe('a whole answer to a caller', () => {
  it('is a completion to the official client, with its usage and what it cost', async () => {
    const body = OPENAI_FRONT.writeChatAnswer(ANSWER, IDENTITY, ANNOTATION);
    const completion = await withClient({ body }, (client) => client.chat.completions.create(chat));
    expect(completion).toMatchObject({
      id: 'chatcmpl-own',
      object: 'chat.completion',
      created: 1_795_000_000,
      model: 'own',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: null,
            refusal: null,
            reasoning_content: 'hm',
            reasoning_signature: 'sig',
            tool_calls: [
              {
                id: 'c',
                type: 'function',
                function: { name: 'now', arguments: '{}' },
                extra_content: { google: { thought_signature: 'abc' } },
              },
            ],
          },
          finish_reason: 'tool_calls',
        },
      ],
      usage: {
        prompt_tokens: 10,
        completion_tokens: 5,
        total_tokens: 15,
        prompt_tokens_details: { cached_tokens: 4 },
        completion_tokens_details: { reasoning_tokens: 3 },
      },
      capataz: ANNOTATION,
    });
  });

  it.each([OPENAI_COMPLETION, OPENAI_TOOL_COMPLETION])('keeps what OpenAI said of itself', (fixture) => {
    const read = OPENAI_PROVIDER.readChatAnswer(JSON.stringify(fixture), HELLO);
    const body = read.ok ? OPENAI_FRONT.writeChatAnswer(read.value, IDENTITY, ANNOTATION) : '{}';
    const { usage: _usage, choices, ...rest } = fixture;
    expect(JSON.parse(body)).toMatchObject(rest);
    const { logprobs: _logprobs, ...choice } = choices[0] ?? { logprobs: null };
    expect(JSON.parse(body)).toMatchObject({ choices: [choice] });
  });

  it('comes back with the next turn as it was', () => {
    const body = OPENAI_FRONT.writeChatAnswer(ANSWER, IDENTITY, ANNOTATION);
    const history = [{ role: 'user', content: 'x' }, JSON.parse(body).choices[0].message];
    const read = OPENAI_FRONT.readChatRequest({ model: 'auto', messages: history });
    expect(read.ok && read.value.messages[1]).toEqual({
      role: 'assistant',
      content: null,
      reasoning: { text: 'hm', signature: 'sig' },
      toolCalls: ANSWER.choices[0]?.toolCalls,
    });
  });
});

describe('a streamed answer to a caller', () => {
  it('is a completion to the official client, with interleaved calls in their places', async () => {
    const completion = await withClient({ type: 'text/event-stream', body: streamed(PARTS) }, (client) =>
      client.chat.completions.stream(chat).finalChatCompletion(),
    );
    expect(completion).toMatchObject({
      id: 'upstream',
      model: 'gpt',
      choices: [
        {
          finish_reason: 'tool_calls',
          message: {
            role: 'assistant',
            content: 'Hola, señor',
            tool_calls: [
              { id: 'a', function: { name: 'now', arguments: '{"x":1}' } },
              { id: 'b', function: { name: 'now', arguments: '{}' } },
            ],
          },
        },
      ],
      usage: { prompt_tokens: 10, completion_tokens: 5 },
    });
  });

  it('says who speaks once, and shares one identity in all its chunks', () => {
    const chunks = streamed(PARTS)
      .trimEnd()
      .split('\n\n')
      .slice(0, -1)
      .map((event) => JSON.parse(event.slice('data: '.length)));
    expect(new Set(chunks.map(({ id, model, created }) => `${id} ${model} ${created}`)).size).toBe(1);
    expect(chunks.filter(({ choices }) => choices[0]?.delta.role === 'assistant')).toHaveLength(1);
    expect(chunks.at(-1)).toMatchObject({ choices: [], capataz: ANNOTATION });
  });

  it('tells its usage to those only who asked for it', () => {
    expect(streamed(PARTS, false)).not.toContain('usage');
    expect(streamed(PARTS, false).endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('that was cut ends with an error to the official client, never with a clean end', async () => {
    const writer = OPENAI_FRONT.createStreamWriter(HELLO, IDENTITY);
    const body =
      writer.write({ kind: 'text', choice: 0, text: 'x' }) +
      writer.fail({ code: 'answer_cut', message: 'The answer was cut off.' });
    const asked = withClient({ type: 'text/event-stream', body }, (client) =>
      client.chat.completions.stream(chat).finalContent(),
    );
    await expect(asked).rejects.toThrow('The answer was cut off.');
  });

  it('passes an event of the same format as it came', () => {
    const writer = OPENAI_FRONT.createStreamWriter(HELLO, IDENTITY);
    expect(writer.relay?.({ data: '{"a":1}' })).toBe('data: {"a":1}\n\n');
  });
});

describe('a refusal to a caller', () => {
  it.each(Object.keys(FAILURES) as FailureCode[])(
    'of the code %s has the shape that clients branch on',
    (code) => {
      const body = OPENAI_FRONT.writeRefusal({ code, message: 'Why.', param: 'messages.3.content' });
      expect(JSON.parse(body)).toEqual({
        error: { message: 'Why.', type: FAILURES[code].type, param: 'messages.3.content', code },
      });
    },
  );

  it('is an error of the official client', async () => {
    const body = OPENAI_FRONT.writeRefusal({ code: 'invalid_request', message: 'Why.' });
    await expect(
      withClient({ status: 400, body }, (client) => client.chat.completions.create(chat)),
    ).rejects.toMatchObject({
      status: 400,
      code: 'invalid_request',
      type: 'invalid_request_error',
      param: null,
    });
  });
});

describe('embeddings to a caller', () => {
  it('are a list of the official client', async () => {
    const answer = { vectors: [[0.5], [1]], usage: { ...USAGE, outputTokens: 0 } };
    const body = OPENAI_FRONT.writeEmbeddingsAnswer?.(answer, IDENTITY, ANNOTATION) ?? '';
    const list = await withClient({ body }, (client) =>
      client.embeddings.create({ model: 'm', input: ['a', 'b'], encoding_format: 'float' }),
    );
    expect(list).toMatchObject({
      model: 'own',
      data: [
        { index: 0, embedding: [0.5] },
        { index: 1, embedding: [1] },
      ],
      usage: { prompt_tokens: 10, total_tokens: 10 },
    });
  });
});
