/**
 * Tracing: spans by OTLP to any collector. A span is told when its work is over, from what became of it; until then it is
 * no more than its ids (domain/tracing/spans.ts). Without a collector nothing is made and no package of OpenTelemetry is
 * even loaded.
 */
import { Counter, type Registry } from 'prom-client';
import { NO_SPANS, type Spans } from '#domain/tracing/spans.ts';
import type { SpanContext } from '#domain/tracing/trace-context.ts';
import type { Logger } from '../logger.ts';
import type { TracingSettings } from './tracing-settings.ts';

export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

export interface FinishedSpan {
  readonly context: SpanContext;
  readonly name: string;
  /** `server` answers somebody, `client` asks somebody. */
  readonly kind: 'server' | 'client' | 'internal';
  readonly startedAtEpochMilliseconds: number;
  readonly durationMilliseconds: number;
  /** Never a text of users, models or tools. */
  readonly attributes: SpanAttributes;
  /** Our code of the failure; absent when all went well. */
  readonly errorType?: string | undefined;
}

export interface Tracing extends Spans {
  readonly isOn: boolean;
  /** Never throws and never waits; what a collector does not take in time is lost. */
  readonly tell: (span: FinishedSpan) => void;
  /** Sends what still waits, as long as that takes no longer than a few seconds. */
  readonly stop: () => Promise<void>;
}

export const NO_TRACING: Tracing = {
  ...NO_SPANS,
  isOn: false,
  tell: () => undefined,
  stop: async () => undefined,
};

export type SpansTold = (outcome: 'sent' | 'lost', count: number) => void;

export interface TracingIdentity {
  /** Unless OTEL_SERVICE_NAME says otherwise. */
  readonly serviceName: string;
  /** The pod. */
  readonly instance: string | undefined;
  /** Of the namespace, where it is known. */
  readonly namespace?: string | undefined;
}

export async function startTracing(
  settings: TracingSettings,
  identity: TracingIdentity,
  { registry, logger }: { readonly registry: Registry; readonly logger: Logger },
): Promise<Tracing> {
  const { url } = settings;
  if (url === undefined) return NO_TRACING;
  // Not loaded by those who do not trace.
  const { createExportingTracing } = await import('./exporting-tracing.ts');
  return createExportingTracing({ ...settings, url }, identity, spansTold(registry, logger));
}

const SILENCE_MILLISECONDS = 60_000;

function spansTold(registry: Registry, logger: Logger): SpansTold {
  const spans = new Counter({
    name: 'capataz_spans_total',
    help: 'Spans by what became of them on their way to the collector.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  let warnedAt = -Infinity;
  return (outcome, count) => {
    spans.inc({ outcome }, count);
    if (outcome === 'sent' || performance.now() - warnedAt < SILENCE_MILLISECONDS) return;
    warnedAt = performance.now();
    logger.warn({ count }, 'spans are lost: the collector does not take them');
  };
}
