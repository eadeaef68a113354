/** PromptRepository: makes PromptVersions and golden sets of the commits of a git repository, in a process of its own. */
import { splitObjectKey, objectKey } from '#adapters/kubernetes/kube-object.ts';
import { PROMPT_REPOSITORY, type PromptRepository } from '#crds/prompt-repository.ts';
import { AGENTS } from '../agent/resources.ts';
import { CANARY_ROLLOUTS } from '../canary-rollout/resources.ts';
import { PROMPT_VERSIONS } from '../prompt-version/resources.ts';
import { type KindModule, type Watch, kindModule, watching } from '../runtime/kind-module.ts';
import { decidePromptRepository } from './decide.ts';
import type { ReportCommit } from './report-commit.ts';
import { GOLDEN_SET_CONFIG_MAPS, PROMPT_REPOSITORIES, REPOSITORY_LABEL } from './resources.ts';
import type { SyncMemory } from './sync-memory.ts';
import type { SyncResult } from './sync-result.ts';

export interface PromptRepositoryTools {
  readonly synchronise: (repository: PromptRepository, signal: AbortSignal) => Promise<SyncResult>;
  readonly report: ReportCommit;
  readonly memory: SyncMemory;
}

/** A commit that is applied already makes no writes, so that each pass may be another look. */
export function promptRepositoryKind({
  synchronise,
  report,
  memory,
}: PromptRepositoryTools): KindModule<{ readonly resyncSeconds: number }> {
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
    connect: () => ({
      observe: async (repository, _, signal) => {
        const key = objectKey(repository.metadata);
        const known = memory.recall(key, repository);
        if (known !== undefined) return { repository, ...known };
        memory.begin(key);
        const result = await synchronise(repository, signal);
        const sync = { result, report: await report(repository, result, signal) };
        return { repository, ...memory.record(key, repository, sync) };
      },
      forget: memory.forget,
    }),
    decide: decidePromptRepository,
  });
}
