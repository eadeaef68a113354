/**
 * What the observer says of an Agent, beside what the operator says: how it does, not whether it stands. Entries of the same
 * list of conditions, owned by another field manager; neither writes nor takes away what is the other's.
 */
export const OBSERVED_CONDITION_TYPES = ['CostNormal', 'LatencyNormal', 'Drift', 'Probed'] as const;

export function isObservedCondition({ type }: { readonly type: string }): boolean {
  return (OBSERVED_CONDITION_TYPES as readonly string[]).includes(type);
}
