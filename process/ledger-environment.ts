/** What a process reads that tells the ledger. Without a URL there is no ledger: nothing is told, nothing is refused. */
import { HttpUrl } from '#crds/http-url.ts';
import { z } from 'zod';
import { wholeNumber } from './environment.ts';

const BYTES_PER_MEBIBYTE = 1_048_576;

export const LEDGER_VARIABLES = {
  CAPATAZ_LEDGER_URL: HttpUrl.optional(),
  /** The projected token with the audience capataz-ledger. */
  CAPATAZ_LEDGER_TOKEN_PATH: z.string().min(1).default('/var/run/secrets/capataz-ledger/token'),
  /** Folder of this process alone, which must outlive its container. */
  CAPATAZ_LEDGER_SPOOL_PATH: z.string().min(1).default('/var/spool/capataz'),
  CAPATAZ_LEDGER_SPOOL_MEBIBYTES: wholeNumber(1, 65_536).default(64),
} as const;

export interface LedgerSettings {
  readonly url: string;
  readonly tokenPath: string;
  readonly spoolFolder: string;
  readonly maximumBytes: number;
}

/** Undefined where no ledger is configured. */
export function ledgerSettings(
  environment: z.output<z.ZodObject<typeof LEDGER_VARIABLES>>,
): LedgerSettings | undefined {
  const url = environment.CAPATAZ_LEDGER_URL;
  return url === undefined
    ? undefined
    : {
        url,
        tokenPath: environment.CAPATAZ_LEDGER_TOKEN_PATH,
        spoolFolder: environment.CAPATAZ_LEDGER_SPOOL_PATH,
        maximumBytes: environment.CAPATAZ_LEDGER_SPOOL_MEBIBYTES * BYTES_PER_MEBIBYTE,
      };
}
