/**
 * Who may read what: rights on virtual subresources of Agents, given with RBAC in each namespace or in all of them.
 *
 *   get agents/runs | agents/costs | agents/securityevents | agents/audit | agents/texts
 *   create agents/feedback      delete agents/texts
 */
import type { AccessAnswer, AccessReviewer } from '#adapters/kubernetes/access-reviewer.ts';
import type { UserInfo } from '#adapters/kubernetes/token-reviewer.ts';
import type { Refusal } from '#domain/failures/refusal.ts';

export type Right =
  | 'get agents/runs'
  | 'get agents/costs'
  | 'get agents/securityevents'
  | 'get agents/audit'
  | 'get agents/texts'
  | 'delete agents/texts'
  | 'create agents/feedback';

export type Granted = { readonly ok: true } | { readonly ok: false; readonly refusal: Refusal };

/** `namespace` absent: the right is wanted in all namespaces. */
export async function requireRight(
  access: AccessReviewer,
  user: UserInfo,
  right: Right,
  namespace: string | undefined,
): Promise<Granted> {
  const answer = await askRight(access, user, right, namespace);
  if (answer === 'allowed') return { ok: true };
  return { ok: false, refusal: answer === 'denied' ? notAllowed(right, namespace) : REVIEW_UNAVAILABLE };
}

export async function askRight(
  access: AccessReviewer,
  user: UserInfo,
  right: Right,
  namespace: string | undefined,
): Promise<AccessAnswer> {
  const [verb = '', path = ''] = right.split(' ');
  const [resource = '', subresource = ''] = path.split('/');
  return await access.review(user, {
    verb,
    group: 'capataz.dev',
    resource,
    subresource,
    ...(namespace === undefined ? {} : { namespace }),
  });
}

export const REVIEW_UNAVAILABLE: Refusal = {
  code: 'access_review_unavailable',
  message: 'Your rights could not be checked because the API server did not answer: try again in a moment.',
  retryAfterSeconds: 1,
};

function notAllowed(right: Right, namespace: string | undefined): Refusal {
  const where =
    namespace === undefined
      ? 'in all namespaces: ask for one namespace that you may look into (namespace=NAME), or have it given by a ClusterRole'
      : `in namespace ${namespace}: have it given by a Role there`;
  return { code: 'not_allowed', message: `You lack the right "${right}" of group capataz.dev ${where}.` };
}
