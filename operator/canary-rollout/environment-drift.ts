/** What the observer says of the agents that follow a rollout: whether the world went worse under the stable version too. */
import type { Agent } from '#crds/agent.ts';

/**
 * The condition Drift is about what the stable version serves: a candidate is not seen there. Whoever resumes a rollout begins
 * the candidate anew, and so has taken note of a drift that is older. Undefined: none drifts, or only such.
 */
export function environmentDriftOf(
  followers: readonly Pick<Agent, 'metadata' | 'status'>[],
  candidateSince: string | undefined,
): string | undefined {
  if (candidateSince === undefined) return undefined;
  for (const { metadata, status } of followers) {
    const drift = status?.conditions?.find(({ type }) => type === 'Drift');
    if (drift?.status !== 'True' || Date.parse(drift.lastTransitionTime) <= Date.parse(candidateSince))
      continue;
    return `What the stable version serves drifted in Agent ${metadata.name}: ${drift.message}`;
  }
  return undefined;
}
