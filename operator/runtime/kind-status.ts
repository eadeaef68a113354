/**
 * The part of a status that every kind has, in the words that GitOps tools read (kstatus, the health library of Flux
 * and Argo CD):
 *
 *   Ready True                      -> Current
 *   Ready False or Unknown, waiting -> InProgress: something else is missing or fails, and may come right
 *   Reconciling True                -> InProgress: passes by itself
 *   Stalled True                    -> Failed: never comes right without an edit of this object, or a person's hand
 *
 * Reconciling and Stalled stand there only while they are True.
 */
import { type Condition, type ConditionClaim, mergeConditions } from '#crds/conditions.ts';
import type { KindObject, KindStatus } from '#crds/kind-definition.ts';

const MESSAGE_MAXIMUM_LENGTH = 4096;

export type Outlook =
  | { readonly kind: 'ready' | 'waiting' | 'reconciling' }
  /** With what has to be mended. */
  | { readonly kind: 'stalled'; readonly because: ConditionClaim };

export const READY: Outlook = { kind: 'ready' };
export const WAITING: Outlook = { kind: 'waiting' };
export const RECONCILING: Outlook = { kind: 'reconciling' };

/** `outlook` is about the claim of type Ready. */
export function statusOfClaims(
  object: KindObject<unknown, KindStatus>,
  claims: readonly ConditionClaim[],
  outlook: Outlook,
  now: Date,
): { readonly observedGeneration: number; readonly conditions: Condition[] } {
  const { generation } = object.metadata;
  const all = [...claims, ...outlookClaims(claims, outlook)].map(({ type, status, reason, message }) => ({
    type,
    status,
    reason,
    message: message.slice(0, MESSAGE_MAXIMUM_LENGTH),
  }));
  const conditions = mergeConditions(object.status?.conditions ?? [], all, generation, now);
  return { observedGeneration: generation, conditions: [...conditions] };
}

/**
 * What is said of an object that this version of the operator cannot read: one that was stored under another version of
 * its definition. What it said of itself before stays, but for whether it is ready.
 */
export function unreadableStatus<Status extends KindStatus>(
  object: KindObject<unknown, Status>,
  problem: string,
  now: Date,
): KindStatus {
  const ready = {
    type: 'Ready',
    status: 'False',
    reason: 'SpecUnreadable',
    message: `This version of the operator cannot read it: ${problem}. Correct the spec, or install the chart's definitions and operator in one version.`,
  } as const;
  const outlook: Outlook = { kind: 'stalled', because: ready };
  return { ...object.status, ...statusOfClaims(object, [ready], outlook, now) };
}

function outlookClaims(claims: readonly ConditionClaim[], outlook: Outlook): readonly ConditionClaim[] {
  if (outlook.kind === 'reconciling') {
    const ready = claims.find(({ type }) => type === 'Ready');
    return ready === undefined ? [] : [{ ...ready, type: 'Reconciling', status: 'True' }];
  }
  if (outlook.kind === 'stalled') return [{ ...outlook.because, type: 'Stalled', status: 'True' }];
  return [];
}
