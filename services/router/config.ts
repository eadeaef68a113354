/** Everything the router reads from its environment. */
import { z } from 'zod';
import { TRACE_TO_MODELS } from '#domain/tracing/told-to-models.ts';
import { LEDGER_VARIABLES, ledgerSettings } from '#process/ledger-environment.ts';
import { LOOPBACK_VARIABLES, listeningHost } from '#process/http/loopback.ts';
import { PROCESS_VARIABLES, processSettings, seconds } from '#process/environment.ts';
import { TRACING_VARIABLES, tracingSettings } from '#telemetry/tracing/tracing-settings.ts';

const PlatformServiceAccounts = z
  .string()
  .default('')
  .transform((text) => text.split(',').filter((entry) => entry.trim() !== ''))
  .pipe(
    z.array(
      z
        .string()
        .trim()
        .regex(
          /^[a-z0-9-]+\/[a-z0-9.-]+$/,
          'each entry must be namespace/name, for example capataz-system/capataz-operator',
        ),
    ),
  );

export const RouterConfig = z
  .object({
    ...PROCESS_VARIABLES,
    ...LOOPBACK_VARIABLES,
    ...LEDGER_VARIABLES,
    /** Of the router itself: records that are no tenant's stand there. */
    CAPATAZ_NAMESPACE: z.string().min(1).default('capataz-system'),
    ...TRACING_VARIABLES,
    /** Only Agents and Models of this namespace are served; all namespaces when not given. */
    CAPATAZ_WATCH_NAMESPACE: z.string().min(1).optional(),
    /** Who may call /internal/*: "namespace/name,..." of ServiceAccounts. */
    CAPATAZ_PLATFORM_SERVICE_ACCOUNTS: PlatformServiceAccounts,
    /** The kubeconfig file to use; the pod's own ServiceAccount when not given. */
    CAPATAZ_KUBECONFIG: z.string().min(1).optional(),
    /** Requests under way may take so long to finish after SIGTERM; see Drain. */
    CAPATAZ_DRAIN_SECONDS: seconds(0, 3_600).default(25),
    /** Which models are told the trace of a request; see domain/tracing/told-to-models.ts. */
    CAPATAZ_TRACE_TO_MODELS: z.enum(TRACE_TO_MODELS).default('cluster'),
    /** Only for a router on a developer's machine: lets Models have endpoints on 127.0.0.1. */
    CAPATAZ_ALLOW_LOOPBACK_ENDPOINTS: z.stringbool().default(false),
  })
  .transform((environment) => ({
    ...processSettings(environment),
    listening: listeningHost(environment),
    ledger: ledgerSettings(environment),
    namespace: environment.CAPATAZ_NAMESPACE,
    tracing: tracingSettings(environment),
    watchNamespace: environment.CAPATAZ_WATCH_NAMESPACE,
    platformServiceAccounts: new Set(environment.CAPATAZ_PLATFORM_SERVICE_ACCOUNTS),
    kubeconfigPath: environment.CAPATAZ_KUBECONFIG,
    drainSeconds: environment.CAPATAZ_DRAIN_SECONDS,
    traceToModels: environment.CAPATAZ_TRACE_TO_MODELS,
    allowLoopbackEndpoints: environment.CAPATAZ_ALLOW_LOOPBACK_ENDPOINTS,
  }));
export type RouterConfig = z.infer<typeof RouterConfig>;
