/** One pass over a repository: a look at its server when one is due, and else what came of the last one. */
import { objectKey } from '#adapters/kubernetes/kube-object.ts';
import type { PromptRepository } from '#crds/prompt-repository.ts';
import type { ObservedPromptRepository } from './decide.ts';
import type { ReportCommit } from './report-commit.ts';
import type { SyncMemory } from './sync-memory.ts';
import type { SyncResult } from './sync-result.ts';

/** The server is asked up to three times, for two minutes each. */
export const LOOK_TIMEOUT_SECONDS = 300;

export interface PromptRepositoryTools {
  readonly synchronise: (repository: PromptRepository, signal: AbortSignal) => Promise<SyncResult>;
  readonly report: ReportCommit;
  readonly memory: SyncMemory;
}

export function createLook(
  { synchronise, report, memory }: PromptRepositoryTools,
  timeoutSeconds: number = LOOK_TIMEOUT_SECONDS,
) {
  /** A look that takes too long is a result like any other: thrown, nobody would ever read of it. */
  async function within(repository: PromptRepository, signal: AbortSignal): Promise<SyncResult> {
    const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
    try {
      return await synchronise(repository, AbortSignal.any([signal, timeout]));
    } catch (error) {
      if (!timeout.aborted || signal.aborted) throw error;
      const message = `Looking at the repository did not end within ${timeoutSeconds} seconds.`;
      return { kind: 'notFetched', reason: 'TimedOut', message };
    }
  }

  return async (repository: PromptRepository, signal: AbortSignal): Promise<ObservedPromptRepository> => {
    const key = objectKey(repository.metadata);
    const known = memory.recall(key, repository);
    if (known !== undefined) return { repository, ...known };
    memory.begin(key);
    try {
      const result = await within(repository, signal);
      const sync = { result, report: await report(repository, result, signal) };
      return { repository, ...memory.record(key, repository, sync) };
    } catch (error) {
      // The next try is a look again, though this one has used up what woke it.
      memory.wake(key);
      throw error;
    }
  };
}
