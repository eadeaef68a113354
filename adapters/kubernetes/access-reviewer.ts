/**
 * AccessReviewer: may this user do that? The API server is the only judge (SubjectAccessReview, authorization.k8s.io/v1),
 * so that rights on what is ours are given and seen with RBAC like all others. An answer is kept for a few seconds; a
 * question that cannot be asked is answered with `unavailable`, never with yes.
 */
import { z } from 'zod';
import { KubeApiError } from './kube-api-error.ts';
import type { KubeClient } from './kube-client.ts';
import { RecentEntries } from './recent-entries.ts';
import type { UserInfo } from './token-reviewer.ts';

export interface AccessQuestion {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  /** Absent: in all namespaces. */
  readonly namespace?: string;
}

export type AccessAnswer = 'allowed' | 'denied' | 'unavailable';

export interface AccessReviewer {
  /** Never rejects. */
  readonly review: (user: UserInfo, question: AccessQuestion) => Promise<AccessAnswer>;
}

export interface AccessReviewerOptions {
  readonly timeoutSeconds?: number;
  /** A right that was taken away is good for so long. 10 when not given. */
  readonly rememberedSeconds?: number;
  readonly capacity?: number;
  /** Most reviews under way; more are answered `unavailable`. */
  readonly concurrency?: number;
  readonly monotonicMilliseconds?: () => number;
  /** Told of every failure to ask, so that a missing right (403) shows up in the log. */
  readonly onFailure?: (message: string) => void;
}

const SubjectAccessReviewStatus = z.object({ status: z.object({ allowed: z.boolean() }) });

/** Needs the right `create` on `subjectaccessreviews.authorization.k8s.io` (system:auth-delegator has it). */
export function createAccessReviewer(
  kubeClient: Pick<KubeClient, 'request'>,
  options: AccessReviewerOptions = {},
): AccessReviewer {
  const rememberedMilliseconds = (options.rememberedSeconds ?? 10) * 1000;
  const concurrency = options.concurrency ?? 64;
  const now = options.monotonicMilliseconds ?? (() => performance.now());
  const known = new RecentEntries<{ readonly answer: AccessAnswer; readonly atMilliseconds: number }>(
    options.capacity ?? 10_000,
  );
  const underWay = new Map<string, Promise<AccessAnswer>>();

  const ask = async (key: string, user: UserInfo, question: AccessQuestion): Promise<AccessAnswer> => {
    try {
      const { status } = SubjectAccessReviewStatus.parse(
        await kubeClient.request({
          method: 'POST',
          path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
          body: bodyOf(user, question),
          timeoutSeconds: options.timeoutSeconds ?? 5,
        }),
      );
      const answer = status.allowed ? 'allowed' : 'denied';
      known.set(key, { answer, atMilliseconds: now() });
      return answer;
    } catch (error) {
      options.onFailure?.(describeFailure(error));
      return 'unavailable';
    } finally {
      underWay.delete(key);
    }
  };

  return {
    review: async (user, question) => {
      const key = JSON.stringify([user, question]);
      const remembered = known.get(key);
      if (remembered !== undefined && now() - remembered.atMilliseconds < rememberedMilliseconds) {
        return remembered.answer;
      }
      const already = underWay.get(key);
      if (already !== undefined) return await already;
      if (underWay.size >= concurrency) return 'unavailable';
      const asked = ask(key, user, question);
      underWay.set(key, asked);
      return await asked;
    },
  };
}

function bodyOf({ username, uid, groups, extra }: UserInfo, question: AccessQuestion): unknown {
  return {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user: username,
      groups,
      extra,
      ...(uid === undefined ? {} : { uid }),
      resourceAttributes: { version: '*', ...question },
    },
  };
}

function describeFailure(error: unknown): string {
  if (error instanceof KubeApiError) {
    return `the API server answered a SubjectAccessReview with status ${error.status}${error.status === 403 ? ': the ServiceAccount needs the right create on subjectaccessreviews' : ''}`;
  }
  if (error instanceof z.ZodError) return 'the API server answered a SubjectAccessReview with something else';
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const name = error instanceof Error ? error.name : 'unknown failure';
  return `the API server could not be asked for a SubjectAccessReview: ${code === '' ? name : code}`;
}
