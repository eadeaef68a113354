/** Everything the observer reads from its environment. */
import { z } from 'zod';
import { HttpUrl } from '#crds/http-url.ts';
import { PROCESS_VARIABLES, processSettings, seconds, wholeNumber } from '#process/environment.ts';

const ServiceAccounts = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ''),
  )
  .pipe(
    z.array(
      z
        .string()
        .regex(
          /^[a-z0-9-]+\/[a-z0-9.-]+$/,
          'each entry must be NAMESPACE/NAME of a ServiceAccount, for example capataz-system/capataz-console',
        ),
    ),
  )
  .transform((entries) => new Set(entries));

const TimeZone = z
  .string()
  .default('UTC')
  .refine((name) => {
    try {
      new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
      return true;
    } catch {
      return false;
    }
  }, 'must be a time zone as IANA names it, for example Europe/Madrid');

export const ObserverConfig = z
  .object({
    ...PROCESS_VARIABLES,
    /** Of the observer itself: its Lease is there. */
    CAPATAZ_NAMESPACE: z.string().min(1),
    /** Unique among the replicas: who holds the Lease. */
    CAPATAZ_POD_NAME: z.string().min(1),
    CAPATAZ_LEDGER_URL: HttpUrl,
    /** The projected token with the audience capataz-ledger. */
    CAPATAZ_LEDGER_TOKEN_PATH: z.string().min(1).default('/var/run/secrets/capataz-ledger/token'),
    /** ServiceAccounts that may read what the observer knows: the console's. */
    CAPATAZ_OBSERVER_READERS: ServiceAccounts,
    /** Restricts the observer to the objects and records of one namespace. */
    CAPATAZ_WATCH_NAMESPACE: z.string().optional(),
    /** What was seen is kept here, so that a restart need not read it all again. */
    CAPATAZ_OBSERVER_DIRECTORY: z.string().min(1).default('/var/lib/capataz/observer'),
    /** Of the ledger, this much is read when there is no such file. */
    CAPATAZ_OBSERVER_HISTORY_DAYS: wholeNumber(1, 400).default(35),
    /** Whose hours, weeks and months. */
    CAPATAZ_OBSERVER_TIME_ZONE: TimeZone,
    /** Of all signals of all agents together. */
    CAPATAZ_OBSERVER_FALSE_ALARMS_PER_WEEK: z
      .string()
      .regex(/^\d{1,4}(\.\d{1,3})?$/, 'must be a number')
      .default('1')
      .transform(Number)
      .pipe(z.number().positive().max(1_000)),
    /** File that says who is told of what needs somebody (notifications/receiver-settings.ts). Nobody without it. */
    CAPATAZ_NOTIFICATIONS_PATH: z.string().min(1).optional(),
    CAPATAZ_DRAIN_SECONDS: seconds(0, 3_600).default(10),
    /** Only outside a cluster. */
    CAPATAZ_KUBECONFIG: z.string().optional(),
  })
  .transform((environment) => ({
    ...processSettings(environment),
    namespace: environment.CAPATAZ_NAMESPACE,
    podName: environment.CAPATAZ_POD_NAME,
    ledger: { url: environment.CAPATAZ_LEDGER_URL, tokenPath: environment.CAPATAZ_LEDGER_TOKEN_PATH },
    readers: environment.CAPATAZ_OBSERVER_READERS,
    watchNamespace: environment.CAPATAZ_WATCH_NAMESPACE,
    directory: environment.CAPATAZ_OBSERVER_DIRECTORY,
    historyDays: environment.CAPATAZ_OBSERVER_HISTORY_DAYS,
    watch: {
      timeZone: environment.CAPATAZ_OBSERVER_TIME_ZONE,
      falseAlarmsPerWeek: environment.CAPATAZ_OBSERVER_FALSE_ALARMS_PER_WEEK,
    },
    notificationsPath: environment.CAPATAZ_NOTIFICATIONS_PATH,
    drainSeconds: environment.CAPATAZ_DRAIN_SECONDS,
    kubeconfigPath: environment.CAPATAZ_KUBECONFIG,
  }));
export type ObserverConfig = z.infer<typeof ObserverConfig>;
