/** The agent-runtime's settings, from environment variables. */
import { z } from 'zod';
import { HttpUrl } from '#crds/http-url.ts';
import { LEDGER_VARIABLES, ledgerSettings } from '#process/ledger-environment.ts';
import { LOOPBACK_VARIABLES, listeningHost } from '#process/http/loopback.ts';
import { PROCESS_VARIABLES, processSettings, seconds, wholeNumber } from '#process/environment.ts';
import { TRACING_VARIABLES, tracingSettings } from '#telemetry/tracing/tracing-settings.ts';

export const AgentRuntimeConfig = z
  .object({
    ...PROCESS_VARIABLES,
    ...LOOPBACK_VARIABLES,
    ...LEDGER_VARIABLES,
    ...TRACING_VARIABLES,
    CAPATAZ_ROUTER_URL: HttpUrl,
    /** Projected token with the audience capataz-router; without it model calls carry no identity. */
    CAPATAZ_ROUTER_TOKEN_PATH: z.string().optional(),
    /** The mounted ConfigMap, so that a pod boots without the operator. */
    CAPATAZ_CONFIGURATION_PATH: z.string().optional(),
    /** The mounted document of the rollout that the agent follows. */
    CAPATAZ_ROLLOUT_PATH: z.string().optional(),
    /** The operator's stream, so that a change is live in under a second. */
    CAPATAZ_CONFIGURATION_URL: HttpUrl.optional(),
    /** Projected token with the audience capataz-operator. */
    CAPATAZ_CONFIGURATION_TOKEN_PATH: z.string().optional(),
    CAPATAZ_POD_NAME: z.string().optional(),
    /** Given, a configuration of another agent is refused. */
    CAPATAZ_NAMESPACE: z.string().optional(),
    CAPATAZ_AGENT_NAME: z.string().optional(),
    CAPATAZ_MAXIMUM_CONCURRENT_RUNS: wholeNumber(1, 10_000).default(64),
    /** Time for runs under way after SIGTERM, see Drain; then they are stopped with the reason `draining`. */
    CAPATAZ_DRAIN_SECONDS: seconds(0, 3_600).default(50),
    /** Only outside a cluster: lets Http tools live on this machine's own loopback. */
    CAPATAZ_ALLOW_LOOPBACK_TOOLS: z.enum(['true', 'false']).default('false'),
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
    ...processSettings(env),
    listening: listeningHost(env),
    tracing: tracingSettings(env),
    routerUrl: env.CAPATAZ_ROUTER_URL.replace(/\/+$/, ''),
    routerTokenPath: env.CAPATAZ_ROUTER_TOKEN_PATH,
    configurationPath: env.CAPATAZ_CONFIGURATION_PATH,
    rolloutPath: env.CAPATAZ_ROLLOUT_PATH,
    configurationUrl: env.CAPATAZ_CONFIGURATION_URL,
    configurationTokenPath: env.CAPATAZ_CONFIGURATION_TOKEN_PATH,
    ledger: ledgerSettings(env),
    podName: env.CAPATAZ_POD_NAME ?? 'local',
    namespace: env.CAPATAZ_NAMESPACE,
    agentName: env.CAPATAZ_AGENT_NAME,
    maximumConcurrentRuns: env.CAPATAZ_MAXIMUM_CONCURRENT_RUNS,
    drainSeconds: env.CAPATAZ_DRAIN_SECONDS,
    allowLoopbackTools: env.CAPATAZ_ALLOW_LOOPBACK_TOOLS === 'true',
    tracesContent: env.CAPATAZ_TRACE_CONTENT === 'true',
  }));
export type AgentRuntimeConfig = z.infer<typeof AgentRuntimeConfig>;
