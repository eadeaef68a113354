import { gzipSync } from 'node:zlib';
import { ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, describe, expect, it } from 'vitest';
import { type OtlpUnderTest, startOtlpUnderTest } from './testing/otlp-under-test.ts';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function ledger(): Promise<OtlpUnderTest> {
  const started = await startOtlpUnderTest();
  cleanUps.push(started.close);
  return started;
}

const TOKEN = 'Bearer agent:shop:triage';
const JSON_TYPE = { 'content-type': 'application/json' };
const PROTOBUF_TYPE = { 'content-type': 'application/x-protobuf' };

async function post(
  { url }: OtlpUnderTest,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = JSON_TYPE,
  path = '/v1/traces',
): Promise<{ readonly status: number; readonly headers: Headers; readonly bytes: Buffer }> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: TOKEN, ...headers },
    body: typeof body === 'string' ? body : Buffer.from(body),
  });
  return {
    status: response.status,
    headers: response.headers,
    bytes: Buffer.from(await response.arrayBuffer()),
  };
}

const TRACE = 'a'.repeat(32);
const SPAN = {
  traceId: TRACE,
  spanId: '1'.repeat(16),
  name: 'chat gpt',
  startTimeUnixNano: '1764000000000001999',
  endTimeUnixNano: '1764000000500000000',
};

function traces(...spans: readonly unknown[]): string {
  return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
}

function attribute(key: string, value: unknown): unknown {
  return { key, value };
}

describe('an exporter of the official SDK', () => {
  it('becomes records of the agent whose token it carries, whatever its resource calls it', async () => {
    const under = await ledger();
    const exporter = new OTLPTraceExporter({
      url: `${under.url}/v1/traces`,
      headers: { authorization: TOKEN },
    });
    const provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': 'somebody else', 'k8s.namespace.name': 'bank' }),
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
    });
    const tracer = provider.getTracer('test');
    const parent = tracer.startSpan('invoke_agent other');
    parent.setAttribute('gen_ai.agent.name', 'other');
    const child = tracer.startSpan('chat gpt', {}, trace.setSpan(ROOT_CONTEXT, parent));
    child.setAttributes({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt',
      'gen_ai.response.model': 'gpt-2026',
      'gen_ai.response.id': 'r-1',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.conversation.id': 'talk',
      'gen_ai.usage.input_tokens': 100,
      'gen_ai.usage.cache_read.input_tokens': 40,
      'gen_ai.usage.output_tokens': 7,
      'gen_ai.usage.cost': 0.001_5,
      'gen_ai.input.messages': 'what nobody keeps',
    });
    child.recordException(new Error('what nobody keeps'));
    child.setStatus({ code: SpanStatusCode.ERROR, message: 'what nobody keeps' });
    child.end();
    parent.end();
    await provider.shutdown();

    const { traceId, spanId } = child.spanContext();
    const record = under.records.get(`shop/span:triage:${traceId}:${spanId}`);
    expect(record).toMatchObject({
      type: 'reported_span',
      namespace: 'shop',
      agent: { name: 'triage' },
      source: { process: 'external', instance: 'triage' },
      run: { id: `triage:${traceId}` },
      trace: { traceId, spanId },
      parentSpanId: parent.spanContext().spanId,
      operation: 'chat',
      name: 'chat gpt',
      outcome: 'error',
      provider: 'openai',
      modelAsked: 'gpt',
      modelServed: 'gpt-2026',
      responseId: 'r-1',
      finishReasons: ['stop'],
      conversation: 'talk',
      tokens: { input: 60, cachedInput: 40, cacheWrite: 0, output: 7 },
      claimedCostNanoUsd: 1_500_000,
    });
    expect([...under.records.values()].map(({ innerAgent }) => innerAgent)).toEqual([undefined, 'other']);
    expect(JSON.stringify([...under.records.values()])).not.toMatch(/nobody keeps|bank|somebody/);
  });

  it('is written once, in whichever encoding and however often it sends the same', async () => {
    const under = await ledger();
    const memory = new InMemorySpanExporter();
    const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: memory })] });
    provider.getTracer('test').startSpan('chat').end();
    const spans = memory.getFinishedSpans();
    const json = JsonTraceSerializer.serializeRequest(spans) ?? new Uint8Array();
    const protobuf = ProtobufTraceSerializer.serializeRequest(spans) ?? new Uint8Array();
    const gzip = { 'content-encoding': 'gzip' };
    const answers = [
      await post(under, json),
      await post(under, protobuf, PROTOBUF_TYPE),
      await post(under, gzipSync(json), { ...JSON_TYPE, ...gzip }),
      await post(under, gzipSync(protobuf), { ...PROTOBUF_TYPE, ...gzip }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(answers.map(({ bytes }) => bytes.toString())).toEqual(['{}', '', '{}', '']);
    expect(answers.map(({ headers }) => headers.get('content-type'))).toEqual([
      'application/json',
      'application/x-protobuf',
      'application/json',
      'application/x-protobuf',
    ]);
    expect(under.records.size).toBe(1);
  });
});

describe('what is said of a span', () => {
  async function recordOf(...attributes: readonly unknown[]): Promise<Readonly<Record<string, unknown>>> {
    const under = await ledger();
    const { status } = await post(under, traces({ ...SPAN, attributes }));
    expect(status).toBe(200);
    const [record] = under.records.values();
    return { ...record };
  }

  it('is read in the words of OpenInference too', async () => {
    const record = await recordOf(
      attribute('openinference.span.kind', { stringValue: 'LLM' }),
      attribute('llm.model_name', { stringValue: 'claude' }),
      attribute('llm.token_count.prompt', { intValue: '9' }),
      attribute('llm.token_count.completion', { doubleValue: 3 }),
      attribute('session.id', { stringValue: 's' }),
    );
    expect(record).toMatchObject({
      operation: 'chat',
      modelAsked: 'claude',
      conversation: 's',
      tokens: { input: 9, cachedInput: 0, cacheWrite: 0, output: 3 },
      atMicroseconds: 1_764_000_000_500_000,
      beganAtMicroseconds: 1_764_000_000_000_001,
      durationMicroseconds: 499_999,
    });
  });

  it('takes the run that the agent names, where that can be an id', async () => {
    const run = (id: string): unknown => attribute('capataz.run.id', { stringValue: id });
    expect(await recordOf(run('run-7'))).toMatchObject({ run: { id: 'run-7' } });
    expect(await recordOf(run('no id'))).toMatchObject({ run: { id: `triage:${TRACE}` } });
  });

  it.each([
    ['negative', { intValue: '-1' }],
    ['a fraction', { doubleValue: 1.5 }],
    ['not finite', { stringValue: 'NaN' }],
    ['larger than can be written down', { intValue: '9223372036854775807' }],
    ['a list', { arrayValue: { values: [{ intValue: '1' }] } }],
  ])('has no tokens when their number is %s', async (_what, value) => {
    expect(await recordOf(attribute('gen_ai.usage.input_tokens', value))).not.toHaveProperty('tokens');
  });

  it('has a name that is too long left out, not cut, and broken letters replaced', async () => {
    const record = await recordOf(
      attribute('gen_ai.request.model', { stringValue: 'm'.repeat(257) }),
      attribute('gen_ai.response.model', { stringValue: 'm\ud800' }),
    );
    expect(record).not.toHaveProperty('modelAsked');
    expect(record).toMatchObject({ modelServed: 'm\ufffd' });
  });

  it('is called a span where it says nothing that is known', async () => {
    expect(await recordOf(attribute('http.method', { stringValue: 'GET' }))).toMatchObject({
      operation: 'span',
    });
  });
});

describe('log records', () => {
  const event = (name: string, changes: object = {}): unknown => ({
    timeUnixNano: '1764000000000000000',
    eventName: 'gen_ai.evaluation.result',
    traceId: TRACE,
    spanId: '1'.repeat(16),
    body: { stringValue: 'what nobody keeps' },
    attributes: [
      attribute('gen_ai.evaluation.name', { stringValue: name }),
      attribute('gen_ai.evaluation.score.value', { doubleValue: 0.25 }),
      attribute('gen_ai.evaluation.score.label', { stringValue: 'poor' }),
    ],
    ...changes,
  });

  it('of evaluations are kept as claims, and all others are taken and forgotten', async () => {
    const under = await ledger();
    const logRecords = [
      event('helpful'),
      event('correct'),
      event('helpful'),
      event('x', { traceId: '' }),
      event('x', { eventName: 'gen_ai.user.message' }),
    ];
    const body = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
    const { status, bytes } = await post(under, body, JSON_TYPE, '/v1/logs');
    expect([status, bytes.toString()]).toEqual([200, '{}']);
    const records = [...under.records.values()];
    expect(records.map(({ evaluation }) => evaluation)).toEqual([
      { metric: 'helpful', scoreBasisPoints: 2_500, label: 'poor' },
      { metric: 'correct', scoreBasisPoints: 2_500, label: 'poor' },
    ]);
    expect(JSON.stringify(records)).not.toContain('nobody keeps');
  });
});

describe('what cannot be taken', () => {
  it('is counted in a partial success, in the encoding that was written', async () => {
    const under = await ledger();
    const json = await post(under, traces(SPAN, { ...SPAN, spanId: 'x' }));
    expect(JSON.parse(json.bytes.toString())).toEqual({
      partialSuccess: { rejectedSpans: '1', errorMessage: 'A span has no span id of 8 bytes.' },
    });
    // A span without ids, in a scope, in a resource.
    const protobuf = await post(under, Uint8Array.from([0x0a, 4, 0x12, 2, 0x12, 0]), PROTOBUF_TYPE);
    const message = 'A span has no trace id of 16 bytes.';
    const partial = [0x08, 1, 0x12, message.length, ...Buffer.from(message)];
    expect([...protobuf.bytes]).toEqual([0x0a, partial.length, ...partial]);
    expect(under.records.size).toBe(1);
  });

  it('because another span had its id is counted as well', async () => {
    const under = await ledger();
    await post(under, traces(SPAN));
    const { bytes } = await post(under, traces({ ...SPAN, name: 'rewritten' }));
    expect(JSON.parse(bytes.toString())).toMatchObject({ partialSuccess: { rejectedSpans: '1' } });
    expect([...under.records.values()]).toMatchObject([{ name: 'chat gpt' }]);
  });

  it('for want of a token, of sense or of a known encoding is refused with a status that nobody repeats', async () => {
    const under = await ledger();
    const refused = [
      [await post(under, traces(SPAN), { ...JSON_TYPE, authorization: 'Bearer nobody' }), 401],
      [await post(under, '{"resourceSpans":1}'), 400],
      [await post(under, 'x', PROTOBUF_TYPE), 400],
      [await post(under, traces(SPAN), { ...JSON_TYPE, 'content-encoding': 'br' }), 415],
      [await post(under, traces(SPAN), { ...JSON_TYPE, 'content-encoding': 'gzip' }), 400],
    ] as const;
    for (const [{ status }, expected] of refused) expect(status).toBe(expected);
    expect(JSON.parse(refused[1][0].bytes.toString())).toEqual({
      code: 3,
      message: 'The body is not an export request: resourceSpans must be a list of objects.',
    });
    expect(under.records.size).toBe(0);
  });

  it('at the moment is refused with a status that exporters repeat, and says when', async () => {
    const under = await ledger();
    under.refusal = { code: 'unavailable', message: 'The disk is full.', retryAfterSeconds: 7 };
    const { status, headers } = await post(under, traces(SPAN));
    expect(status).toBe(503);
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(7);
  });

  it('because enough bodies are held already is refused before it is read, and taken when there is room', async () => {
    const under = await ledger();
    const { promise, resolve } = Promise.withResolvers<void>();
    under.gate = promise;
    const other = { ...JSON_TYPE, authorization: 'Bearer agent:shop:other' };
    const held = [TOKEN, TOKEN, other.authorization, other.authorization].map((authorization) =>
      post(under, traces(SPAN), { ...JSON_TYPE, authorization }),
    );
    await expect.poll(async () => (await post(under, traces(SPAN))).status).toBe(429);
    resolve();
    expect((await Promise.all(held)).map(({ status }) => status)).toContain(200);
    await expect.poll(async () => (await post(under, traces(SPAN))).status).toBe(200);
  });
});

const MEBIBYTE = 1024 * 1024;
const EMPTY_SPANS = `{"resourceSpans":[{"scopeSpans":[{"spans":[${'{},'.repeat(700_000)}{}]}]}]}`;

describe('a bomb', () => {
  it.each([
    ['of blanks above the bound', () => Buffer.alloc(8 * MEBIBYTE + 1, 0x20), JSON_TYPE, 413],
    ['of zeros', () => Buffer.alloc(256 * MEBIBYTE), JSON_TYPE, 413],
    ['of brackets', () => Buffer.alloc(8 * MEBIBYTE, '['), JSON_TYPE, 400],
    ['of empty spans', () => Buffer.from(EMPTY_SPANS), JSON_TYPE, 400],
    ['of empty resources', () => Buffer.alloc(8 * MEBIBYTE, Uint8Array.from([0x0a, 0])), PROTOBUF_TYPE, 400],
    ['of groups', () => Buffer.alloc(8 * MEBIBYTE, 0x0b), PROTOBUF_TYPE, 400],
  ])('%s costs what it may and leaves nothing behind', async (_what, plain, type, expected) => {
    const under = await ledger();
    const bomb = gzipSync(plain(), { level: 9 });
    expect(bomb.length).toBeLessThan(4 * 1024 * 1024);
    const { status } = await post(under, bomb, { ...type, 'content-encoding': 'gzip' });
    expect(status).toBe(expected);
    expect(under.records.size).toBe(0);
    expect((await post(under, traces(SPAN))).status).toBe(200);
  });

  it('that is not compressed is refused by its size', async () => {
    const under = await ledger();
    const { status } = await post(under, Buffer.alloc(4 * 1024 * 1024 + 1, 0x20));
    expect(status).toBe(400);
  });
});
