/**
 * What a person may, as `kubectl auth can-i` names it: rights on our kinds and on virtual subresources of them, given with RBAC
 * in single namespaces or in all of them.
 */
import type { Refusal } from '#domain/failures/refusal.ts';
import { ROLLOUT_VERBS } from '#domain/rollout/rollout-command.ts';

export type Right =
  /** A namespace is there at all for whoever has it. */
  | 'get agents'
  | 'get agents/costs'
  | 'get agents/runs'
  | 'get agents/securityevents'
  | 'get agents/audit'
  | 'get agents/texts'
  | 'update agents/silence'
  | 'get canaryrollouts'
  | 'get models'
  | `update canaryrollouts/${(typeof ROLLOUT_VERBS)[number]}`;

export const RIGHTS: readonly Right[] = [
  'get agents',
  'get agents/costs',
  'get agents/runs',
  'get agents/securityevents',
  'get agents/audit',
  'get agents/texts',
  'update agents/silence',
  'get canaryrollouts',
  'get models',
  ...ROLLOUT_VERBS.map((verb) => `update canaryrollouts/${verb}` as const),
];

export const REVIEW_UNAVAILABLE: Refusal = {
  code: 'access_review_unavailable',
  message: 'Your rights could not be checked because the API server did not answer: try again in a moment.',
  retryAfterSeconds: 1,
};

/** `namespace` absent: the right is wanted in all namespaces. */
export function notAllowed(right: Right, namespace: string | undefined): Refusal {
  const where =
    namespace === undefined
      ? 'in all namespaces: have it given by a ClusterRoleBinding'
      : `in namespace ${namespace}: have it given by a RoleBinding there`;
  return { code: 'not_allowed', message: `You lack the right "${right}" of group capataz.dev ${where}.` };
}
