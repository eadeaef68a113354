/** Anthropic's own client as the judge of what the front writes, and the provider's side as the judge of what it reads. */
import Anthropic from '@anthropic-ai/sdk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnswerPart, ChatAnswer } from '#domain/chat/chat-answer.ts';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import { ANTHROPIC_TOOL_EVENTS, ANTHROPIC_TOOL_MESSAGE } from '../wire-fixtures/anthropic.ts';
import { answerWith } from '#test/fake-providers/answer-with.ts';
import { neutralRequests } from '../wire-fixtures/neutral-requests.ts';
import { ANTHROPIC_FRONT } from './front.ts';
import { ANTHROPIC_PROVIDER } from './provider.ts';

const IDENTITY = { id: 'request-1', createdSeconds: 1_795_000_000, model: 'the-model' };
const ANNOTATION = { requestId: 'request-1', model: 'smart', attempts: 1, costNanoUsd: 42 };
const USAGE = {
  inputTokens: 12,
  cachedInputTokens: 100,
  cacheWriteTokens: 5,
  outputTokens: 30,
  reasoningTokens: 7,
};
const REQUEST: ChatRequest = {
  model: 'the-model',
  messages: [{ role: 'user', content: 'hi' }],
  tools: [],
  sampling: {},
};
const ANSWER: ChatAnswer = {
  choices: [
    {
      index: 0,
      text: 'I look.',
      reasoning: 'Where is it?',
      reasoningSignature: 'sig',
      toolCalls: [
        { id: 't1', name: 'weather', argumentsText: '{"city":"Köln"}' },
        { id: 't2', name: 'now', argumentsText: '' },
        { id: 't3', name: 'odd', argumentsText: '{"a":' },
      ],
      finishReason: 'tool_calls',
    },
  ],
  usage: USAGE,
};
const ASKED = { model: 'the-model', max_tokens: 10, messages: [{ role: 'user' as const, content: 'hi' }] };
const clientOf = (baseURL: string): Anthropic => new Anthropic({ baseURL, apiKey: 'key', maxRetries: 0 });

function streamText(parts: readonly AnswerPart[]): string {
  const writer = ANTHROPIC_FRONT.createStreamWriter(REQUEST, IDENTITY);
  return parts.map((part) => writer.write(part)).join('') + writer.end(USAGE, ANNOTATION);
}

describe('the answer of the Messages front', () => {
  const content = [
    { type: 'thinking', thinking: 'Where is it?', signature: 'sig' },
    { type: 'text', text: 'I look.' },
    { type: 'tool_use', id: 't1', name: 'weather', input: { city: 'Köln' } },
    { type: 'tool_use', id: 't2', name: 'now', input: {} },
  ];
  const usage = {
    input_tokens: 12,
    cache_read_input_tokens: 100,
    cache_creation_input_tokens: 5,
    output_tokens: 30,
    output_tokens_details: { thinking_tokens: 7 },
  };

  it('is read by the official client, whole', async () => {
    await using server = await answerWith(ANTHROPIC_FRONT.writeChatAnswer(ANSWER, IDENTITY, ANNOTATION));
    expect(await clientOf(server.origin).messages.create(ASKED)).toMatchObject({
      id: 'request-1',
      type: 'message',
      role: 'assistant',
      model: 'the-model',
      content: [
        ...content,
        { type: 'tool_use', id: 't3', name: 'odd', input: { unreadable_arguments: '{"a":' } },
      ],
      stop_reason: 'tool_use',
      usage,
      capataz: ANNOTATION,
    });
  });

  it('is read by the official client, streamed, also when the arguments of two calls come by turns', async () => {
    const text = streamText([
      { kind: 'start', id: 'msg_1', servedModel: 'claude-sonnet-5-5' },
      { kind: 'usage', usage: { ...USAGE, outputTokens: 1 } },
      { kind: 'reasoning', choice: 0, text: 'Where ' },
      { kind: 'reasoning', choice: 0, text: 'is it?' },
      { kind: 'reasoning', choice: 0, text: '', signature: 'sig' },
      { kind: 'text', choice: 0, text: 'I ' },
      { kind: 'text', choice: 0, text: 'look.' },
      { kind: 'toolCall', choice: 0, call: 0, id: 't1', name: 'weather' },
      { kind: 'toolArguments', choice: 0, call: 0, text: '{"city":' },
      { kind: 'toolCall', choice: 0, call: 1, id: 't2', name: 'now' },
      { kind: 'toolArguments', choice: 0, call: 0, text: '"Köln"}' },
      { kind: 'toolArguments', choice: 0, call: 1, text: '{}' },
      { kind: 'finish', choice: 0, reason: 'tool_calls' },
    ]);
    await using server = await answerWith(text, { type: 'text/event-stream' });
    const message = await clientOf(server.origin).messages.stream(ASKED).finalMessage();
    expect(message).toMatchObject({
      id: 'msg_1',
      model: 'claude-sonnet-5-5',
      content,
      stop_reason: 'tool_use',
      usage,
    });
  });

  it('is whole also when nothing was said', async () => {
    await using server = await answerWith(streamText([{ kind: 'finish', choice: 0, reason: 'stop' }]), {
      type: 'text/event-stream',
    });
    expect(await clientOf(server.origin).messages.stream(ASKED).finalMessage()).toMatchObject({
      content: [],
      stop_reason: 'end_turn',
    });
  });

  it('that was cut is an error to the official client and never a message', async () => {
    const writer = ANTHROPIC_FRONT.createStreamWriter(REQUEST, IDENTITY);
    const text =
      writer.write({ kind: 'text', choice: 0, text: 'Half an' }) +
      writer.fail({ code: 'answer_cut', message: 'The answer was cut off before its end.' });
    await using server = await answerWith(text, { type: 'text/event-stream' });
    await expect(clientOf(server.origin).messages.stream(ASKED).finalMessage()).rejects.toThrow('cut off');
  });

  it('that refuses is the error of its status', async () => {
    const refusal = { code: 'rate_limited', message: 'Wait a little.', param: 'model' } as const;
    await using server = await answerWith(ANTHROPIC_FRONT.writeRefusal(refusal), { status: 429 });
    await expect(clientOf(server.origin).messages.create(ASKED)).rejects.toMatchObject({
      status: 429,
      error: { type: 'error', error: { type: 'rate_limit_error', message: 'Wait a little.' } },
    });
  });

  it('says what the provider said, whole and streamed', () => {
    const read = ANTHROPIC_PROVIDER.readChatAnswer(JSON.stringify(ANTHROPIC_TOOL_MESSAGE), REQUEST);
    const written = read.ok ? ANTHROPIC_FRONT.writeChatAnswer(read.value, IDENTITY, ANNOTATION) : '';
    expect(ANTHROPIC_PROVIDER.readChatAnswer(written, REQUEST)).toEqual(read);
    const reader = ANTHROPIC_PROVIDER.createStreamReader(REQUEST);
    const parts = ANTHROPIC_TOOL_EVENTS.flatMap((event) => reader.push({ data: JSON.stringify(event) }));
    expect(streamText(parts)).toContain('event: message_stop');
  });
});

describe('the request of the Messages front', () => {
  it('is the one that the provider was sent, for all that both can say', () => {
    fc.assert(
      fc.property(neutralRequests, (request) => {
        const target = { endpoint: 'https://api.anthropic.com/v1', model: request.model };
        const written = ANTHROPIC_PROVIDER.writeChatRequest(request, target);
        const body: unknown = JSON.parse((written.ok && written.value.body) || 'null');
        expect(ANTHROPIC_FRONT.readChatRequest(body)).toEqual({
          ok: true,
          value: request,
        });
      }),
      { numRuns: 200 },
    );
  });

  it('is what the official client sends', async () => {
    await using server = await answerWith(ANTHROPIC_FRONT.writeChatAnswer(ANSWER, IDENTITY, ANNOTATION));
    await clientOf(server.origin).messages.create({
      model: 'smart',
      max_tokens: 100,
      system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image', source: { type: 'url', url: 'https://example.org/a.png' } },
            { type: 'document', source: { type: 'url', url: 'https://example.org/a.pdf' } },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Hm.', signature: 'sig' },
            { type: 'tool_use', id: 't1', name: 'look', input: { at: 'it' } },
          ],
        },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 't1',
              content: [{ type: 'text', text: 'a cat' }],
              is_error: false,
            },
            { type: 'text', text: 'So?' },
          ],
        },
      ],
      tools: [{ name: 'look', input_schema: { type: 'object' } }],
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
      metadata: { user_id: 'u-1' },
    });
    expect(ANTHROPIC_FRONT.readChatRequest(server.received[0]?.body)).toEqual({
      ok: true,
      value: {
        model: 'smart',
        messages: [
          { role: 'system', content: [{ kind: 'text', text: 'Be brief.', cache: { lifetimeSeconds: 300 } }] },
          {
            role: 'user',
            content: [
              { kind: 'text', text: 'What is this?' },
              { kind: 'image', image: { kind: 'url', url: 'https://example.org/a.png' } },
              {
                kind: 'foreign',
                type: 'document',
                extensions: {
                  dialect: 'anthropic',
                  fields: { source: { type: 'url', url: 'https://example.org/a.pdf' } },
                },
              },
            ],
          },
          {
            role: 'assistant',
            content: null,
            reasoning: { text: 'Hm.', signature: 'sig' },
            toolCalls: [{ id: 't1', name: 'look', argumentsText: '{"at":"it"}' }],
          },
          { role: 'tool', toolCallId: 't1', content: 'a cat' },
          { role: 'user', content: 'So?' },
        ],
        tools: [{ name: 'look', parameters: { type: 'object' } }],
        toolChoice: { kind: 'required' },
        allowsParallelToolCalls: false,
        maximumOutputTokens: 100,
        sampling: {},
        endUser: 'u-1',
      },
    });
  });

  it('takes null for every optional field', () => {
    const optional = ['system', 'max_tokens', 'temperature', 'top_p', 'top_k', 'stop_sequences', 'stream'];
    const more = ['tools', 'tool_choice', 'metadata', 'thinking', 'output_config', 'service_tier'];
    const nulls = Object.fromEntries([...optional, ...more].map((field) => [field, null]));
    expect(ANTHROPIC_FRONT.readChatRequest({ ...ASKED, ...nulls, max_tokens: null })).toEqual({
      ok: true,
      value: REQUEST,
    });
  });

  it('keeps what only Anthropic has words for, and no other provider takes that', () => {
    const read = ANTHROPIC_FRONT.readChatRequest({
      ...ASKED,
      container: 'c1',
      tools: [{ type: 'bash_20250124', name: 'bash', max_uses: 2 }],
    });
    const request = read.ok ? read.value : REQUEST;
    const written = ANTHROPIC_PROVIDER.writeChatRequest(request, {
      endpoint: 'https://x',
      model: 'claude-opus-5-5',
    });
    expect(JSON.parse((written.ok && written.value.body) || '{}')).toMatchObject({
      container: 'c1',
      tools: [{ type: 'bash_20250124', name: 'bash', max_uses: 2 }],
    });
  });

  it.each<[unknown, string]>([
    [{ messages: [{ role: 'user', content: 'x' }] }, 'model'],
    [{ model: 'm', messages: [] }, 'messages'],
    [{ model: 'm', messages: [{ role: 'tool', content: 'x' }] }, 'messages.0.role'],
    [{ model: 'm', messages: [{ role: 'user', content: [{ type: 'text' }] }] }, 'messages.0.content.0.text'],
    [
      { model: 'm', messages: [{ role: 'user', content: [{ type: 'tool_result' }] }] },
      'messages.0.content.0.tool_use_id',
    ],
    [{ ...ASKED, tools: [{}] }, 'tools.0.name'],
    [{ ...ASKED, tool_choice: { type: 'tool' } }, 'tool_choice.name'],
    [{ ...ASKED, temperature: 'warm' }, 'temperature'],
  ])('of %j is refused with the name of the field', (body, param) => {
    expect(ANTHROPIC_FRONT.readChatRequest(body)).toMatchObject({
      ok: false,
      param,
      message: expect.stringMatching(/^[^\n]{5,200}\.$/),
    });
  });
});
