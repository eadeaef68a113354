/** Settings of the process that follows repositories, from environment variables. */
import { z } from 'zod';
import { PROCESS_VARIABLES, processSettings, seconds, wholeNumber } from '#process/environment.ts';

export const PromptRepositoryConfig = z
  .object({
    ...PROCESS_VARIABLES,
    /** Of the process itself: its Lease is there. */
    CAPATAZ_NAMESPACE: z.string().min(1),
    CAPATAZ_POD_NAME: z.string().min(1),
    /** Restricts it to the objects of one namespace. */
    CAPATAZ_WATCH_NAMESPACE: z.string().optional(),
    CAPATAZ_RESYNC_SECONDS: seconds(1, 86_400).default(600),
    CAPATAZ_DRAIN_SECONDS: seconds(0, 3_600).default(5),
    CAPATAZ_KUBECONFIG: z.string().optional(),
    /** What is fetched is kept here; losing it costs a fetch. */
    CAPATAZ_GIT_CACHE_DIRECTORY: z.string().min(1),
    /** Credentials stand here while git runs; should be in memory. */
    CAPATAZ_GIT_TEMPORARY_DIRECTORY: z.string().min(1).default('/tmp'),
    CAPATAZ_GIT_SCHEMES: z
      .string()
      .regex(/^(https|http|ssh|file)(,(https|http|ssh|file))*$/, 'must be some of https,http,ssh,file')
      .default('https,http,ssh')
      .transform((schemes) => schemes.split(',')),
    CAPATAZ_GIT_MAXIMUM_MEBIBYTES: wholeNumber(1, 65_536).default(256),
    CAPATAZ_GIT_TIMEOUT_SECONDS: seconds(1, 3_600).default(120),
  })
  .transform((env) => ({
    ...processSettings(env),
    namespace: env.CAPATAZ_NAMESPACE,
    podName: env.CAPATAZ_POD_NAME,
    watchNamespace: env.CAPATAZ_WATCH_NAMESPACE,
    resyncSeconds: env.CAPATAZ_RESYNC_SECONDS,
    drainSeconds: env.CAPATAZ_DRAIN_SECONDS,
    kubeconfigPath: env.CAPATAZ_KUBECONFIG,
    git: {
      cacheDirectory: env.CAPATAZ_GIT_CACHE_DIRECTORY,
      temporaryDirectory: env.CAPATAZ_GIT_TEMPORARY_DIRECTORY,
      schemes: env.CAPATAZ_GIT_SCHEMES,
      maximumBytes: env.CAPATAZ_GIT_MAXIMUM_MEBIBYTES * 1_048_576,
      timeoutSeconds: env.CAPATAZ_GIT_TIMEOUT_SECONDS,
    },
  }));
export type PromptRepositoryConfig = z.infer<typeof PromptRepositoryConfig>;
