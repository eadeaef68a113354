/** Every kind of the group, in the order in which the reference page lists them. */
import { AGENT } from './agent.ts';
import { CANARY_ROLLOUT } from './canary-rollout.ts';
import type { KindDefinition } from './kind-definition.ts';
import { MODEL } from './model.ts';
import { PROMPT_REPOSITORY } from './prompt-repository.ts';
import { PROMPT_VERSION } from './prompt-version.ts';

export const KINDS: readonly KindDefinition[] = [
  AGENT,
  PROMPT_VERSION,
  CANARY_ROLLOUT,
  MODEL,
  PROMPT_REPOSITORY,
];
