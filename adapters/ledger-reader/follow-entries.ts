/**
 * Follows the ledger: from a position on page by page until its end, then whatever comes, a look each second.
 *
 *     page -> page -> ... -> page that reaches the end -> pause -> page -> ...
 *
 * Pages are bounded, and the next one is asked for when all of the one before was taken: whoever takes slowly reads slowly. A
 * look again and again tells what a stream would not: that the ledger is still there although nobody writes.
 *
 * When it begins, after each failure and every minute, the entry that was taken last is looked for. Another one in its place, or
 * none, means that the ledger is not the one that was read before (it was restored from a backup): then nothing that was taken
 * holds any more.
 */
import { z } from 'zod';
import { type BackoffLimits, backoffSeconds } from '../kubernetes/backoff.ts';
import { pause } from '../kubernetes/pause.ts';
import { LedgerEntry } from '#domain/ledger/ledger-entry.ts';
import type { RecordType } from '#domain/ledger/ledger-record.ts';
import { Count } from '#domain/ledger/record-fields.ts';
import { LedgerReadError, type LedgerReader } from './ledger-reader.ts';

const PAGE_ENTRIES = 1_000;
const LOOK_SECONDS = 1;
const CHECK_MILLISECONDS = 60_000;
const BACKOFF: BackoffLimits = { minimumSeconds: 1, maximumSeconds: 15 };

/** The entry that was taken last; undefined: none yet. */
export interface TakenEntry {
  readonly position: number;
  readonly recordId: string;
}

export interface PlaceInLedger {
  /** Up to here everything was looked at. */
  readonly position: number;
  readonly last?: TakenEntry | undefined;
}

export interface Followed {
  readonly position: number;
  readonly entry: LedgerEntry;
}

export interface FollowOptions {
  readonly reader: Pick<LedgerReader, 'json'>;
  readonly types: readonly RecordType[];
  /** All namespaces when not given. */
  readonly namespace: string | undefined;
  readonly from: PlaceInLedger;
  /** Called with each page: what it held, where that leads, and how many entries were not understood. */
  readonly take: (page: TakenPage) => void;
  /** A page did not come; it is tried again. */
  readonly onFailure: (error: unknown, waitSeconds: number) => void;
  readonly random: () => number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

export interface TakenPage {
  readonly entries: readonly Followed[];
  readonly place: PlaceInLedger;
  readonly skipped: number;
  readonly isEnd: boolean;
}

/** What was taken is not, or no longer, what the ledger holds. */
export class AnotherLedgerError extends Error {
  override readonly name = 'AnotherLedgerError';
}

/** The entries themselves are looked at one by one: one that a newer ledger wrote must not hide the others. */
const PageAnswer = z.object({
  entries: z.array(z.unknown()).max(PAGE_ENTRIES),
  position: Count,
  isEnd: z.boolean(),
});
const PlacedEntry = z.object({ position: Count, entry: LedgerEntry });

/** Until the signal aborts (resolves). Rejects with AnotherLedgerError, or with what `take` throws. */
export async function followEntries(options: FollowOptions): Promise<void> {
  const { signal, now } = options;
  let place = options.from;
  let failures = 0;
  let checkedAt = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    try {
      if (now() - checkedAt >= CHECK_MILLISECONDS) {
        await checkLast(options, place);
        checkedAt = now();
      }
      const page = await readPage(options, place);
      failures = 0;
      if (signal.aborted) return;
      place = page.place;
      options.take(page);
      if (page.isEnd) await pause(LOOK_SECONDS, signal);
    } catch (error) {
      if (!(error instanceof LedgerReadError)) throw error;
      if (signal.aborted) return;
      failures += 1;
      checkedAt = Number.NEGATIVE_INFINITY;
      const waitSeconds = backoffSeconds(failures, BACKOFF, options.random);
      options.onFailure(error, waitSeconds);
      await pause(waitSeconds, signal);
    }
  }
}

async function checkLast(
  { reader, types, namespace }: FollowOptions,
  { last }: PlaceInLedger,
): Promise<void> {
  if (last === undefined) return;
  const query = { types: types.join(','), namespace, after: last.position - 1, limit: 1 };
  const { entries } = await reader.json('/v1/records', query, PageAnswer);
  const found = PlacedEntry.safeParse(entries[0]).data;
  if (found?.position === last.position && found.entry.record.id === last.recordId) return;
  throw new AnotherLedgerError(
    'The ledger does not hold what was read of it before: it was restored from a backup, or is another one.',
  );
}

async function readPage(
  { reader, types, namespace }: FollowOptions,
  place: PlaceInLedger,
): Promise<TakenPage> {
  const query = { types: types.join(','), namespace, after: place.position, limit: PAGE_ENTRIES };
  const answer = await reader.json('/v1/records', query, PageAnswer);
  const entries: Followed[] = [];
  let skipped = 0;
  let { position, last } = place;
  for (const each of answer.entries) {
    const { data } = PlacedEntry.safeParse(each);
    if (data === undefined) {
      skipped += 1;
    } else if (data.position > position && data.position <= answer.position) {
      // Twice the same, or out of order, would be counted twice or at the wrong place.
      position = data.position;
      last = { position, recordId: data.entry.record.id };
      entries.push(data);
    }
  }
  position = Math.max(position, answer.position);
  return { entries, place: { position, last }, skipped, isEnd: answer.isEnd };
}
