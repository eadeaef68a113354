/**
 * TokenReviewer: who carries this token? The API server is the only judge (TokenReview, authentication.k8s.io/v1):
 * it alone sees that a pod or ServiceAccount was deleted, which checking the signature against published keys
 * cannot. Wrap it in cachingTokenReviewer before putting it on a hot path.
 */
import { z } from 'zod';
import { KubeApiError } from './kube-api-error.ts';
import type { KubeClient } from './kube-client.ts';
import { readTokenClaims } from './token-claims.ts';

export interface ServiceAccountIdentity {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Present when the token is bound to a pod, as projected tokens are. */
  readonly podName?: string;
  readonly podUid?: string;
}

/**
 * Why a token is not accepted. `unavailable` says nothing about the token: the API server did not answer, and the
 * caller should try again (HTTP 503); every other reason is final for this token (HTTP 401).
 */
export type TokenRefusal =
  | 'malformed'
  | 'expired'
  | 'wrongAudience'
  | 'notAuthenticated'
  | 'notAServiceAccount'
  | 'unavailable';

export type TokenReviewResult<Identity = ServiceAccountIdentity> =
  | { readonly ok: true; readonly identity: Identity }
  | {
      readonly ok: false;
      readonly reason: TokenRefusal;
      /** With `unavailable`: the API server is there and has too much to do, which is not the same as being away. */
      readonly isBusy?: true;
    };

export const REVIEWER_BUSY: TokenReviewResult<never> = { ok: false, reason: 'unavailable', isBusy: true };

export interface TokenReviewer<Identity = ServiceAccountIdentity> {
  /** Never rejects. Aborting the signal answers `unavailable`. */
  readonly review: (
    token: string,
    audience: string,
    signal?: AbortSignal,
  ) => Promise<TokenReviewResult<Identity>>;
  /** What is known of the token without asking anybody, for callers who would rather not wait for a promise. */
  readonly remembered?: (token: string, audience: string) => TokenReviewResult<Identity> | undefined;
}

/** As the API server knows somebody: what a SubjectAccessReview asks about. */
export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** Whoever a token belongs to: a ServiceAccount, or a person or system that the API server knows in another way. */
export interface UserIdentity {
  readonly user: UserInfo;
  readonly serviceAccount?: ServiceAccountIdentity;
}

const REVIEW_TIMEOUT_SECONDS = 5;
const TOO_MANY_REQUESTS = 429;

const TokenReviewStatus = z.object({
  status: z.object({
    authenticated: z.boolean().optional(),
    audiences: z.array(z.string()).optional(),
    user: z
      .object({
        username: z.string().optional(),
        uid: z.string().optional(),
        groups: z.array(z.string()).nullish(),
        extra: z.record(z.string(), z.array(z.string())).nullish(),
      })
      .optional(),
  }),
});
type TokenReviewStatus = z.infer<typeof TokenReviewStatus>['status'];

export interface TokenReviewerOptions {
  readonly timeoutSeconds?: number;
  /** Told of every failure to ask, so that a missing right (403) shows up in the log. Never gets the token. */
  readonly onFailure?: (message: string) => void;
}

/**
 * Takes tokens of ServiceAccounts for the audience. Needs the right `create` on `tokenreviews.authentication.k8s.io`
 * (ClusterRole system:auth-delegator has it).
 */
export function createTokenReviewer(
  kubeClient: Pick<KubeClient, 'request'>,
  options: TokenReviewerOptions = {},
): TokenReviewer {
  const ask = reviewThrough(kubeClient, options);
  return {
    review: (token, audience, signal) =>
      ask(
        token,
        [audience],
        (status) => {
          const identified = identify(status, audience);
          if (!identified.ok) return identified;
          const { serviceAccount } = identified.identity;
          return serviceAccount === undefined
            ? { ok: false, reason: 'notAServiceAccount' }
            : { ok: true, identity: serviceAccount };
        },
        signal,
      ),
  };
}

/**
 * Takes besides those the tokens of people and systems that the API server itself takes (OpenID Connect, webhooks),
 * which are made for no audience of ours. A ServiceAccount always needs a token for the audience: what one of its pods
 * shows to somebody else is worth nothing here.
 */
export function createUserReviewer(
  kubeClient: Pick<KubeClient, 'request'>,
  options: TokenReviewerOptions = {},
): TokenReviewer<UserIdentity> {
  const ask = reviewThrough(kubeClient, options);
  return {
    review: (token, audience, signal) => {
      const claims = readTokenClaims(token);
      if (claims.ok && claims.audiences.includes(audience)) {
        return ask(token, [audience], (status) => identify(status, audience), signal);
      }
      return ask(
        token,
        [],
        (status) => {
          const identified = identify(status, undefined);
          return identified.ok && identified.identity.serviceAccount !== undefined
            ? { ok: false, reason: 'wrongAudience' }
            : identified;
        },
        signal,
      );
    },
  };
}

/** Takes whoever has a token for the audience, and nobody's token for the API server itself. */
export function createAudienceReviewer(
  kubeClient: Pick<KubeClient, 'request'>,
  options: TokenReviewerOptions = {},
): TokenReviewer<UserIdentity> {
  const ask = reviewThrough(kubeClient, options);
  return {
    review: (token, audience, signal) =>
      ask(token, [audience], (status) => identify(status, audience), signal),
  };
}

/** No audiences: those of the API server. */
function reviewThrough(
  kubeClient: Pick<KubeClient, 'request'>,
  options: TokenReviewerOptions,
): <Identity>(
  token: string,
  audiences: readonly string[],
  read: (status: TokenReviewStatus) => TokenReviewResult<Identity>,
  signal: AbortSignal | undefined,
) => Promise<TokenReviewResult<Identity>> {
  return async (token, audiences, read, signal) => {
    try {
      const review = await kubeClient.request({
        method: 'POST',
        path: '/apis/authentication.k8s.io/v1/tokenreviews',
        body: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenReview',
          spec: { token, ...(audiences.length === 0 ? {} : { audiences }) },
        },
        timeoutSeconds: options.timeoutSeconds ?? REVIEW_TIMEOUT_SECONDS,
        ...(signal === undefined ? {} : { signal }),
      });
      return read(TokenReviewStatus.parse(review).status);
    } catch (error) {
      if (signal?.aborted !== true) options.onFailure?.(describeFailure(error));
      const isBusy = error instanceof KubeApiError && error.status === TOO_MANY_REQUESTS;
      return isBusy ? REVIEWER_BUSY : { ok: false, reason: 'unavailable' };
    }
  };
}

function identify(status: TokenReviewStatus, audience: string | undefined): TokenReviewResult<UserIdentity> {
  if (status.authenticated !== true) return { ok: false, reason: 'notAuthenticated' };
  // An API server that does not know audiences answers without any: that is no proof, so it is refused.
  if (audience !== undefined && !(status.audiences ?? []).includes(audience)) {
    return { ok: false, reason: 'wrongAudience' };
  }
  const { username = '', uid, groups, extra } = status.user ?? {};
  if (username === '') return { ok: false, reason: 'notAuthenticated' };
  const user: UserInfo = {
    username,
    ...(uid === undefined || uid === '' ? {} : { uid }),
    groups: groups ?? [],
    extra: extra ?? {},
  };
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(username) ?? [];
  if (namespace === undefined || name === undefined) return { ok: true, identity: { user } };
  const serviceAccount = { namespace, serviceAccount: name, ...boundPod(user.extra) };
  return { ok: true, identity: { user, serviceAccount } };
}

function boundPod(
  extra: Readonly<Record<string, readonly string[]>>,
): Pick<ServiceAccountIdentity, 'podName' | 'podUid'> {
  const podName = extra['authentication.kubernetes.io/pod-name']?.[0];
  const podUid = extra['authentication.kubernetes.io/pod-uid']?.[0];
  return { ...(podName === undefined ? {} : { podName }), ...(podUid === undefined ? {} : { podUid }) };
}

/** The server's own words may quote the request, which holds the token: only the kind of failure is told. */
function describeFailure(error: unknown): string {
  if (error instanceof KubeApiError) {
    return `the API server answered a TokenReview with status ${error.status}${error.status === 403 ? ': the ServiceAccount needs the right create on tokenreviews' : ''}`;
  }
  if (error instanceof z.ZodError) return 'the API server answered a TokenReview with something else';
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const name = error instanceof Error ? error.name : 'unknown failure';
  return `the API server could not be asked for a TokenReview: ${code === '' ? name : code}`;
}
