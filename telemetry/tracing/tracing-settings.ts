/**
 * What of the standard OTEL_* variables decides whether and how spans are sent
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/). Headers, timeout, compression and
 * certificates of the exporter, OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES are read by the SDK itself.
 */
import { z } from 'zod';

export const TRACE_SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

const CollectorUrl = z.string().regex(/^https?:\/\/[^\s]+$/, 'must be an http:// or https:// URL');
const Protocol = z.literal('http/protobuf', {
  error: 'must be http/protobuf: spans are sent by no other protocol',
});

export const TRACING_VARIABLES = {
  OTEL_SDK_DISABLED: z.string().optional(),
  /** Nothing is traced without it (or its twin for traces alone). */
  OTEL_EXPORTER_OTLP_ENDPOINT: CollectorUrl.optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: CollectorUrl.optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: Protocol.optional(),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: Protocol.optional(),
  OTEL_TRACES_EXPORTER: z.enum(['otlp', 'none']).default('otlp'),
  OTEL_TRACES_SAMPLER: z.enum(TRACE_SAMPLERS).default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(0(\.\d+)?|1(\.0+)?)$/, 'must be a number from 0 to 1')
    .transform(Number)
    .optional(),
} as const;

type TracingEnvironment = z.output<z.ZodObject<typeof TRACING_VARIABLES>>;

export interface TracingSettings {
  /** Where spans go; undefined: nothing is traced. */
  readonly url: string | undefined;
  readonly sampler: (typeof TRACE_SAMPLERS)[number];
  /** From 0 to 1: which part of the traces is kept, for the samplers that ask for it. */
  readonly sampledRatio: number;
}

export function tracingSettings(environment: TracingEnvironment): TracingSettings {
  const {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: tracesEndpoint,
    OTEL_SDK_DISABLED: isDisabled = '',
  } = environment;
  const isOff = environment.OTEL_TRACES_EXPORTER === 'none' || isDisabled.toLowerCase() === 'true';
  return {
    url: isOff ? undefined : (tracesEndpoint ?? (endpoint && `${endpoint.replace(/\/+$/, '')}/v1/traces`)),
    sampler: environment.OTEL_TRACES_SAMPLER,
    sampledRatio: environment.OTEL_TRACES_SAMPLER_ARG ?? 1,
  };
}
