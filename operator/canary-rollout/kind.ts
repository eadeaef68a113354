/** CanaryRollout: answers spec.versionRef (what is wanted) with status.stable (what is served). */
import { objectKey } from '#adapters/kubernetes/kube-object.ts';
import { CANARY_ROLLOUT } from '#crds/canary-rollout.ts';
import { PROMPT_VERSIONS } from '../prompt-version/resources.ts';
import { kindModule, watching } from '../runtime/kind-module.ts';
import { readableObject } from '../runtime/read-kind.ts';
import { decideCanaryRollout } from './decide.ts';
import { observeCanaryRollout } from './observe.ts';
import { CANARY_ROLLOUTS } from './resources.ts';

export const CANARY_ROLLOUT_KIND = kindModule({
  definition: CANARY_ROLLOUT,
  objects: CANARY_ROLLOUTS,
  watches: [
    watching(PROMPT_VERSIONS, (key, _, view) =>
      view
        .of(CANARY_ROLLOUTS)
        .by('wantedVersion', key)
        .map(({ metadata }) => objectKey(metadata)),
    ),
  ],
  workers: 4,
  connect: ({ view }) => {
    const versions = view.of(PROMPT_VERSIONS);
    return {
      observe: (rollout) => observeCanaryRollout(rollout, (key) => readableObject(versions.get(key))),
    };
  },
  decide: decideCanaryRollout,
});
