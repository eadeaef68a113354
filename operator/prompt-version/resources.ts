import { PROMPT_VERSION, PromptVersionSpec, PromptVersionStatus } from '#crds/prompt-version.ts';
import { watchedKind } from '../runtime/watched-resource.ts';

export const PROMPT_VERSIONS = watchedKind({
  ...PROMPT_VERSION,
  spec: PromptVersionSpec,
  status: PromptVersionStatus,
});
