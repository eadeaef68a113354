/** The operator's settings, from environment variables. */
import { z } from 'zod';
import { LOG_LEVELS } from '#telemetry/logger.ts';

const Port = z.coerce.number().int().min(0).max(65_535);
const HttpUrl = z.string().regex(/^https?:\/\/[^\s]+$/, 'must be an http:// or https:// URL');
const withoutTrailingSlash = (url: string): string => url.replace(/\/+$/, '');

export const OperatorConfig = z
  .object({
    CAPATAZ_LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
    CAPATAZ_PORT: Port.default(8080),
    CAPATAZ_METRICS_PORT: Port.default(9090),
    /** Of the operator itself: its Lease is there. */
    CAPATAZ_NAMESPACE: z.string().min(1),
    CAPATAZ_POD_NAME: z.string().min(1),
    CAPATAZ_AGENT_IMAGE: z.string().min(1),
    CAPATAZ_AGENT_IMAGE_PULL_POLICY: z.enum(['Always', 'IfNotPresent', 'Never']).default('IfNotPresent'),
    CAPATAZ_ROUTER_URL: HttpUrl,
    CAPATAZ_CONFIGURATION_URL: HttpUrl,
    /** The operator's own projected token with the audience capataz-router. */
    CAPATAZ_ROUTER_TOKEN_PATH: z.string().min(1),
    /** Restricts the operator to the objects of one namespace. */
    CAPATAZ_WATCH_NAMESPACE: z.string().optional(),
    /** Every object is looked at again in this time, whether it changed or not. */
    CAPATAZ_RESYNC_SECONDS: z.coerce.number().min(1).default(600),
    /** Only outside a cluster. */
    CAPATAZ_KUBECONFIG: z.string().optional(),
  })
  .transform((env) => ({
    logLevel: env.CAPATAZ_LOG_LEVEL,
    port: env.CAPATAZ_PORT,
    metricsPort: env.CAPATAZ_METRICS_PORT,
    namespace: env.CAPATAZ_NAMESPACE,
    podName: env.CAPATAZ_POD_NAME,
    pods: {
      agentImage: env.CAPATAZ_AGENT_IMAGE,
      agentImagePullPolicy: env.CAPATAZ_AGENT_IMAGE_PULL_POLICY,
      routerUrl: withoutTrailingSlash(env.CAPATAZ_ROUTER_URL),
      configurationUrl: env.CAPATAZ_CONFIGURATION_URL,
    },
    routerTokenPath: env.CAPATAZ_ROUTER_TOKEN_PATH,
    watchNamespace: env.CAPATAZ_WATCH_NAMESPACE === '' ? undefined : env.CAPATAZ_WATCH_NAMESPACE,
    resyncSeconds: env.CAPATAZ_RESYNC_SECONDS,
    kubeconfigPath: env.CAPATAZ_KUBECONFIG,
  }));
export type OperatorConfig = z.infer<typeof OperatorConfig>;

/** Throws one sentence for each variable that is missing or wrong. */
export function parseConfig(environment: Readonly<Record<string, string | undefined>>): OperatorConfig {
  const parsed = OperatorConfig.safeParse(environment);
  if (!parsed.success) {
    throw new Error(`The environment of the operator is not complete:\n${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}
