/** Whether a replica may be asked: its view of the cluster is complete, and not of long ago. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Readiness } from '#process/health-server.ts';
import type { RunningClusterView } from '#adapters/kubernetes/cluster-view.ts';

/** A replica that has not heard of the API server for so long says that it is not ready. */
const STALE_AFTER_SECONDS = 60;
const SYNC_CHECK_MILLISECONDS = 50;

type Watched = Pick<RunningClusterView, 'isSynced' | 'secondsSinceLastContact'>;

export function viewReadiness(view: Watched): Readiness {
  if (!view.isSynced()) return { ready: false, reason: 'The view of the cluster is not complete yet.' };
  const seconds = view.secondsSinceLastContact();
  return seconds > STALE_AFTER_SECONDS
    ? { ready: false, reason: `The API server has not been heard of for ${Math.round(seconds)} seconds.` }
    : { ready: true };
}

/** Resolves when the view is complete, or nobody waits for it any more. */
export async function untilSynced(view: Watched, stop: AbortSignal): Promise<void> {
  while (!view.isSynced() && !stop.aborted) await sleep(SYNC_CHECK_MILLISECONDS, undefined, { ref: false });
}
