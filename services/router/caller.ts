/**
 * Who is calling, and what that allows. An agent is known by its ServiceAccount alone: nothing in the request can make
 * it another agent. The platform's own ServiceAccounts may call /internal/* and nothing else.
 */
import type { TokenRefusal, TokenReviewer, TokenReviewResult } from '#adapters/kubernetes/token-reviewer.ts';
import { ROUTER_AUDIENCE, agentNameOfServiceAccount } from '#domain/agent/agent-names.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import type { RoutableAgent } from '#domain/routing/routable-model.ts';
import type { RouterSnapshot } from './model-registry.ts';

export type CallerResult =
  | { readonly ok: true; readonly agent: RoutableAgent }
  | { readonly ok: false; readonly error: Refusal };

export type PlatformResult = { readonly ok: true } | { readonly ok: false; readonly error: Refusal };

export interface CallerChecks {
  /** At once when the token is known, which is nearly always. */
  readonly agent: (
    authorization: string | undefined,
    snapshot: RouterSnapshot,
  ) => CallerResult | Promise<CallerResult>;
  readonly platform: (authorization: string | undefined) => Promise<PlatformResult>;
}

export function createCallerChecks(
  tokenReviewer: TokenReviewer,
  platformServiceAccounts: ReadonlySet<string>,
): CallerChecks {
  return {
    agent: (authorization, snapshot) => {
      const token = bearerToken(authorization);
      if (token === undefined) return { ok: false, error: UNAUTHENTICATED };
      const known = tokenReviewer.remembered?.(token, ROUTER_AUDIENCE);
      if (known !== undefined) return findAgent(known, snapshot);
      return tokenReviewer.review(token, ROUTER_AUDIENCE).then((review) => findAgent(review, snapshot));
    },
    platform: async (authorization) => {
      const token = bearerToken(authorization);
      if (token === undefined) return { ok: false, error: UNAUTHENTICATED };
      const review = await tokenReviewer.review(token, ROUTER_AUDIENCE);
      if (!review.ok) return { ok: false, error: ERROR_OF_REFUSAL[review.reason] };
      const { namespace, serviceAccount } = review.identity;
      return platformServiceAccounts.has(`${namespace}/${serviceAccount}`)
        ? { ok: true }
        : { ok: false, error: NOT_THE_PLATFORM };
    },
  };
}

function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
}

function findAgent(review: TokenReviewResult, snapshot: RouterSnapshot): CallerResult {
  if (!review.ok) return { ok: false, error: ERROR_OF_REFUSAL[review.reason] };
  const { namespace, serviceAccount } = review.identity;
  const name = agentNameOfServiceAccount(serviceAccount);
  if (name === undefined) return { ok: false, error: notAnAgent(namespace, serviceAccount) };
  const agent = snapshot.agents.get(`${namespace}/${name}`);
  return agent === undefined ? { ok: false, error: unknownAgent(namespace, name) } : { ok: true, agent };
}

const TOKEN_ADVICE = `send "Authorization: Bearer <token>" with a projected ServiceAccount token of audience ${ROUTER_AUDIENCE}`;

const unauthenticated = (what: string): Refusal => ({
  code: 'unauthenticated',
  message: `${what}: ${TOKEN_ADVICE}.`,
});

const UNAUTHENTICATED = unauthenticated('The request has no bearer token');

const ERROR_OF_REFUSAL: Readonly<Record<TokenRefusal, Refusal>> = {
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

const NOT_THE_PLATFORM: Refusal = {
  code: 'not_the_platform',
  message:
    'Only the ServiceAccounts in CAPATAZ_PLATFORM_SERVICE_ACCOUNTS of the router may call /internal: add yours there if it belongs to the platform.',
};

function notAnAgent(namespace: string, serviceAccount: string): Refusal {
  return {
    code: 'not_an_agent',
    message: `The ServiceAccount ${namespace}/${serviceAccount} belongs to no agent: create an Agent and use its ServiceAccount agent-<name>.`,
  };
}

function unknownAgent(namespace: string, name: string): Refusal {
  return {
    code: 'unknown_agent',
    message: `There is no Agent ${name} in namespace ${namespace} (any more): create it, or wait a moment if it was created just now.`,
  };
}
