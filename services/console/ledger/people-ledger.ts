/**
 * The ledger as one person may read it: asked with the console's own token on behalf of the person, whose rights the ledger judges
 * as if he had come himself.
 */
import { Agent } from 'undici';
import {
  LedgerReadError,
  type LedgerReader,
  createLedgerReader,
} from '#adapters/ledger-reader/ledger-reader.ts';
import { TokenFile } from '#adapters/router-client/token-file.ts';
import type { UserInfo } from '#adapters/kubernetes/token-reviewer.ts';
import { ON_BEHALF_HEADER, writeOnBehalf } from '#domain/ledger/on-behalf.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import { RefusedError } from '../refused-error.ts';

const CONNECT_MILLISECONDS = 3_000;

export interface PeopleLedger extends AsyncDisposable {
  /** Throws a RefusedError where there is no ledger. */
  readonly of: (user: UserInfo) => LedgerReader;
}

export function openPeopleLedger({
  url,
  tokenPath,
  nowMilliseconds,
}: {
  readonly url: string | undefined;
  readonly tokenPath: string;
  readonly nowMilliseconds: () => number;
}): PeopleLedger {
  const token = new TokenFile(tokenPath, nowMilliseconds);
  const dispatcher = new Agent({ connect: { timeout: CONNECT_MILLISECONDS } });
  return {
    of: (user) => {
      if (url === undefined) throw new RefusedError(NO_LEDGER);
      const person = writeOnBehalf(user);
      return createLedgerReader({
        baseUrl: url.replace(/\/+$/, ''),
        dispatcher,
        headers: async () => {
          try {
            return { authorization: `Bearer ${await token.read()}`, [ON_BEHALF_HEADER]: person };
          } catch {
            throw new LedgerReadError('unreachable', `The token in ${tokenPath} cannot be read.`);
          }
        },
      });
    },
    [Symbol.asyncDispose]: async () => dispatcher.destroy(),
  };
}

const NO_LEDGER: Refusal = {
  code: 'ledger_unavailable',
  message: 'There is no ledger here: it is switched on by ledger.enabled of the chart.',
};

/** What the person is told of a question that the ledger did not answer. */
export function refusalOfRead({ code, status, message }: LedgerReadError): Refusal {
  // The token is ours, and not the person's.
  if (status === 401 || code === 'unreachable' || code === 'malformed') {
    return { code: 'ledger_unavailable', message, retryAfterSeconds: 2 };
  }
  if (code === 'refused') return { code: 'not_allowed', message };
  if (code === 'not_found') return { code: 'not_found', message };
  return { code: 'invalid_request', message };
}
