/**
 * Conditions in the manner of the Gateway API: a list with map key `type`, each with its own
 * `observedGeneration`; the reason is from a closed set per kind, the message is a sentence for a person.
 */
import { z } from 'zod';

export const ConditionStatus = z.enum(['True', 'False', 'Unknown']);
export type ConditionStatus = z.infer<typeof ConditionStatus>;

export const Condition = z.strictObject({
  type: z.string().max(64).describe('What is being said, for example Ready.'),
  status: ConditionStatus.describe('True, False or Unknown.'),
  observedGeneration: z.int().min(0).optional().describe('The metadata.generation this was observed at.'),
  lastTransitionTime: z
    .string()
    .max(64)
    .meta({ format: 'date-time' })
    .describe('When status last changed (RFC 3339).'),
  reason: z.string().max(128).describe('One CamelCase word for machines.'),
  message: z.string().max(4096).describe('One sentence for people: what, where and how to mend it.'),
});
export type Condition = z.infer<typeof Condition>;

export const Conditions = z
  .array(Condition)
  .max(16)
  .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] })
  .describe('What was observed of this object, one entry a type.');

/** A condition before the clock and the previous list are known: what `decide` returns. */
export interface ConditionClaim<Type extends string = string, Reason extends string = string> {
  readonly type: Type;
  readonly status: ConditionStatus;
  readonly reason: Reason;
  readonly message: string;
}

/** What one reason says: with which status, and what a person can do about it. */
export interface ReasonMeaning {
  readonly status: 'True' | 'False' | 'Unknown' | 'False, Unknown';
  readonly meaning: string;
  readonly remedy?: string;
}

/** Every condition type of a kind with its closed set of reasons; the page docs/reference/conditions.md follows it. */
export interface ConditionTable {
  readonly [type: string]: Readonly<Record<string, ReasonMeaning>>;
  /** What `kubectl wait` and every GitOps tool look at. */
  readonly Ready: Readonly<Record<string, ReasonMeaning>>;
}

/** The claims that a table allows. */
export type ClaimOf<Table extends ConditionTable> = {
  [Type in keyof Table & string]: ConditionClaim<Type, keyof Table[Type] & string>;
}[keyof Table & string];

/**
 * Merges claims into the previous list. `lastTransitionTime` moves only when `status` changes, so an unchanged
 * claim yields an equal condition and no write. Types that are not claimed are dropped: every owned type is
 * claimed on every pass.
 */
export function mergeConditions(
  previous: readonly Condition[],
  claims: readonly ConditionClaim[],
  observedGeneration: number,
  now: Date,
): readonly Condition[] {
  return claims.map((claim) => {
    const before = previous.find((condition) => condition.type === claim.type);
    const lastTransitionTime =
      before?.status === claim.status ? before.lastTransitionTime : now.toISOString().replace(/\.\d+Z$/, 'Z');
    return { ...claim, observedGeneration, lastTransitionTime };
  });
}
