/** Keeps the copy of what the observer knows: connects again and again, and says meanwhile that the copy is old. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ObserverReader } from '#adapters/observer-reader/observer-reader.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { ObservedChange, ObservedFleet } from './observed-fleet.ts';

const RETRY_MILLISECONDS = 2_000;

export interface ObserverConnection {
  /** Why what is shown may be old; null: it is not. */
  problem: string | null;
}

/** Runs until the signal aborts; never rejects. */
export async function followObserver({
  reader,
  fleet,
  connection,
  onChanges,
  logger,
  signal,
}: {
  readonly reader: Pick<ObserverReader, 'news'>;
  readonly fleet: ObservedFleet;
  readonly connection: ObserverConnection;
  readonly onChanges: (changes: readonly ObservedChange[]) => void;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const news of reader.news(signal)) {
        // Parts say nothing before the whole is there.
        if (connection.problem !== null && !news.isWhole) continue;
        connection.problem = null;
        onChanges(fleet.apply(news));
      }
      lose('The observer has ended the connection.');
    } catch (error) {
      lose(error instanceof Error ? error.message : 'The observer does not answer.');
    }
    await sleep(RETRY_MILLISECONDS, undefined, { signal }).catch(() => undefined);
  }

  function lose(why: string): void {
    if (signal.aborted) return;
    if (connection.problem === null) logger.warn({ why }, 'the observer is not followed any more');
    connection.problem = `${why} What it knew last is shown.`;
    onChanges([]);
  }
}
