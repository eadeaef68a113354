import { describe, expect, it } from 'vitest';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import {
  ANTHROPIC_OVERLOADED_EVENT,
  ANTHROPIC_TEXT_EVENTS,
  ANTHROPIC_TEXT_STREAM,
  ANTHROPIC_TOOL_EVENTS,
  ANTHROPIC_TOOL_STREAM,
} from '../wire-fixtures/anthropic.ts';
import { namedEvents, readStream, tell } from '../wire-fixtures/server-sent-events.ts';
import { ANTHROPIC_PROVIDER } from './provider.ts';

const HELLO: ChatRequest = {
  model: 'auto',
  messages: [{ role: 'user', content: 'Hello' }],
  tools: [],
  sampling: {},
};
const stream = (text: string, request = HELLO) =>
  readStream(ANTHROPIC_PROVIDER.createStreamReader(request), text);

type Events = typeof ANTHROPIC_TEXT_EVENTS;
const replacing = (events: Events, which: (event: Events[number]) => boolean, fields: object): Events =>
  events.map((event) => (which(event) ? Object.assign({}, event, fields) : event));

describe('a stream of Anthropic', () => {
  it('tells who answers, text and its end', () => {
    const parts = stream(ANTHROPIC_TEXT_STREAM);
    expect(parts[0]).toEqual({ kind: 'start', id: 'msg_stream', servedModel: 'claude-sonnet-4-5-20250929' });
    expect(tell(parts)).toMatchObject({
      text: 'Hola, señor 👩‍🚀',
      refusal: '',
      toolCalls: [],
      finishReasons: ['stop'],
      ended: true,
    });
  });

  it('takes the usage of message_delta instead of adding it to that of message_start', () => {
    const input = { inputTokens: 12, cachedInputTokens: 100_000, cacheWriteTokens: 2000 };
    expect(tell(stream(ANTHROPIC_TEXT_STREAM)).usages).toEqual([
      { ...input, outputTokens: 1 },
      { ...input, outputTokens: 15, reasoningTokens: 7 },
    ]);
  });

  it('tells the usage before anything else, so that a stream that is cut is billed for its input', () => {
    const parts = stream(namedEvents(ANTHROPIC_TEXT_EVENTS.slice(0, 1)));
    expect(parts.map(({ kind }) => kind)).toEqual(['start', 'usage']);
  });

  it('keeps the input of message_start when message_delta tells the output alone', () => {
    const events = replacing(ANTHROPIC_TEXT_EVENTS, ({ type }) => type === 'message_delta', {
      usage: { output_tokens: 15, input_tokens: null },
    });
    expect(tell(stream(namedEvents(events))).usages.at(-1)).toMatchObject({
      inputTokens: 12,
      cachedInputTokens: 100_000,
      outputTokens: 15,
    });
  });

  it('tells thought, its signature, parallel tool calls, and an empty object for the one without arguments', () => {
    const parts = stream(ANTHROPIC_TOOL_STREAM);
    expect(tell(parts)).toMatchObject({
      text: '',
      reasoning: 'Both, then.',
      toolCalls: [
        { id: 'toolu_01A', name: 'weather', arguments: '{"city": "Köln"}' },
        { id: 'toolu_01B', name: 'now', arguments: '{}' },
      ],
      finishReasons: ['tool_calls'],
      ended: true,
    });
    expect(parts).toContainEqual({
      kind: 'reasoning',
      choice: 0,
      text: '',
      signature: '{"model":"claude-sonnet-5-5","signature":"EqQBCgIYAhIM1gbc"}',
    });
  });

  it('calls tools by the names of the caller', () => {
    const events = replacing(
      ANTHROPIC_TOOL_EVENTS,
      (event) => event['index'] === 1 && event.type === 'content_block_start',
      {
        content_block: { type: 'tool_use', id: 't', name: 'a_b', input: {} },
      },
    );
    const { toolCalls } = tell(stream(namedEvents(events), { ...HELLO, tools: [{ name: 'a.b' }] }));
    expect(toolCalls[0]?.name).toBe('a.b');
  });

  it('takes the arguments of a server that gives them all with the start of the block', () => {
    const events = replacing(
      ANTHROPIC_TOOL_EVENTS.filter(({ type }) => type !== 'content_block_delta'),
      (event) => event.type === 'content_block_start' && event['index'] === 1,
      { content_block: { type: 'tool_use', id: 't', name: 'weather', input: { city: 'Bonn' } } },
    );
    expect(tell(stream(namedEvents(events))).toolCalls[0]?.arguments).toBe('{"city":"Bonn"}');
  });

  it.each(ANTHROPIC_TEXT_EVENTS.map((_event, position) => position).filter((count) => count < 7))(
    'has no end when it is cut after %i events',
    (count) => {
      const parts = stream(namedEvents(ANTHROPIC_TEXT_EVENTS.slice(0, count)));
      expect(parts.some(({ kind }) => kind === 'end')).toBe(false);
    },
  );

  it('is whole when it told its stop reason and its body then ended, but not while the body is open', () => {
    const text = namedEvents(ANTHROPIC_TEXT_EVENTS.slice(0, 7));
    expect(tell(stream(text))).toMatchObject({ finishReasons: ['stop'], ended: true });
    const reader = ANTHROPIC_PROVIDER.createStreamReader(HELLO);
    const open = ANTHROPIC_TEXT_EVENTS.slice(0, 7).flatMap((event) =>
      reader.push({ data: JSON.stringify(event) }),
    );
    expect(open.at(-1)?.kind).not.toBe('end');
  });

  it('tells that Anthropic is overloaded, and nothing after it is taken for an end', () => {
    const events = [
      ...ANTHROPIC_TEXT_EVENTS.slice(0, 4),
      ANTHROPIC_OVERLOADED_EVENT,
      ...ANTHROPIC_TEXT_EVENTS,
    ];
    const parts = stream(namedEvents(events));
    expect(parts.at(-1)).toEqual({ kind: 'failure', failure: { code: 'overloaded', message: 'Overloaded' } });
    expect(tell(parts).usages).toHaveLength(1);
  });

  it('knows an error without its type, and one that is no JSON', () => {
    expect(stream('data: {"error":{"message":"Gone."}}\n\n')).toEqual([
      { kind: 'failure', failure: { code: 'unavailable', message: 'Gone.' } },
    ]);
    expect(stream('event: error\ndata: upstream gone\n\n')).toMatchObject([
      { kind: 'failure', failure: { code: 'unavailable' } },
    ]);
  });

  it('passes over events, blocks and deltas of tomorrow, and null where a value may be missing', () => {
    const events = ANTHROPIC_TEXT_EVENTS.flatMap((event) => [
      { type: 'weather_report', sun: true },
      { type: 'content_block_start', index: 9, content_block: { type: 'hologram' } },
      event,
      { type: 'content_block_delta', index: 0, delta: { type: 'smell_delta', smell: 'rose', text: null } },
    ]);
    expect(tell(stream(namedEvents(events)))).toMatchObject({ text: 'Hola, señor 👩‍🚀', ended: true });
  });

  it.each([
    'event: content_block_delta\ndata: {"type":"content_block_delta"',
    'event: message_start\ndata: {"type":"message_start"}',
    'data: []',
    `data: ${'['.repeat(5000)}`,
    'data: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"x"}}',
  ])('fails on the event %j and says nothing more', (event) => {
    const parts = stream(`${event}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n`);
    expect(parts).toMatchObject([{ kind: 'failure', failure: { code: 'answer_malformed' } }]);
  });

  it('tells why it was refused', () => {
    const events = replacing(ANTHROPIC_TEXT_EVENTS, ({ type }) => type === 'message_delta', {
      delta: { stop_reason: 'refusal', stop_details: { type: 'refusal', explanation: 'Not this.' } },
    });
    expect(tell(stream(namedEvents(events)))).toMatchObject({
      refusal: 'Not this.',
      finishReasons: ['content_filter'],
      ended: true,
    });
  });
});
