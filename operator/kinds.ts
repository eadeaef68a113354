/** Every kind that this operator runs. A new one is a file in crds/, a folder beside this file, and a line here. */
import { agentKind } from './agent/kind.ts';
import { type CanaryRolloutTools, canaryRolloutKind } from './canary-rollout/kind.ts';
import { MODEL_KIND } from './model/kind.ts';
import { PROMPT_VERSION_KIND } from './prompt-version/kind.ts';
import type { KindModule } from './runtime/kind-module.ts';

export function kindModules(tools: CanaryRolloutTools): readonly KindModule[] {
  return [PROMPT_VERSION_KIND, MODEL_KIND, canaryRolloutKind(tools), agentKind(tools)];
}

/** As they are declared, for whoever runs none of them. */
export const KIND_MODULES = kindModules({
  outcomes: undefined,
  countGoldenSetKeys: () => Promise.resolve('unknown'),
});
