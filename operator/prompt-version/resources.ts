import { PROMPT_VERSION } from '#crds/prompt-version.ts';
import { watchedKind } from '#adapters/kubernetes/watched-resource.ts';

export const PROMPT_VERSIONS = watchedKind(PROMPT_VERSION);
