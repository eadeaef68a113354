import { mergeConditions } from '#crds/conditions.ts';
import type { PromptVersionStatus } from '#crds/prompt-version.ts';
import { acceptedClaim } from './conditions.ts';
import type { ObservedPromptVersion } from './observe.ts';

export function decidePromptVersion(observed: ObservedPromptVersion, now: Date): PromptVersionStatus {
  const { promptVersion, parsed } = observed;
  const accepted = acceptedClaim(observed);
  const conditions = mergeConditions(
    promptVersion.status?.conditions ?? [],
    [accepted],
    promptVersion.metadata.generation,
    now,
  );
  const variables = accepted.status === 'True' && parsed.ok ? [...parsed.prompt.variables] : undefined;
  return { conditions: [...conditions], ...(variables === undefined ? {} : { variables }) };
}
