/** The agent-runtime's settings, from environment variables. */
import { z } from 'zod';
import { LOG_LEVELS } from '#telemetry/logger.ts';

const Port = z.coerce.number().int().min(0).max(65_535);
const HttpUrl = z.string().regex(/^https?:\/\/[^\s]+$/, 'must be an http:// or https:// URL');
/** An empty variable is what a chart leaves behind for "not set". */
const Optional = z.string().transform((value) => (value === '' ? undefined : value));

export const AgentRuntimeConfig = z
  .object({
    CAPATAZ_LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
    CAPATAZ_PORT: Port.default(8080),
    CAPATAZ_METRICS_PORT: Port.default(9090),
    CAPATAZ_ROUTER_URL: HttpUrl,
    /** Projected token with the audience capataz-router; without it model calls carry no identity. */
    CAPATAZ_ROUTER_TOKEN_PATH: Optional.optional(),
    /** The mounted ConfigMap, so that a pod boots without the operator. */
    CAPATAZ_CONFIGURATION_PATH: Optional.optional(),
    /** The operator's stream, so that a change is live in under a second. */
    CAPATAZ_CONFIGURATION_URL: z.union([z.literal('').transform(() => undefined), HttpUrl]).optional(),
    /** Projected token with the audience capataz-operator. */
    CAPATAZ_CONFIGURATION_TOKEN_PATH: Optional.optional(),
    CAPATAZ_POD_NAME: Optional.optional(),
    /** Given, a configuration of another agent is refused. */
    CAPATAZ_NAMESPACE: Optional.optional(),
    CAPATAZ_AGENT_NAME: Optional.optional(),
    CAPATAZ_MAXIMUM_CONCURRENT_RUNS: z.coerce.number().int().min(1).max(10_000).default(64),
    /** Time for runs under way after SIGTERM; then they are stopped with the reason `draining`. */
    CAPATAZ_DRAIN_SECONDS: z.coerce.number().min(0).max(3_600).default(50),
    /** Adds prompts, answers and tool results to the trace lines. Off: they hold digests and sizes. */
    CAPATAZ_TRACE_CONTENT: z.enum(['true', 'false']).default('false'),
  })
  .refine(
    (env) => env.CAPATAZ_CONFIGURATION_PATH !== undefined || env.CAPATAZ_CONFIGURATION_URL !== undefined,
    {
      message: 'set CAPATAZ_CONFIGURATION_PATH, CAPATAZ_CONFIGURATION_URL or both',
    },
  )
  .transform((env) => ({
    logLevel: env.CAPATAZ_LOG_LEVEL,
    port: env.CAPATAZ_PORT,
    metricsPort: env.CAPATAZ_METRICS_PORT,
    routerUrl: env.CAPATAZ_ROUTER_URL.replace(/\/+$/, ''),
    routerTokenPath: env.CAPATAZ_ROUTER_TOKEN_PATH,
    configurationPath: env.CAPATAZ_CONFIGURATION_PATH,
    configurationUrl: env.CAPATAZ_CONFIGURATION_URL,
    configurationTokenPath: env.CAPATAZ_CONFIGURATION_TOKEN_PATH,
    podName: env.CAPATAZ_POD_NAME ?? 'local',
    namespace: env.CAPATAZ_NAMESPACE,
    agentName: env.CAPATAZ_AGENT_NAME,
    maximumConcurrentRuns: env.CAPATAZ_MAXIMUM_CONCURRENT_RUNS,
    drainSeconds: env.CAPATAZ_DRAIN_SECONDS,
    tracesContent: env.CAPATAZ_TRACE_CONTENT === 'true',
  }));
export type AgentRuntimeConfig = z.infer<typeof AgentRuntimeConfig>;
