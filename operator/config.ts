/** The operator's settings, from environment variables. */
import { z } from 'zod';
import { HttpUrl } from '#crds/http-url.ts';
import { LEDGER_VARIABLES, ledgerSettings } from '#process/ledger-environment.ts';
import { PROCESS_VARIABLES, processSettings, seconds } from '#process/environment.ts';
import { TRACING_VARIABLES } from '#telemetry/tracing/tracing-settings.ts';

const withoutTrailingSlash = (url: string): string => url.replace(/\/+$/, '');

/** What is given of them, as it was given. Headers are not among them: they are secrets. */
function tracingOfAgents(environment: Readonly<Record<string, unknown>>): Record<string, string> {
  const isOn =
    environment['OTEL_EXPORTER_OTLP_ENDPOINT'] !== undefined ||
    environment['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] !== undefined;
  if (!isOn) return {};
  return Object.fromEntries(
    Object.keys(TRACING_VARIABLES).flatMap((name) => {
      const value = environment[name];
      return typeof value === 'string' || typeof value === 'number' ? [[name, String(value)]] : [];
    }),
  );
}

export const OperatorConfig = z
  .object({
    ...PROCESS_VARIABLES,
    ...LEDGER_VARIABLES,
    /** Of the agents: the operator itself sends no spans. */
    ...TRACING_VARIABLES,
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
    CAPATAZ_RESYNC_SECONDS: seconds(1, 86_400).default(600),
    /** Configuration streams are ended so long after SIGTERM; see Drain. */
    CAPATAZ_DRAIN_SECONDS: seconds(0, 3_600).default(20),
    /** Only outside a cluster. */
    CAPATAZ_KUBECONFIG: z.string().optional(),
  })
  .transform((env) => ({
    ...processSettings(env),
    ledger: ledgerSettings(env),
    namespace: env.CAPATAZ_NAMESPACE,
    podName: env.CAPATAZ_POD_NAME,
    pods: {
      agentImage: env.CAPATAZ_AGENT_IMAGE,
      agentImagePullPolicy: env.CAPATAZ_AGENT_IMAGE_PULL_POLICY,
      routerUrl: withoutTrailingSlash(env.CAPATAZ_ROUTER_URL),
      configurationUrl: env.CAPATAZ_CONFIGURATION_URL,
      tracing: tracingOfAgents(env),
      // Agents tell the same ledger.
      ledgerUrl:
        env.CAPATAZ_LEDGER_URL === undefined ? undefined : withoutTrailingSlash(env.CAPATAZ_LEDGER_URL),
    },
    routerTokenPath: env.CAPATAZ_ROUTER_TOKEN_PATH,
    watchNamespace: env.CAPATAZ_WATCH_NAMESPACE,
    resyncSeconds: env.CAPATAZ_RESYNC_SECONDS,
    drainSeconds: env.CAPATAZ_DRAIN_SECONDS,
    kubeconfigPath: env.CAPATAZ_KUBECONFIG,
  }));
export type OperatorConfig = z.infer<typeof OperatorConfig>;
