import type { CanaryRolloutStatus } from '#crds/canary-rollout.ts';
import { mergeConditions } from '#crds/conditions.ts';
import { readyClaim, resolvedRefsClaim } from './conditions.ts';
import type { ObservedCanaryRollout } from './observe.ts';

/** The wanted version becomes stable as soon as it can be served; until then what was stable stays it. */
export function decideCanaryRollout(observed: ObservedCanaryRollout, now: Date): CanaryRolloutStatus {
  const { rollout, wanted } = observed;
  const resolvedRefs = resolvedRefsClaim(observed);
  const stable =
    resolvedRefs.status === 'True' && wanted !== undefined
      ? { name: wanted.metadata.name, digest: wanted.spec.digest }
      : rollout.status?.stable;
  const conditions = mergeConditions(
    rollout.status?.conditions ?? [],
    [resolvedRefs, readyClaim(resolvedRefs, stable)],
    rollout.metadata.generation,
    now,
  );
  return { conditions: [...conditions], ...(stable === undefined ? {} : { stable }) };
}
