/** Callers by the tokens of their ServiceAccounts: an agent by the one that is made for it, the platform by a list. */
import type { IncomingHttpHeaders } from 'node:http';
import type { TokenRefusal, TokenReviewer, TokenReviewResult } from '#adapters/kubernetes/token-reviewer.ts';
import { ROUTER_AUDIENCE, agentNameOfServiceAccount } from '#domain/agent/agent-names.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import type { CallerIdentity, Identified } from './caller-identity.ts';

/** `platformServiceAccounts` are `namespace/name`. */
export function serviceAccountIdentity(
  tokenReviewer: TokenReviewer,
  platformServiceAccounts: ReadonlySet<string>,
): CallerIdentity {
  const identified = (review: TokenReviewResult): Identified => {
    if (!review.ok) return { ok: false, refusal: REFUSALS[review.reason] };
    const { namespace, serviceAccount } = review.identity;
    const account = `${namespace}/${serviceAccount}`;
    const name = `The ServiceAccount ${account}`;
    if (platformServiceAccounts.has(account)) return { ok: true, caller: { kind: 'platform', name } };
    const agent = agentNameOfServiceAccount(serviceAccount);
    return agent === undefined
      ? { ok: true, caller: { kind: 'stranger', name } }
      : { ok: true, caller: { kind: 'agent', namespace, name: agent } };
  };
  return {
    identify: (headers: IncomingHttpHeaders) => {
      const token = tokenIn(headers);
      if (token === undefined) return { ok: false, refusal: UNAUTHENTICATED };
      const known = tokenReviewer.remembered?.(token, ROUTER_AUDIENCE);
      if (known !== undefined) return identified(known);
      return tokenReviewer.review(token, ROUTER_AUDIENCE).then(identified);
    },
  };
}

/** Where the official clients of the fronts put what they are given as their key. */
function tokenIn(headers: IncomingHttpHeaders): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  const key = headers['x-api-key'] ?? headers['x-goog-api-key'];
  return bearer ?? (typeof key === 'string' && key !== '' ? key : undefined);
}

const TOKEN_ADVICE = `send "Authorization: Bearer <token>" with a projected ServiceAccount token of audience ${ROUTER_AUDIENCE}`;

const unauthenticated = (what: string): Refusal => ({
  code: 'unauthenticated',
  message: `${what}: ${TOKEN_ADVICE}.`,
});

const UNAUTHENTICATED = unauthenticated('The request has no bearer token');

const REFUSALS: Readonly<Record<TokenRefusal, Refusal>> = {
  malformed: unauthenticated('The bearer token is not a ServiceAccount token'),
  expired: unauthenticated('The token has expired; read it from its file again, the kubelet renews it there'),
  wrongAudience: unauthenticated(`The token is not for the audience ${ROUTER_AUDIENCE}`),
  notAuthenticated: unauthenticated('The API server does not accept the token (its pod may be deleted)'),
  notAServiceAccount: unauthenticated('The token does not belong to a ServiceAccount'),
  unavailable: {
    code: 'token_review_unavailable',
    message: 'The token could not be checked because the API server did not answer: try again in a moment.',
    retryAfterSeconds: 1,
  },
};
