/**
 * Feeds the observation from the ledger for as long as the process lives:
 *
 *     file of what was seen --(there and usable)--> where it ends --+
 *              +--(else)--> so many days ago ----------------------+--> page, page, ... --(another ledger)--> so many days ago
 */
import { type BackoffLimits, backoffSeconds } from '#adapters/kubernetes/backoff.ts';
import { pause } from '#adapters/kubernetes/pause.ts';
import { AnotherLedgerError, followEntries } from '#adapters/ledger-reader/follow-entries.ts';
import { LedgerReadError, type LedgerReader } from '#adapters/ledger-reader/ledger-reader.ts';
import { askForPosition } from '#adapters/ledger-reader/ledger-requests.ts';
import { WATCHED_RECORD_TYPES, type WatchOfFleet } from '#domain/watching/fleet-judgement.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { Observation } from './observation.ts';

const BACKOFF: BackoffLimits = { minimumSeconds: 1, maximumSeconds: 15 };
const DAY_MICROSECONDS = 86_400_000_000;
const PROBLEM_CHARACTERS = 1_024;

export interface FollowLedgerOptions {
  readonly reader: LedgerReader;
  readonly observation: Observation;
  /** Whether the observation goes on from a file. */
  readonly isContinued: boolean;
  readonly newWatch: () => WatchOfFleet;
  readonly historyDays: number;
  /** Whose records are read; all namespaces when not given. */
  readonly watchNamespace: string | undefined;
  /** One in which this process may read: positions are the same everywhere. */
  readonly anyNamespace: string;
  readonly onEntries: (seen: number, skipped: number) => void;
  readonly onFailure: () => void;
  readonly logger: Logger;
  readonly random: () => number;
  readonly now: () => Date;
  readonly nowMilliseconds: () => number;
  readonly signal: AbortSignal;
}

/** Resolves when the signal aborts. */
export async function followLedger(options: FollowLedgerOptions): Promise<void> {
  const { reader, observation, watchNamespace, logger, random, signal } = options;
  if (!options.isContinued) await beginAnew(options);
  while (!signal.aborted) {
    try {
      await followEntries({
        reader,
        types: WATCHED_RECORD_TYPES,
        namespace: watchNamespace,
        from: observation.place,
        take: (page) => {
          observation.see(page);
          options.onEntries(page.entries.length, page.skipped);
        },
        onFailure: (error) => tellFailure(options, error),
        random,
        now: options.nowMilliseconds,
        signal,
      });
    } catch (error) {
      if (!(error instanceof AnotherLedgerError)) throw error;
      logger.error({ place: observation.place }, error.message);
      await beginAnew(options);
    }
  }
}

/** With nothing seen, at the beginning of the time that is looked at. */
async function beginAnew(options: FollowLedgerOptions): Promise<void> {
  const { reader, observation, newWatch, historyDays, anyNamespace, random, signal, now } = options;
  const namespace = options.watchNamespace ?? anyNamespace;
  const before = now().getTime() * 1_000 - historyDays * DAY_MICROSECONDS;
  const asked = new AbortController();
  for (let failures = 1; !AbortSignal.any([signal, asked.signal]).aborted; failures += 1) {
    try {
      observation.beginAnew(newWatch(), { position: await askForPosition(reader, namespace, before) });
      asked.abort();
    } catch (error) {
      if (!(error instanceof LedgerReadError)) throw error;
      tellFailure(options, error);
      await pause(backoffSeconds(failures, BACKOFF, random), signal);
    }
  }
}

function tellFailure({ observation, logger, onFailure }: FollowLedgerOptions, error: unknown): void {
  const because = error instanceof Error ? error.message : String(error);
  observation.failed(`The ledger cannot be read: ${because}`.slice(0, PROBLEM_CHARACTERS).toWellFormed());
  onFailure();
  logger.warn({ because }, 'the ledger cannot be read');
}
