import { describe, expect, it } from 'vitest';
import type { ChatMessage, ChatRequest } from '#domain/chat/chat-request.ts';
import { ANTHROPIC_MESSAGE, ANTHROPIC_TOOL_MESSAGE } from '../wire-fixtures/anthropic.ts';
import { ANTHROPIC_PROVIDER } from './provider.ts';

const HELLO: ChatRequest = {
  model: 'auto',
  messages: [{ role: 'user', content: 'Hello' }],
  tools: [],
  sampling: {},
};
const read = (body: unknown, request = HELLO) =>
  ANTHROPIC_PROVIDER.readChatAnswer(typeof body === 'string' ? body : (JSON.stringify(body) ?? ''), request);

function choiceOf(body: unknown, request = HELLO) {
  const answer = read(body, request);
  if (!answer.ok) throw new Error(answer.failure.message);
  return answer.value.choices[0];
}

describe('a message of Anthropic', () => {
  it('is an answer whose usage holds each token once', () => {
    expect(read(ANTHROPIC_MESSAGE)).toEqual({
      ok: true,
      value: {
        id: 'msg_01XFDUDYJgAACzvnptvVoYEL',
        servedModel: 'claude-sonnet-4-5-20250929',
        choices: [{ index: 0, text: 'Nasáu — 🌴 ok', toolCalls: [], finishReason: 'stop' }],
        usage: { inputTokens: 12, cachedInputTokens: 100_000, cacheWriteTokens: 2000, outputTokens: 300 },
      },
    });
  });

  it('tells parallel tool calls, also those without arguments, and how much was thought', () => {
    expect(choiceOf(ANTHROPIC_TOOL_MESSAGE)).toEqual({
      index: 0,
      text: 'I look at both.',
      reasoningSignature: '{"model":"claude-sonnet-5-5","signature":"EqQBCgIYAhIM1gbcDa9GJwZA2b3h"}',
      toolCalls: [
        { id: 'toolu_01A', name: 'weather', argumentsText: '{"city":"Köln"}' },
        { id: 'toolu_01B', name: 'now', argumentsText: '{}' },
      ],
      finishReason: 'tool_calls',
    });
    expect(read(ANTHROPIC_TOOL_MESSAGE)).toMatchObject({ value: { usage: { reasoningTokens: 33 } } });
  });

  it('goes back to Anthropic as it came, thought included', () => {
    const choice = choiceOf(ANTHROPIC_TOOL_MESSAGE);
    const messages: ChatMessage[] = [
      ...HELLO.messages,
      {
        role: 'assistant',
        content: choice?.text ?? null,
        reasoning: { text: choice?.reasoning ?? '', signature: choice?.reasoningSignature ?? '' },
        toolCalls: choice?.toolCalls ?? [],
      },
    ];
    const target = { endpoint: 'https://api.anthropic.com/v1', model: 'claude-sonnet-5-5' };
    const written = ANTHROPIC_PROVIDER.writeChatRequest({ ...HELLO, messages }, target);
    const body = JSON.parse((written.ok && written.value.body) || '{}');
    expect(body.messages[1].content).toEqual(
      ANTHROPIC_TOOL_MESSAGE.content.map((block) => {
        const { caller: _caller, citations: _citations, ...rest } = block as Record<string, unknown>;
        return rest;
      }),
    );
  });

  it('tells thought apart from the answer, and carries what Claude wants back of several blocks', () => {
    const content = [
      { type: 'thinking', thinking: 'First. ', signature: 'a' },
      { type: 'redacted_thinking', data: 'hidden' },
      { type: 'thinking', thinking: 'Then.', signature: 'b' },
      { type: 'text', text: 'Done.' },
    ];
    const choice = choiceOf({ ...ANTHROPIC_MESSAGE, content });
    expect(choice).toMatchObject({ text: 'Done.', reasoning: 'First. Then.' });
    expect(JSON.parse(choice?.reasoningSignature ?? '')).toEqual({
      model: 'claude-sonnet-4-5-20250929',
      blocks: [
        { thinking: 'First. ', signature: 'a' },
        { data: 'hidden' },
        { thinking: 'Then.', signature: 'b' },
      ],
    });
  });

  it('calls tools by the names of the caller', () => {
    const content = [{ type: 'tool_use', id: 't', name: 'calendar_respondToEvent', input: {} }];
    const request = { ...HELLO, tools: [{ name: 'calendar.respondToEvent' }] };
    expect(choiceOf({ ...ANTHROPIC_MESSAGE, content }, request)?.toolCalls[0]?.name).toBe(
      'calendar.respondToEvent',
    );
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
    expect(choiceOf({ ...ANTHROPIC_MESSAGE, stop_reason: stopReason })?.finishReason).toBe(expected);
  });

  it('tells why it was refused', () => {
    const body = {
      ...ANTHROPIC_MESSAGE,
      content: [],
      stop_reason: 'refusal',
      stop_details: { type: 'refusal', category: 'cyber', explanation: 'Not this.' },
    };
    expect(choiceOf(body)).toMatchObject({ text: '', refusal: 'Not this.', finishReason: 'content_filter' });
  });

  it('is taken from servers that leave out or null what they can, or know blocks of their own', () => {
    expect(choiceOf({ content: [{ type: 'text', text: 'x' }] })).toMatchObject({
      text: 'x',
      finishReason: 'stop',
    });
    expect(
      choiceOf({
        id: null,
        content: [
          { type: 'hologram', light: 1 },
          { type: 'text', text: null },
          { type: 'text', text: 'x' },
        ],
        stop_reason: null,
        usage: null,
      }),
    ).toMatchObject({ text: 'x' });
    expect(
      choiceOf({
        content: [
          { type: 'tool_use', name: 'f', input: '{"a":1}' },
          { type: 'tool_use', name: 'g', input: null },
        ],
        stop_reason: 'end_turn',
      }),
    ).toMatchObject({
      finishReason: 'tool_calls',
      toolCalls: [
        { id: 'call-0', argumentsText: '{"a":1}' },
        { id: 'call-1', argumentsText: '{}' },
      ],
    });
    expect(choiceOf({ content: null, stop_reason: 'end_turn' })).toMatchObject({ text: '' });
    expect(read({ ...ANTHROPIC_MESSAGE, usage: { input_tokens: 'many' } })).not.toHaveProperty('value.usage');
  });

  it('with status 200 that is an error is that error', () => {
    const error = { type: 'error', error: { type: 'rate_limit_error', message: 'Slow down.' } };
    expect(read(error)).toEqual({ ok: false, failure: { code: 'rate_limited', message: 'Slow down.' } });
    expect(read({ error: 'broken' })).toMatchObject({ failure: { code: 'unavailable' } });
  });

  it.each([
    ['nothing', ''],
    ['a page of HTML', '<html>'],
    ['no object', '[]'],
    ['empty', {}],
    ['content that is no list', { ...ANTHROPIC_MESSAGE, content: 'x' }],
    ['a tool call without a name', { ...ANTHROPIC_MESSAGE, content: [{ type: 'tool_use', id: 'x' }] }],
    ['nested without end', `{"content":${'['.repeat(6000)}${']'.repeat(6000)}}`],
  ])('is malformed in one sentence when it is %s', (_what, body) => {
    const answer = read(body);
    expect(answer.ok ? undefined : answer.failure).toMatchObject({
      code: 'answer_malformed',
      message: expect.stringMatching(/^The answer of [^\n]+\.$/),
    });
  });

  it('is billed also where it cannot be read', () => {
    const answer = read({ ...ANTHROPIC_MESSAGE, content: 'x' });
    expect(answer.ok ? undefined : answer.usage).toMatchObject({ inputTokens: 12, outputTokens: 300 });
  });
});

describe('a refusal of Anthropic', () => {
  const body = (type: string, message = 'x'): string =>
    JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_1' });

  it.each<[number, string, string]>([
    [400, body('invalid_request_error'), 'request_refused'],
    [
      400,
      body('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'),
      'context_length_exceeded',
    ],
    [400, body('invalid_request_error', 'Your credit balance is too low to access the API'), 'rate_limited'],
    [401, body('authentication_error', 'invalid x-api-key'), 'key_refused'],
    [402, body('billing_error'), 'rate_limited'],
    [403, body('permission_error'), 'key_refused'],
    [404, body('not_found_error', 'model: claude-9'), 'model_not_found'],
    [413, body('request_too_large'), 'context_length_exceeded'],
    [429, body('rate_limit_error'), 'rate_limited'],
    [500, body('api_error'), 'unavailable'],
    [504, body('timeout_error'), 'unavailable'],
    [529, body('overloaded_error', 'Overloaded'), 'overloaded'],
    [529, '', 'overloaded'],
    [502, '<html>bad gateway</html>', 'unavailable'],
  ])('of status %i with %s is %s', (status, text, code) => {
    expect(ANTHROPIC_PROVIDER.readFailure(status, { 'retry-after': '7' }, text)).toMatchObject({
      code,
      retryAfterSeconds: 7,
    });
  });
});
