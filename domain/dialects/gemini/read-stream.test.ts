import { describe, expect, it } from 'vitest';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import {
  GEMINI_TEXT_EVENTS,
  GEMINI_TEXT_STREAM,
  GEMINI_TOOL_EVENTS,
  GEMINI_TOOL_STREAM,
} from '../wire-fixtures/gemini.ts';
import { dataEvents, readStream, tell } from '../wire-fixtures/server-sent-events.ts';
import { GEMINI_PROVIDER } from './provider.ts';

const HELLO: ChatRequest = {
  model: 'auto',
  messages: [{ role: 'user', content: 'Hello' }],
  tools: [],
  sampling: {},
};
const stream = (text: string) => readStream(GEMINI_PROVIDER.createStreamReader(HELLO), text);

describe('a stream of Gemini', () => {
  it('tells thoughts apart from text, and ends when the body ends after its finish reason', () => {
    const parts = stream(GEMINI_TEXT_STREAM);
    expect(parts[0]).toEqual({
      kind: 'start',
      id: 'mK8RacmbGPu5mtkP',
      servedModel: 'gemini-3.1-pro-preview',
    });
    expect(tell(parts)).toMatchObject({
      text: 'Hola, señor 👩‍🚀',
      reasoning: 'Thinking of a greeting.',
      refusal: '',
      toolCalls: [],
      finishReasons: ['stop'],
      ended: true,
    });
  });

  it('tells the usage so far with each event, the last one whole', () => {
    const { usages } = tell(stream(GEMINI_TEXT_STREAM));
    expect(usages.at(0)?.outputTokens).toBe(5);
    expect(usages.at(-1)).toEqual({
      inputTokens: 10,
      cachedInputTokens: 20,
      cacheWriteTokens: 0,
      outputTokens: 12,
      reasoningTokens: 5,
    });
  });

  it('tells tool calls over several events, with the signature', () => {
    expect(tell(stream(GEMINI_TOOL_STREAM))).toMatchObject({
      toolCalls: [
        { id: 'fc_1', name: 'weather', arguments: '{"city":"Köln"}', signature: 'Eq0KCqoKAb4+9vtA' },
        { id: 'fc_2', name: 'now', arguments: '{}' },
      ],
      finishReasons: ['tool_calls'],
      ended: true,
    });
  });

  it('names calls without ids apart over several events', () => {
    const event = (name: string): object => ({
      candidates: [{ content: { parts: [{ functionCall: { name } }] } }],
    });
    const parts = stream(dataEvents([event('a'), event('b'), { candidates: [{ finishReason: 'STOP' }] }]));
    expect(tell(parts).toolCalls.map(({ id }) => id)).toEqual(['call-0', 'call-1']);
  });

  it.each([0, 1, 2, 3])('has no end when its body ends after %i events', (count) => {
    const parts = stream(dataEvents(GEMINI_TEXT_EVENTS.slice(0, count)));
    expect(parts.some(({ kind }) => kind === 'end')).toBe(false);
  });

  it('has no end while its body is open, even after the finish reason', () => {
    const reader = GEMINI_PROVIDER.createStreamReader(HELLO);
    const parts = GEMINI_TOOL_EVENTS.flatMap((event) => reader.push({ data: JSON.stringify(event) }));
    expect(parts.some(({ kind }) => kind === 'end')).toBe(false);
  });

  it('counts usage that comes after the finish reason', () => {
    const late = { usageMetadata: { promptTokenCount: 30, candidatesTokenCount: 9 } };
    const parts = stream(dataEvents([...GEMINI_TEXT_EVENTS, late]));
    expect(tell(parts).usages.at(-1)).toMatchObject({ inputTokens: 30, outputTokens: 9 });
    expect(parts.at(-1)).toEqual({ kind: 'end' });
  });

  it('tells an error in the stream, and nothing after it is taken for an end', () => {
    const error = { error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } };
    const parts = stream(dataEvents([GEMINI_TEXT_EVENTS[1], error, GEMINI_TEXT_EVENTS[3]]));
    expect(parts.at(-1)).toEqual({
      kind: 'failure',
      failure: { code: 'overloaded', message: 'The model is overloaded.' },
    });
  });

  it('tells that the prompt was blocked', () => {
    expect(
      tell(stream(dataEvents([{ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } }]))),
    ).toMatchObject({
      text: '',
      refusal: 'Gemini blocked the prompt (PROHIBITED_CONTENT).',
      finishReasons: ['content_filter'],
      ended: true,
    });
  });

  it('tells the usage of an event that is of no use, and then that it failed', () => {
    const usageMetadata = { promptTokenCount: 9 };
    for (const event of [
      { candidates: [{ finishReason: 'MALFORMED_FUNCTION_CALL' }], usageMetadata },
      { candidates: 'x', usageMetadata },
      { error: { code: 500 }, usageMetadata },
    ]) {
      const kinds = stream(dataEvents([event])).map(({ kind }) => kind);
      expect(kinds.slice(-2)).toEqual(['usage', 'failure']);
    }
  });

  it.each(['{"candidates": [', '[]', '"x"', '['.repeat(5000), '{"candidates":[{"content":{"parts":"x"}}]}'])(
    'fails on the event %s and says nothing more',
    (data) => {
      expect(stream(`data: ${data}\n\n${GEMINI_TEXT_STREAM}`)).toMatchObject([
        { kind: 'failure', failure: { code: 'answer_malformed' } },
      ]);
    },
  );
});
