/** A finished span in the shape that the exporters of the SDK read. */
import { type Attributes, type HrTime, type SpanContext, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { ERROR_TYPE } from '../gen-ai-attributes.ts';
import type { FinishedSpan, SpanAttributes } from './tracing.ts';

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL } as const;
const SCOPE = { name: 'capataz' };

export function readableSpanOf(span: FinishedSpan, context: SpanContext, resource: Resource): ReadableSpan {
  const { startedAtEpochMilliseconds: startedAt, durationMilliseconds, errorType } = span;
  const { parentSpanId } = span.context;
  const duration = Math.max(0, durationMilliseconds);
  return {
    name: span.name,
    kind: KINDS[span.kind],
    spanContext: () => context,
    ...(parentSpanId !== undefined && {
      parentSpanContext: { ...context, spanId: parentSpanId, isRemote: span.kind === 'server' },
    }),
    startTime: hrTimeOf(startedAt),
    endTime: hrTimeOf(startedAt + duration),
    duration: hrTimeOf(duration),
    status: { code: errorType === undefined ? SpanStatusCode.UNSET : SpanStatusCode.ERROR },
    attributes: attributesOf(span.attributes, errorType),
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function attributesOf(given: SpanAttributes, errorType: string | undefined): Attributes {
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(given)) if (value !== undefined) attributes[name] = value;
  if (errorType !== undefined) attributes[ERROR_TYPE] = errorType;
  return attributes;
}

/** Seconds and nanoseconds. */
function hrTimeOf(milliseconds: number): HrTime {
  const seconds = Math.floor(milliseconds / 1000);
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)];
}
