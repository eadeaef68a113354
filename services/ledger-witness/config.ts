/** Everything the witness reads from its environment. */
import { z } from 'zod';
import { HttpUrl } from '#crds/http-url.ts';
import { isKeyName, MalformedKeyError, parseVerifierKey } from '#domain/transparency/note-keys.ts';
import type { VerifierKey } from '#domain/transparency/note-keys.ts';
import { PROCESS_VARIABLES, processSettings, seconds } from '#process/environment.ts';

const LogKeys = z
  .string()
  .default('')
  .transform((text, context): readonly VerifierKey[] => {
    try {
      return text
        .split(/[\s,]+/)
        .filter((entry) => entry !== '')
        .map(parseVerifierKey);
    } catch (error) {
      if (!(error instanceof MalformedKeyError)) throw error;
      context.addIssue(error.message);
      return z.NEVER;
    }
  });

export const WitnessConfig = z
  .object({
    ...PROCESS_VARIABLES,
    /** On a volume: what the witness has signed, and its own key. */
    CAPATAZ_WITNESS_DIRECTORY: z.string().min(1).default('/var/lib/capataz-witness'),
    /** Name of the key that is drawn at the first start. */
    CAPATAZ_WITNESS_NAME: z
      .string()
      .refine(isKeyName, 'must hold no spaces and no plus signs')
      .default('capataz-witness'),
    /** A key that is mounted; without it one is drawn in the directory at the first start. */
    CAPATAZ_WITNESS_KEY_PATH: z.string().min(1).optional(),
    /** Verifier keys of the logs that are witnessed, with spaces, commas or newlines between them. */
    CAPATAZ_LOG_KEYS: LogKeys,
    /**
     * Trust on first use: where a ledger tells its keys (GET /v1/log-keys). What it tells first is kept for ever, and
     * another key later is not trusted.
     */
    CAPATAZ_TRUST_FIRST_LOG_KEYS_FROM: HttpUrl.optional(),
    CAPATAZ_DRAIN_SECONDS: seconds(0, 3_600).default(10),
  })
  .refine(
    ({ CAPATAZ_LOG_KEYS: keys, CAPATAZ_TRUST_FIRST_LOG_KEYS_FROM: url }) =>
      keys.length > 0 !== (url !== undefined),
    {
      path: ['CAPATAZ_LOG_KEYS'],
      message:
        'or CAPATAZ_TRUST_FIRST_LOG_KEYS_FROM is needed, and only one of them: whose checkpoints are signed',
    },
  )
  .transform((environment) => ({
    ...processSettings(environment),
    directory: environment.CAPATAZ_WITNESS_DIRECTORY,
    keyName: environment.CAPATAZ_WITNESS_NAME,
    keyPath: environment.CAPATAZ_WITNESS_KEY_PATH,
    logKeys: environment.CAPATAZ_LOG_KEYS,
    trustFirstLogKeysFrom: environment.CAPATAZ_TRUST_FIRST_LOG_KEYS_FROM,
    drainSeconds: environment.CAPATAZ_DRAIN_SECONDS,
  }));
export type WitnessConfig = z.infer<typeof WitnessConfig>;
