/** Who may read what the observer knows: the ServiceAccounts that are named, by tokens made for it. */
import type { IncomingHttpHeaders } from 'node:http';
import type { TokenRefusal, TokenReviewer } from '#adapters/kubernetes/token-reviewer.ts';
import type { Refusal } from '#domain/failures/refusal.ts';

export const OBSERVER_AUDIENCE = 'capataz-observer';

/** `readers` are `namespace/name`. Undefined: he may read. */
export async function refusalOfReader(
  headers: IncomingHttpHeaders,
  tokenReviewer: TokenReviewer,
  readers: ReadonlySet<string>,
): Promise<Refusal | undefined> {
  const token = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (token === undefined) return unauthenticated('The request has no bearer token');
  const review = await tokenReviewer.review(token, OBSERVER_AUDIENCE);
  if (!review.ok) return REFUSALS[review.reason];
  const name = `${review.identity.namespace}/${review.identity.serviceAccount}`;
  if (readers.has(name)) return undefined;
  return {
    code: 'not_a_reader',
    message: `The ServiceAccount ${name} may not read what the observer knows: CAPATAZ_OBSERVER_READERS names who may.`,
  };
}

const unauthenticated = (what: string): Refusal => ({
  code: 'unauthenticated',
  message: `${what}: send "Authorization: Bearer <token>" with a projected ServiceAccount token of audience ${OBSERVER_AUDIENCE}.`,
});

const REFUSALS: Readonly<Record<TokenRefusal, Refusal>> = {
  malformed: unauthenticated('The bearer token is not a ServiceAccount token'),
  expired: unauthenticated('The token has expired; read it from its file again, the kubelet renews it there'),
  wrongAudience: unauthenticated(`The token is not for the audience ${OBSERVER_AUDIENCE}`),
  notAuthenticated: unauthenticated('The API server does not accept the token (its pod may be deleted)'),
  notAServiceAccount: unauthenticated('The token does not belong to a ServiceAccount'),
  unavailable: {
    code: 'token_review_unavailable',
    message: 'The token could not be checked because the API server did not answer: try again in a moment.',
    retryAfterSeconds: 1,
  },
};
