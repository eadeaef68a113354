/** PromptRepository: makes PromptVersions and golden sets of the commits of a git repository, in a process of its own. */
import { splitObjectKey, objectKey } from '#adapters/kubernetes/kube-object.ts';
import { PROMPT_REPOSITORY } from '#crds/prompt-repository.ts';
import { AGENTS } from '../agent/resources.ts';
import { CANARY_ROLLOUTS } from '../canary-rollout/resources.ts';
import { PROMPT_VERSIONS } from '../prompt-version/resources.ts';
import { type KindModule, type Watch, kindModule, watching } from '../runtime/kind-module.ts';
import { decidePromptRepository } from './decide.ts';
import { LOOK_TIMEOUT_SECONDS, type PromptRepositoryTools, createLook } from './look-at-repository.ts';
import { GOLDEN_SET_CONFIG_MAPS, PROMPT_REPOSITORIES, REPOSITORY_LABEL } from './resources.ts';

/** What came of a look that took too long is still to be written. */
const PASS_TIMEOUT_SECONDS = LOOK_TIMEOUT_SECONDS + 60;

/** A commit that is applied already makes no writes, so that each pass may be another look. */
export function promptRepositoryKind(
  tools: PromptRepositoryTools,
): KindModule<{ readonly resyncSeconds: number }> {
  const { memory } = tools;
  const look = createLook(tools);
  return kindModule({
    definition: PROMPT_REPOSITORY,
    objects: PROMPT_REPOSITORIES,
    watches: [
      // What it made is made anew when somebody deletes it.
      ...[PROMPT_VERSIONS, GOLDEN_SET_CONFIG_MAPS].map((resource): Watch => ({
        resource,
        isLazy: false,
        wakes: (key, { current, previous }) => {
          const repository = previous?.metadata.labels?.[REPOSITORY_LABEL];
          if (current !== undefined || repository === undefined) return [];
          const owner = objectKey({ namespace: splitObjectKey(key).namespace, name: repository });
          memory.wake(owner);
          return [owner];
        },
      })),
      // Only looked at: what they name is not deleted.
      watching(CANARY_ROLLOUTS, () => []),
      watching(AGENTS, () => []),
    ],
    // Each may wait for a server.
    workers: 4,
    passTimeoutSeconds: PASS_TIMEOUT_SECONDS,
    connect: () => ({
      observe: (repository, _, signal) => look(repository, signal),
      forget: memory.forget,
    }),
    decide: decidePromptRepository,
  });
}
