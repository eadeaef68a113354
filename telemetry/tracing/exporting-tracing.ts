/**
 * Tracing with the parts of the official SDK that a span needs when it is told at its end: sampler, ids, batches and
 * exporter. There is no tracer and no context manager: whose child a span is stands in the facts, not in the air.
 *
 * Spans wait in one bounded queue. A collector that is away or slow costs its size in memory and nothing else.
 */
import {
  type Context,
  ROOT_CONTEXT,
  SpanKind,
  TraceFlags,
  createTraceState,
  trace,
} from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  type Resource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  RandomIdGenerator,
  type ReadableSpan,
  type Sampler,
  SamplingDecision,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import { RANDOM, SAMPLED, type SpanContext, type TraceContext } from '#domain/tracing/trace-context.ts';
import { readableSpanOf } from './readable-span.ts';
import type { SpansTold, Tracing, TracingIdentity } from './tracing.ts';
import type { TracingSettings } from './tracing-settings.ts';

const QUEUE_MAXIMUM_SPANS = 4_096;
const BATCH_SPANS = 512;
const BATCH_MILLISECONDS = 1_000;
const EXPORT_MILLISECONDS = 10_000;
/** Part of the ten seconds that a pod is given beyond its drain. */
const STOP_MILLISECONDS = 3_000;

export function createExportingTracing(
  settings: TracingSettings & { readonly url: string },
  identity: TracingIdentity,
  onTold: SpansTold,
): Tracing {
  const sampler = SAMPLERS[settings.sampler](settings.sampledRatio);
  const ids = new RandomIdGenerator();
  const resource = resourceOf(identity);
  let waiting = 0;
  let stopping: Promise<void> | undefined;
  const exporter = counted(new OTLPTraceExporter({ url: settings.url }), (outcome, count) => {
    waiting -= count;
    onTold(outcome, count);
  });
  const processor = new BatchSpanProcessor({
    exporter,
    // Never reached: what is more is not handed over at all, so that it can be counted.
    maxQueueSize: QUEUE_MAXIMUM_SPANS + 1,
    maxExportBatchSize: BATCH_SPANS,
    scheduledDelayMillis: BATCH_MILLISECONDS,
    exportTimeoutMillis: EXPORT_MILLISECONDS,
  });

  return {
    isOn: true,
    enter: (caller) => {
      const traceId = caller?.traceId ?? ids.generateTraceId();
      const { decision } = sampler.shouldSample(contextOf(caller), traceId, '', SpanKind.SERVER, {}, []);
      const sampled = decision === SamplingDecision.RECORD_AND_SAMPLED ? SAMPLED : 0;
      const random = caller === undefined ? RANDOM : caller.flags & RANDOM;
      return {
        traceId,
        spanId: ids.generateSpanId(),
        flags: sampled | random,
        ...(caller !== undefined && { parentSpanId: caller.spanId }),
        ...(caller?.state !== undefined && { state: caller.state }),
      };
    },
    within: (parent) => {
      if (parent === undefined) return undefined;
      return { ...parent, spanId: ids.generateSpanId(), parentSpanId: parent.spanId };
    },
    tell: (span) => {
      if ((span.context.flags & SAMPLED) === 0) return;
      if (waiting >= QUEUE_MAXIMUM_SPANS) {
        onTold('lost', 1);
        return;
      }
      waiting += 1;
      processor.onEnd(readableSpanOf(span, spanContextOf(span.context), resource));
    },
    stop: () => (stopping ??= stopWithin(processor, STOP_MILLISECONDS)),
  };
}

const SAMPLERS: Readonly<Record<TracingSettings['sampler'], (ratio: number) => Sampler>> = {
  always_on: () => new AlwaysOnSampler(),
  always_off: () => new AlwaysOffSampler(),
  traceidratio: (ratio) => new TraceIdRatioBasedSampler(ratio),
  parentbased_always_on: () => new ParentBasedSampler({ root: new AlwaysOnSampler() }),
  parentbased_always_off: () => new ParentBasedSampler({ root: new AlwaysOffSampler() }),
  parentbased_traceidratio: (ratio) => new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
};

function resourceOf({ serviceName, instance, namespace }: TracingIdentity): Resource {
  return resourceFromAttributes({
    'service.name': serviceName,
    ...(instance !== undefined && { 'service.instance.id': instance }),
    ...(namespace !== undefined && { 'k8s.namespace.name': namespace }),
  }).merge(detectResources({ detectors: [envDetector] }));
}

function contextOf(caller: TraceContext | undefined): Context {
  if (caller === undefined) return ROOT_CONTEXT;
  const { traceId, spanId, flags } = caller;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: flags, isRemote: true });
}

function spanContextOf({
  traceId,
  spanId,
  flags,
  state,
}: SpanContext): ReturnType<ReadableSpan['spanContext']> {
  return {
    traceId,
    spanId,
    traceFlags: flags & TraceFlags.SAMPLED,
    ...(state !== undefined && { traceState: createTraceState(state) }),
  };
}

/** Tells of every batch what became of it. */
function counted(exporter: SpanExporter, onTold: SpansTold): SpanExporter {
  return {
    export: (spans, onResult) =>
      exporter.export(spans, (result) => {
        onTold(result.code === ExportResultCode.SUCCESS ? 'sent' : 'lost', spans.length);
        onResult(result);
      }),
    shutdown: () => exporter.shutdown(),
  };
}

async function stopWithin(processor: BatchSpanProcessor, milliseconds: number): Promise<void> {
  const { promise: isOver, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  try {
    // What a collector refuses at the end is lost, and was told as such.
    await Promise.race([processor.shutdown().catch(() => undefined), isOver]);
  } finally {
    clearTimeout(timer);
  }
}
