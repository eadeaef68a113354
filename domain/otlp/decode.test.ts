import { ROOT_CONTEXT, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import {
  JsonLogsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { decodeLogsFromJson, decodeTracesFromJson } from './decode-json.ts';
import { decodeLogsFromProtobuf, decodeTracesFromProtobuf } from './decode-protobuf.ts';
import type { Decoded, OtlpLogRecord, OtlpSpan } from './reported-work.ts';

/** What the official SDK makes of it, in both encodings. */
function exported(record: (tracer: Tracer) => void): readonly Decoded<OtlpSpan>[] {
  const exporter = new InMemorySpanExporter();
  const processors = [new SimpleSpanProcessor({ exporter })];
  const provider = new TracerProvider({ spanProcessors: processors });
  record(provider.getTracer('test', '1'));
  const spans = exporter.getFinishedSpans();
  const json = JsonTraceSerializer.serializeRequest(spans) ?? new Uint8Array();
  const protobuf = ProtobufTraceSerializer.serializeRequest(spans) ?? new Uint8Array();
  return [decodeTracesFromJson(Buffer.from(json).toString()), decodeTracesFromProtobuf(protobuf)];
}

function itemsOf<Item>(decoded: Decoded<Item> | undefined): readonly Item[] {
  if (decoded?.ok !== true) throw new Error('It was not decoded.');
  expect(decoded.rejected).toBe(0);
  return decoded.items;
}

describe('spans of the official exporters', () => {
  it('are the same from JSON and from protobuf', () => {
    const [fromJson, fromProtobuf] = exported((tracer) => {
      const parent = tracer.startSpan('invoke_agent triage', { startTime: [1_764_000_000, 123_456_789] });
      const context = trace.setSpan(ROOT_CONTEXT, parent);
      const child = tracer.startSpan('chat gpt', { startTime: [1_764_000_000, 200_000_000] }, context);
      child.setAttributes({
        'gen_ai.operation.name': 'chat',
        'gen_ai.request.model': 'gpt',
        'gen_ai.usage.input_tokens': 9_007_199_254_740_991,
        'gen_ai.usage.output_tokens': -5,
        'gen_ai.usage.cost': 0.000_25,
        'gen_ai.response.finish_reasons': ['stop', 'length'],
        'gen_ai.input.messages': 'what nobody keeps',
        'something.else': true,
      });
      child.setStatus({ code: SpanStatusCode.ERROR, message: 'what nobody keeps' });
      child.end([1_764_000_001, 1]);
      parent.end([1_764_000_002, 0]);
    });
    expect(fromJson).toEqual(fromProtobuf);
    const [child, parent] = itemsOf(fromProtobuf);
    expect(child).toMatchObject({
      traceId: parent?.traceId,
      parentSpanId: parent?.spanId,
      name: 'chat gpt',
      startNanoseconds: 1_764_000_000_200_000_000n,
      endNanoseconds: 1_764_000_001_000_000_001n,
      hasFailed: true,
    });
    expect(parent).toMatchObject({ hasFailed: false, startNanoseconds: 1_764_000_000_123_456_789n });
    expect(Object.fromEntries(child?.attributes ?? [])).toEqual({
      operation: 'chat',
      modelAsked: 'gpt',
      inputTokens: 9_007_199_254_740_991n,
      outputTokens: -5n,
      costUsd: 0.000_25,
      finishReasons: ['stop', 'length'],
    });
  });

  it('lose none of what counts to attributes that do not, however many and large those are', () => {
    for (const decoded of exported((tracer) => {
      const span = tracer.startSpan('chat');
      for (let index = 0; index < 120; index += 1) span.setAttribute(`noise.${index}`, 'x'.repeat(10_000));
      span.setAttribute('gen_ai.usage.input_tokens', 7);
      span.end();
    })) {
      expect(Object.fromEntries(itemsOf(decoded)[0]?.attributes ?? [])).toEqual({ inputTokens: 7n });
    }
  });

  it('have the newest name of what they say twice, in whichever order', () => {
    const names = ['gen_ai.provider.name', 'gen_ai.system', 'llm.system'];
    for (const order of [names, names.toReversed()]) {
      for (const decoded of exported((tracer) => {
        const span = tracer.startSpan('chat');
        for (const name of order) span.setAttribute(name, name);
        span.end();
      })) {
        expect(itemsOf(decoded)[0]?.attributes.get('provider')).toBe('gen_ai.provider.name');
      }
    }
  });
});

describe('log records of the official exporters', () => {
  it('are the same from JSON and from protobuf, without their bodies', () => {
    const exporter = new InMemoryLogRecordExporter();
    const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
    const spanContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
    provider.getLogger('test').emit({
      eventName: 'gen_ai.evaluation.result',
      timestamp: [1_764_000_000, 5],
      body: 'what nobody keeps',
      attributes: { 'gen_ai.evaluation.name': 'helpful', 'gen_ai.evaluation.score.value': 0.5 },
      context: trace.setSpanContext(ROOT_CONTEXT, spanContext),
    });
    const records = exporter.getFinishedLogRecords();
    const json = JsonLogsSerializer.serializeRequest(records) ?? new Uint8Array();
    const protobuf = ProtobufLogsSerializer.serializeRequest(records) ?? new Uint8Array();
    const decoded = decodeLogsFromProtobuf(protobuf);
    expect(decodeLogsFromJson(Buffer.from(json).toString())).toEqual(decoded);
    expect(itemsOf<OtlpLogRecord>(decoded)).toMatchObject([
      { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), nanoseconds: 1_764_000_000_000_000_005n },
    ]);
    expect(Object.fromEntries(itemsOf<OtlpLogRecord>(decoded)[0]?.attributes ?? [])).toEqual({
      evaluationName: 'helpful',
      evaluationScore: 0.5,
    });
  });
});

const SPAN = {
  traceId: 'A'.repeat(32),
  spanId: '1'.repeat(16),
  name: 'x',
  startTimeUnixNano: '1764000000000000000',
  endTimeUnixNano: 1_764_000_000_000_000_000,
};

function request(...spans: readonly unknown[]): string {
  return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
}

describe('JSON as other languages write it', () => {
  it('may spell ids in capitals, numbers as texts or numbers, and leave out or null what is empty', () => {
    const parentSpanId = null;
    const attributes = [
      { key: 'gen_ai.usage.input_tokens', value: { intValue: '12' } },
      { key: 'gen_ai.usage.output_tokens', value: { intValue: 13 } },
      { key: 'gen_ai.request.model', value: { stringValue: '' } },
      { key: 'gen_ai.system', value: {} },
      { key: 'gen_ai.usage.cost', value: null },
      'noise',
    ];
    const [span] = itemsOf(decodeTracesFromJson(request({ ...SPAN, parentSpanId, attributes, status: {} })));
    expect(span).toMatchObject({ traceId: 'a'.repeat(32), hasFailed: false });
    expect(span).not.toHaveProperty('parentSpanId');
    expect(Object.fromEntries(span?.attributes ?? [])).toEqual({
      inputTokens: 12n,
      outputTokens: 13n,
      modelAsked: '',
    });
  });

  it('of nothing is nothing', () => {
    for (const text of ['{}', '{"resourceSpans":[]}', '{"resourceSpans":null}', '{"resourceSpans":[{}]}']) {
      expect(decodeTracesFromJson(text)).toEqual({ ok: true, items: [], rejected: 0, problem: undefined });
    }
    expect(itemsOf(decodeTracesFromProtobuf(new Uint8Array()))).toEqual([]);
  });
});

describe('a span that is none', () => {
  it.each([
    ['no trace id', { traceId: '' }],
    ['a trace id of zeros', { traceId: '0'.repeat(32) }],
    ['a trace id in base64', { traceId: 'qqqqqqqqqqqqqqqqqqqqqg==' }],
    ['a span id that is too long', { spanId: '1'.repeat(18) }],
    ['a parent that is no id', { parentSpanId: 'x' }],
    ['no beginning', { startTimeUnixNano: undefined }],
    ['an end before its beginning', { endTimeUnixNano: '1' }],
    ['a negative time', { startTimeUnixNano: '-1' }],
    ['a time past all times', { endTimeUnixNano: '18446744073709551615' }],
    ['a time that is a fraction', { startTimeUnixNano: 1.5 }],
  ])('with %s is rejected, and the others are taken', (_what, wrong) => {
    const decoded = decodeTracesFromJson(request(SPAN, { ...SPAN, ...wrong }, SPAN));
    expect(decoded).toMatchObject({ ok: true, rejected: 1, problem: expect.stringMatching(/^A span .*\.$/) });
    expect(decoded.ok && decoded.items).toHaveLength(2);
  });

  it('is each above the ten thousandth', () => {
    const decoded = decodeTracesFromJson(request(...Array.from({ length: 10_007 }, () => SPAN)));
    expect(decoded).toMatchObject({
      ok: true,
      rejected: 7,
      problem: expect.stringContaining('smaller batches'),
    });
  });
});

describe('a body that is no export request', () => {
  it.each([
    ['', 'JSON'],
    ['{', 'JSON'],
    ['[]', 'object'],
    ['null', 'object'],
    ['"x"', 'object'],
    ['{"resourceSpans":{}}', 'resourceSpans'],
    ['{"resourceSpans":[1]}', 'resourceSpans'],
    ['{"resourceSpans":[null]}', 'resourceSpans'],
    ['{"resourceSpans":[{"scopeSpans":"x"}]}', 'scopeSpans'],
    ['{"resourceSpans":[{"scopeSpans":[[]]}]}', 'scopeSpans'],
    ['{"resourceSpans":[{"scopeSpans":[{"spans":{}}]}]}', 'spans'],
    ['{"resourceSpans":[{"scopeSpans":[{"spans":[1]}]}]}', 'spans'],
    ['['.repeat(1_000), 'deeper'],
    [`{"a":${'{"a":'.repeat(60)}1${'}'.repeat(60)}}`, 'deeper'],
    [`[${'1,'.repeat(1_600_000)}1]`, 'values'],
  ])('in JSON is refused with what is wrong', (text, words) => {
    const decoded = decodeTracesFromJson(text);
    expect(decoded).toMatchObject({ ok: false, message: expect.stringContaining(words) });
  });

  const [length, end] = [0x0a, 0x12];
  it.each([
    ['a tag without a field', [length]],
    ['a length past the end', [length, 0x7f, 1]],
    ['a length past all ends', [length, 0xff, 0xff, 0xff, 0xff, 0x0f]],
    ['a number without end', [0x08, ...Array.from({ length: 12 }, () => 0xff)]],
    ['field 0', [0x02, 0x00]],
    ['an unknown wire type', [0x0f]],
    ['a group without end', [0x0b]],
    ['a group that another ends', [0x0b, 0x14]],
    ['groups in groups', Array.from({ length: 2_000 }, () => 0x0b)],
    ['a message past the end of its own', [length, 2, end, 5, end, 0, 0, 0, 0]],
    ['a span past the end of its scope', [length, 6, end, 4, end, 9, 0x0a, 1, 1, 1, 1]],
    ['an id that is a number', [length, 6, end, 4, end, 2, 0x08, 1]],
    ['a time that is a text', [length, 6, end, 4, end, 2, 0x3a, 0]],
    ['an attribute that is a number', [length, 6, end, 4, end, 2, 0x48, 1]],
    ['a status that is a number', [length, 6, end, 4, end, 2, 0x78, 1]],
    ['JSON', [...Buffer.from('{"resourceSpans":[]}')]],
    ['gzip', [0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0]],
    ['text', [...Buffer.from('hello')]],
  ])('in protobuf is refused: %s', (_what, bytes) => {
    expect(decodeTracesFromProtobuf(Uint8Array.from(bytes))).toEqual({
      ok: false,
      message: 'is not an export request in protobuf',
    });
  });

  it('cut anywhere is refused or loses nothing of what is whole, and never throws', () => {
    const exporter = new InMemorySpanExporter();
    const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
    const span = provider.getTracer('test').startSpan('chat', { attributes: { 'gen_ai.system': 'x' } });
    span.end();
    const whole = ProtobufTraceSerializer.serializeRequest(exporter.getFinishedSpans()) ?? new Uint8Array();
    for (let length = 1; length < whole.length; length += 1) {
      expect(decodeTracesFromProtobuf(whole.subarray(0, length)).ok).toBe(false);
    }
    for (let place = 0; place < whole.length; place += 1) {
      for (const bits of [0xff, 0x80, 0x01]) {
        const broken = whole.slice();
        broken[place] = (broken[place] ?? 0) ^ bits;
        expect(typeof decodeTracesFromProtobuf(broken).ok).toBe('boolean');
      }
    }
  });
});
