/** Every kind that this operator runs. A new one is a file in crds/, a folder beside this file, and a line here. */
import { AGENT_KIND } from './agent/kind.ts';
import { CANARY_ROLLOUT_KIND } from './canary-rollout/kind.ts';
import { MODEL_KIND } from './model/kind.ts';
import { PROMPT_VERSION_KIND } from './prompt-version/kind.ts';
import type { KindModule } from './runtime/kind-module.ts';

export const KIND_MODULES: readonly KindModule[] = [
  PROMPT_VERSION_KIND,
  MODEL_KIND,
  CANARY_ROLLOUT_KIND,
  AGENT_KIND,
];
