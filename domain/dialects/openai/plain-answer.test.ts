import { describe, expect, it } from 'vitest';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import { OPENAI_COMPLETION } from '../wire-fixtures/openai.ts';
import { OPENAI_FRONT } from './front.ts';
import { OPENAI_PROVIDER } from './provider.ts';

const HELLO: ChatRequest = {
  model: 'auto',
  messages: [{ role: 'user', content: 'Hello' }],
  tools: [],
  sampling: {},
};
const PLAIN = { ...OPENAI_COMPLETION, usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } };
const read = (answer: unknown, request = HELLO) =>
  OPENAI_PROVIDER.readPlainAnswer?.(JSON.stringify(answer), request);
const saying = (message: object, more: object = {}): object => ({
  ...PLAIN,
  choices: [
    { index: 0, message: { role: 'assistant', content: 'x', ...message }, finish_reason: 'stop', ...more },
  ],
});

describe('the shortest way of a plain answer', () => {
  it.each([
    [PLAIN],
    [OPENAI_COMPLETION],
    [{ ...PLAIN, usage: { ...PLAIN.usage, prompt_tokens_details: { cached_tokens: 4 } } }],
    [saying({ tool_calls: null, reasoning_content: 'hm' })],
  ])('finds the usage that the long way finds, in %j', (answer) => {
    const long = OPENAI_PROVIDER.readChatAnswer(JSON.stringify(answer), HELLO);
    expect(read(answer)?.usage).toEqual(long.ok ? long.value.usage : 'malformed');
  });

  it('finds who answered and why it ended, as the long way does', () => {
    const answer = { ...PLAIN, choices: [{ ...PLAIN.choices[0], finish_reason: 'length' }] };
    const long = OPENAI_PROVIDER.readChatAnswer(JSON.stringify(answer), HELLO);
    expect(read(answer)).toMatchObject({
      servedModel: 'gpt-5-2025-08-07',
      fingerprint: 'fp_44709d6fcb',
      finishReason: 'length',
    });
    expect(long).toMatchObject({ value: { servedModel: 'gpt-5-2025-08-07', fingerprint: 'fp_44709d6fcb' } });
  });

  it.each([
    ['an error', { ...PLAIN, error: { message: 'x' } }],
    ['an annotation of its own', { ...PLAIN, capataz: {} }],
    ['no usage', { ...PLAIN, usage: undefined }],
    [
      'usage that is no count',
      { ...PLAIN, usage: { prompt_tokens: -1, completion_tokens: 5, total_tokens: 4 } },
    ],
    ['tokens beside the completion', { ...PLAIN, usage: { ...PLAIN.usage, total_tokens: 20 } }],
    ['two choices', { ...PLAIN, choices: [1, 2] }],
    ['no finish reason', saying({}, { finish_reason: null })],
    ['a tool call', saying({ tool_calls: [{}] })],
    ['a retired tool call', saying({ function_call: {} })],
    ['no content', saying({ content: null })],
    ['content in parts', saying({ content: [] })],
    ['written-out thought', saying({ content: '\n<think>hm</think>x' })],
    ['reasoning in a field of another name', saying({ reasoning: 'hm' })],
    ['an empty id', { ...PLAIN, id: '' }],
    ['a list', []],
    ['null', null],
  ])('is not taken by an answer with %s', (_what, answer) => {
    expect(read(answer)).toBeUndefined();
  });

  it('is not taken by what is no JSON, nor by text where JSON is wanted', () => {
    expect(OPENAI_PROVIDER.readPlainAnswer?.('{', HELLO)).toBeUndefined();
    const request: ChatRequest = { ...HELLO, format: { kind: 'jsonObject' } };
    expect(read(saying({ content: 'hm</think>{}' }), request)).toBeUndefined();
    expect(read(saying({ content: '{"a":1}' }), request)).toBeDefined();
  });

  it('adds the annotation and leaves the rest of the text as it was', () => {
    const annotation = { requestId: 'r', model: 'm', attempts: 1, costNanoUsd: 2 };
    const answer = saying({ content: 'a } and " and \\ in it' });
    const text = `${JSON.stringify(answer, null, 2)}\n`;
    expect(JSON.parse(OPENAI_FRONT.annotatePlainAnswer?.(text, annotation) ?? '')).toEqual({
      ...answer,
      capataz: annotation,
    });
  });
});
