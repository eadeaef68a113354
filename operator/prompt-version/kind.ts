/** PromptVersion: says whether the version can be served. */
import { PROMPT_VERSION } from '#crds/prompt-version.ts';
import { kindModule } from '../runtime/kind-module.ts';
import { decidePromptVersion } from './decide.ts';
import { observePromptVersion } from './observe.ts';
import { PROMPT_VERSIONS } from './resources.ts';

export const PROMPT_VERSION_KIND = kindModule({
  definition: PROMPT_VERSION,
  objects: PROMPT_VERSIONS,
  watches: [],
  workers: 4,
  connect: () => ({ observe: observePromptVersion }),
  decide: decidePromptVersion,
});
