/**
 * TokenReviewer: who carries this token? The API server is the only judge (TokenReview, authentication.k8s.io/v1):
 * it alone sees that a pod or ServiceAccount was deleted, which checking the signature against published keys
 * cannot. Wrap it in cachingTokenReviewer before putting it on a hot path.
 */
import { z } from 'zod';
import { KubeApiError } from './kube-api-error.ts';
import type { KubeClient } from './kube-client.ts';

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

export type TokenReviewResult =
  | { readonly ok: true; readonly identity: ServiceAccountIdentity }
  | {
      readonly ok: false;
      readonly reason: TokenRefusal;
      /** With `unavailable`: the API server is there and has too much to do, which is not the same as being away. */
      readonly isBusy?: true;
    };

export const REVIEWER_BUSY: TokenReviewResult = { ok: false, reason: 'unavailable', isBusy: true };

export interface TokenReviewer {
  /** Never rejects. Aborting the signal answers `unavailable`. */
  readonly review: (token: string, audience: string, signal?: AbortSignal) => Promise<TokenReviewResult>;
  /** What is known of the token without asking anybody, for callers who would rather not wait for a promise. */
  readonly remembered?: (token: string, audience: string) => TokenReviewResult | undefined;
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
        extra: z.record(z.string(), z.array(z.string())).nullish(),
      })
      .optional(),
  }),
});
type TokenReviewStatus = z.infer<typeof TokenReviewStatus>['status'];

/** Needs the right `create` on `tokenreviews.authentication.k8s.io` (ClusterRole system:auth-delegator has it). */
export function createTokenReviewer(
  kubeClient: Pick<KubeClient, 'request'>,
  options: {
    readonly timeoutSeconds?: number;
    /** Told of every failure to ask, so that a missing right (403) shows up in the log. Never gets the token. */
    readonly onFailure?: (message: string) => void;
  } = {},
): TokenReviewer {
  return {
    review: async (token, audience, signal) => {
      try {
        const review = await kubeClient.request({
          method: 'POST',
          path: '/apis/authentication.k8s.io/v1/tokenreviews',
          body: {
            apiVersion: 'authentication.k8s.io/v1',
            kind: 'TokenReview',
            spec: { token, audiences: [audience] },
          },
          timeoutSeconds: options.timeoutSeconds ?? REVIEW_TIMEOUT_SECONDS,
          ...(signal === undefined ? {} : { signal }),
        });
        return identify(TokenReviewStatus.parse(review).status, audience);
      } catch (error) {
        if (signal?.aborted !== true) options.onFailure?.(describeFailure(error));
        const isBusy = error instanceof KubeApiError && error.status === TOO_MANY_REQUESTS;
        return isBusy ? REVIEWER_BUSY : { ok: false, reason: 'unavailable' };
      }
    },
  };
}

function identify(status: TokenReviewStatus, audience: string): TokenReviewResult {
  if (status.authenticated !== true) return { ok: false, reason: 'notAuthenticated' };
  // An API server that does not know audiences answers without any: that is no proof, so it is refused.
  if (!(status.audiences ?? []).includes(audience)) return { ok: false, reason: 'wrongAudience' };
  const serviceAccount = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(status.user?.username ?? '');
  const [, namespace, name] = serviceAccount ?? [];
  if (namespace === undefined || name === undefined) return { ok: false, reason: 'notAServiceAccount' };
  return { ok: true, identity: { namespace, serviceAccount: name, ...boundPod(status.user?.extra ?? {}) } };
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
