/** Who calls: the token in the request, as the API server judges it. */
import type { IncomingHttpHeaders } from 'node:http';
import type {
  ServiceAccountIdentity,
  TokenRefusal,
  TokenReviewer,
  UserIdentity,
} from '#adapters/kubernetes/token-reviewer.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import { LEDGER_AUDIENCE } from '#domain/ledger/record-batch.ts';

export type Identified =
  | { readonly ok: true; readonly identity: UserIdentity }
  | { readonly ok: false; readonly refusal: Refusal };

export interface CallerIdentity {
  readonly identify: (headers: IncomingHttpHeaders) => Promise<Identified>;
}

/** The API server's service proxy takes Authorization for itself, so the token may come in a header of ours. */
const TOKEN_HEADER = 'x-capataz-authorization';

export function tokenIdentity(tokenReviewer: TokenReviewer<UserIdentity>): CallerIdentity {
  return {
    identify: async (headers) => {
      const token = tokenIn(headers);
      if (token === undefined)
        return { ok: false, refusal: unauthenticated('The request has no bearer token') };
      const review = await tokenReviewer.review(token, LEDGER_AUDIENCE);
      return review.ok ? review : { ok: false, refusal: REFUSALS[review.reason] };
    },
  };
}

export function nameOfServiceAccount({ namespace, serviceAccount }: ServiceAccountIdentity): string {
  return `${namespace}/${serviceAccount}`;
}

function tokenIn(headers: IncomingHttpHeaders): string | undefined {
  const given = headers[TOKEN_HEADER] ?? headers.authorization;
  return typeof given === 'string' ? /^Bearer +(\S+)$/i.exec(given)?.[1] : undefined;
}

const unauthenticated = (what: string): Refusal => ({
  code: 'unauthenticated',
  message: `${what}: send "Authorization: Bearer <token>" (or X-Capataz-Authorization through the API server's proxy) with a ServiceAccount token of audience ${LEDGER_AUDIENCE}, or a person's token that the API server takes.`,
});

const REFUSALS: Readonly<Record<TokenRefusal, Refusal>> = {
  malformed: unauthenticated('The bearer token is no token'),
  expired: unauthenticated('The token has expired'),
  wrongAudience: unauthenticated(`The token is not for the audience ${LEDGER_AUDIENCE}`),
  notAuthenticated: unauthenticated('The API server does not accept the token (its pod may be deleted)'),
  notAServiceAccount: unauthenticated('The token does not belong to a ServiceAccount'),
  unavailable: {
    code: 'token_review_unavailable',
    message: 'The token could not be checked because the API server did not answer: try again in a moment.',
    retryAfterSeconds: 1,
  },
};
