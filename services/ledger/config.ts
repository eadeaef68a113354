/** Everything the ledger reads from its environment. */
import { z } from 'zod';
import { HttpUrl } from '#crds/http-url.ts';
import { SOURCE_PROCESSES } from '#domain/ledger/ledger-record.ts';
import { isKeyName, parseVerifierKey } from '#domain/transparency/note-keys.ts';
import { PROCESS_VARIABLES, processSettings, seconds, wholeNumber } from '#process/environment.ts';
import { type PlatformProcess, isPlatformProcess } from './who-may-tell.ts';

const PLATFORM_PROCESSES = SOURCE_PROCESSES.filter(isPlatformProcess);

const listOf = (text: string): readonly string[] =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');

const PlatformWriters = z
  .string()
  .default('')
  .transform(listOf)
  .pipe(
    z.array(
      z
        .string()
        .regex(
          new RegExp(`^(${PLATFORM_PROCESSES.join('|')})=[a-z0-9-]+/[a-z0-9.-]+$`),
          `each entry must be PROCESS=NAMESPACE/NAME with a process of ${PLATFORM_PROCESSES.join(', ')}, for example router=capataz-system/capataz-router`,
        ),
    ),
  )
  .transform(
    (entries) =>
      new Map(
        entries.map((entry) => {
          const [process = '', account = ''] = entry.split('=');
          return [account, process as PlatformProcess];
        }),
      ),
  );

const VerifierKeys = z
  .string()
  .default('')
  .transform((text, context) => {
    try {
      return listOf(text).map(parseVerifierKey);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'is no key' });
      return z.NEVER;
    }
  });

/** `NAMESPACE=SIZE`: that the tree is known to have lost what it had up to a size that the witness saw. */
const AcceptedLosses = z
  .string()
  .default('')
  .transform(listOf)
  .pipe(
    z.array(
      z
        .string()
        .regex(/^[a-z0-9-]{1,63}=\d{1,15}$/, 'each entry must be NAMESPACE=SIZE, for example shop=18211'),
    ),
  )
  .transform(
    (entries) =>
      new Map(
        entries.map((entry) => {
          const [namespace = '', size = ''] = entry.split('=');
          return [namespace, Number(size)] as const;
        }),
      ),
  );

export const LedgerConfig = z
  .object({
    ...PROCESS_VARIABLES,
    /** ServiceAccounts of the platform that may tell records, and as which process. */
    CAPATAZ_PLATFORM_WRITERS: PlatformWriters,
    /** The kubeconfig file to use; the pod's own ServiceAccount when not given. */
    CAPATAZ_KUBECONFIG: z.string().min(1).optional(),
    /** Requests under way may take so long to finish after SIGTERM; see Drain. */
    CAPATAZ_DRAIN_SECONDS: seconds(0, 3_600).default(20),
    /** Stands in the ledger's own records as the one who told them. */
    CAPATAZ_POD_NAME: z.string().min(1).max(253).default('local'),
    /** File of the SQLite database. Never on NFS. */
    CAPATAZ_DATABASE_PATH: z.string().min(1).default('/var/lib/capataz/ledger.sqlite'),
    /** File with the connection string of a PostgreSQL, which is then used instead. */
    CAPATAZ_DATABASE_CONNECTION_PATH: z.string().min(1).optional(),
    /** Entries are kept whole for so long; their hashes stay. */
    CAPATAZ_RETENTION_DAYS: wholeNumber(1, 36_500).default(200),
    CAPATAZ_CHECKPOINT_SECONDS: seconds(0.1, 3_600).default(5),
    /** What the signing key, and with it the log, is called where one is drawn. */
    CAPATAZ_LOG_NAME: z
      .string()
      .refine(isKeyName, 'must hold no spaces and no plus signs')
      .default('capataz-ledger'),
    CAPATAZ_SIGNING_KEY_PATH: z.string().min(1).default('/var/lib/capataz/signing-key'),
    CAPATAZ_TEXT_KEYS_PATH: z.string().min(1).default('/var/lib/capataz/text-keys'),
    /** Draws the two keys where their files are missing. */
    CAPATAZ_GENERATE_KEYS: z.stringbool().default(false),
    CAPATAZ_WITNESS_URL: HttpUrl.optional(),
    CAPATAZ_WITNESS_KEYS: VerifierKeys,
    /** Believes the first key that the witness shows, for ever; in place of CAPATAZ_WITNESS_KEYS. */
    CAPATAZ_TRUST_FIRST_WITNESS_KEY: z.stringbool().default(false),
    /** File of the SIEMs that get security events: JSON, see siem/sink-configuration.ts. */
    CAPATAZ_SINKS_PATH: z.string().min(1).optional(),
    CAPATAZ_ACCEPTED_LOSSES: AcceptedLosses,
  })
  .refine(
    (environment) =>
      environment.CAPATAZ_WITNESS_URL === undefined ||
      environment.CAPATAZ_WITNESS_KEYS.length > 0 !== environment.CAPATAZ_TRUST_FIRST_WITNESS_KEY,
    {
      path: ['CAPATAZ_WITNESS_KEYS'],
      message:
        'or CAPATAZ_TRUST_FIRST_WITNESS_KEY is needed with CAPATAZ_WITNESS_URL, and only one of them: without a key of the witness its signature is worth nothing',
    },
  )
  .transform((environment) => ({
    ...processSettings(environment),
    platformWriters: environment.CAPATAZ_PLATFORM_WRITERS,
    kubeconfigPath: environment.CAPATAZ_KUBECONFIG,
    drainSeconds: environment.CAPATAZ_DRAIN_SECONDS,
    podName: environment.CAPATAZ_POD_NAME,
    databasePath: environment.CAPATAZ_DATABASE_PATH,
    databaseConnectionPath: environment.CAPATAZ_DATABASE_CONNECTION_PATH,
    retentionDays: environment.CAPATAZ_RETENTION_DAYS,
    checkpointSeconds: environment.CAPATAZ_CHECKPOINT_SECONDS,
    logName: environment.CAPATAZ_LOG_NAME,
    signingKeyPath: environment.CAPATAZ_SIGNING_KEY_PATH,
    textKeysPath: environment.CAPATAZ_TEXT_KEYS_PATH,
    generateKeys: environment.CAPATAZ_GENERATE_KEYS,
    witnessUrl: environment.CAPATAZ_WITNESS_URL,
    witnessKeys: environment.CAPATAZ_WITNESS_KEYS,
    trustFirstWitnessKey: environment.CAPATAZ_TRUST_FIRST_WITNESS_KEY,
    sinksPath: environment.CAPATAZ_SINKS_PATH,
    acceptedLosses: environment.CAPATAZ_ACCEPTED_LOSSES,
  }));
export type LedgerConfig = z.infer<typeof LedgerConfig>;
