import { afterEach, describe, expect, it } from 'vitest';
import { Registry } from 'prom-client';
import { z } from 'zod';
import type { SpanContext } from '#domain/tracing/trace-context.ts';
import { type OtlpCollector, startOtlpCollector } from '#test/fakes/otlp-collector.ts';
import { createLogger } from '../logger.ts';
import { NO_TRACING, type Tracing, startTracing } from './tracing.ts';
import { TRACING_VARIABLES, tracingSettings } from './tracing-settings.ts';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = { traceId: TRACE, spanId: '00f067aa0ba902b7', flags: 1 };

function settings(environment: Readonly<Record<string, string>>): ReturnType<typeof tracingSettings> {
  return tracingSettings(z.object(TRACING_VARIABLES).parse(environment));
}

async function bench(
  environment: Readonly<Record<string, string>> = {},
): Promise<{ tracing: Tracing; collector: OtlpCollector; told: () => Promise<Record<string, number>> }> {
  const collector = await startOtlpCollector();
  cleanUps.push(collector.close);
  const registry = new Registry();
  const tracing = await startTracing(
    settings({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...environment }),
    { serviceName: 'test', instance: 'pod-1' },
    { registry, logger: createLogger('test', 'silent') },
  );
  cleanUps.push(tracing.stop);
  const told = async (): Promise<Record<string, number>> => {
    const metric = await registry.getSingleMetric('capataz_spans_total')?.get();
    return Object.fromEntries((metric?.values ?? []).map(({ labels, value }) => [labels['outcome'], value]));
  };
  return { tracing, collector, told };
}

function tell(tracing: Tracing, context: SpanContext | undefined, name = 'work'): void {
  if (context === undefined) throw new Error('There is no span.');
  tracing.tell({
    context,
    name,
    kind: 'server',
    startedAtEpochMilliseconds: 1_764_000_000_000.25,
    durationMilliseconds: 12.5,
    attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.usage.input_tokens': 7, left: undefined },
    errorType: 'timed_out',
  });
}

describe('tracing', () => {
  it('is off without a collector, and passes on the context of a caller as it came', async () => {
    const off = [
      {},
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', OTEL_TRACES_EXPORTER: 'none' },
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', OTEL_SDK_DISABLED: 'TRUE' },
    ];
    for (const environment of off) {
      const registry = new Registry();
      const tracing = await startTracing(
        settings(environment),
        { serviceName: 'test', instance: undefined },
        { registry, logger: createLogger('test', 'silent') },
      );
      expect(tracing).toBe(NO_TRACING);
      expect(tracing.enter(CALLER)).toBe(CALLER);
      expect(tracing.enter(undefined)).toBeUndefined();
      expect(registry.getMetricsAsArray()).toEqual([]);
    }
  });

  it('sends to where the standard variables say', () => {
    const base = 'http://collector:4318/';
    expect(settings({ OTEL_EXPORTER_OTLP_ENDPOINT: base }).url).toBe('http://collector:4318/v1/traces');
    const own = { OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://other/x' };
    expect(settings(own).url).toBe('https://other/x');
  });

  it('refuses a protocol, a sampler or a ratio that it does not know', () => {
    for (const wrong of [
      { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      { OTEL_TRACES_SAMPLER: 'jaeger_remote' },
      { OTEL_TRACES_SAMPLER_ARG: '1.5' },
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' },
    ]) {
      expect(z.object(TRACING_VARIABLES).safeParse(wrong).success).toBe(false);
    }
  });

  it('sends spans with ids, parents, times and attributes as they were told', async () => {
    const { tracing, collector, told } = await bench();
    const request = tracing.enter({ ...CALLER, state: 'a=1' });
    const attempt = tracing.within(request);
    tell(tracing, attempt, 'attempt');
    tell(tracing, request, 'request');
    await tracing.stop();
    expect(request).toMatchObject({ traceId: TRACE, parentSpanId: CALLER.spanId, state: 'a=1' });
    expect(collector.spans()).toMatchObject([
      { name: 'attempt', traceId: TRACE, spanId: attempt?.spanId, parentSpanId: request?.spanId },
      { name: 'request', traceId: TRACE, spanId: request?.spanId, parentSpanId: CALLER.spanId },
    ]);
    expect(collector.spans()[0]).toMatchObject({
      startNanoseconds: 1_764_000_000_000_250_000n,
      endNanoseconds: 1_764_000_000_012_750_000n,
      hasFailed: true,
    });
    expect(Object.fromEntries(collector.spans()[0]?.attributes ?? [])).toEqual({
      operation: 'chat',
      inputTokens: 7n,
      errorType: 'timed_out',
    });
    expect(await told()).toEqual({ sent: 2 });
  });

  it('begins a trace of its own where nobody sent one', async () => {
    const { tracing, collector } = await bench();
    const one = tracing.enter(undefined);
    const other = tracing.enter(undefined);
    expect(one?.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(one?.traceId).not.toBe(other?.traceId);
    tell(tracing, one);
    await tracing.stop();
    expect(collector.spans()).toMatchObject([{ traceId: one?.traceId, spanId: one?.spanId }]);
    expect(collector.spans()[0]).not.toHaveProperty('parentSpanId');
  });

  it.each([
    ['parentbased_always_on', 'as the caller decided', [true, true, false]],
    ['parentbased_always_off', 'of callers who want it only', [false, true, false]],
    ['always_on', 'always', [true, true, true]],
    ['always_off', 'never', [false, false, false]],
  ] as const)('with the sampler %s is kept %s', async (sampler, _words, kept) => {
    const { tracing, collector } = await bench({ OTEL_TRACES_SAMPLER: sampler });
    const contexts = [undefined, CALLER, { ...CALLER, flags: 0 }].map((caller) => tracing.enter(caller));
    expect(contexts.map((context) => (context?.flags ?? 0) & 1)).toEqual(kept.map(Number));
    for (const context of contexts) tell(tracing, context);
    await tracing.stop();
    expect(collector.spans().map(({ spanId }) => spanId)).toEqual(
      contexts.filter((_context, index) => kept[index] === true).map((context) => context?.spanId),
    );
  });

  it('keeps the same part of the traces wherever it looks at them', async () => {
    const environment = { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' };
    const [one, other] = [await bench(environment), await bench(environment)];
    const traces = Array.from({ length: 200 }, () => one.tracing.enter(undefined));
    const kept = traces.filter((context) => ((context?.flags ?? 0) & 1) === 1);
    expect(kept.length).toBeGreaterThan(40);
    expect(kept.length).toBeLessThan(160);
    for (const context of traces)
      expect(((other.tracing.enter(context)?.flags ?? 0) & 1) === 1).toBe(kept.includes(context));
  });

  it('loses spans and nothing else when the collector is away, slow or wrong', async () => {
    const { tracing, collector, told } = await bench();
    collector.answer = (response) => void response.writeHead(400).end();
    tell(tracing, tracing.enter(CALLER));
    await expect.poll(told, { timeout: 60_000 }).toEqual({ lost: 1 });
    collector.answer = () => undefined;
    for (let count = 0; count < 6_000; count += 1) tell(tracing, tracing.enter(CALLER));
    // What the queue does not hold is told at once.
    expect((await told())['lost']).toBe(1 + 6_000 - 4_096);
    await tracing.stop();
    tell(tracing, tracing.enter(CALLER));
  });
});
