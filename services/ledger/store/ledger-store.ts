/**
 * LedgerStore: where the ledger's entries, trees, texts and rollups live. node:sqlite and PostgreSQL stand behind it and
 * pass one contract suite (testing/store-contract.ts); for the same records in the same order they hold the same bytes.
 *
 * Every append is one transaction: entries, tiles, run chains, run rows, hourly sums and source counters change together
 * or not at all, and are on the disk when it resolves. `position` counts entries of all namespaces from 1 in the order of
 * their commits, without holes and without late comers: it is the cursor of streams, sinks and judges.
 *
 * Ids of records and of runs are unique within their namespace only: who tells for one tenant cannot take another's.
 */
import type { LedgerRecord } from '#domain/ledger/ledger-record.ts';
import type { SealingOutcome, ToldRecord } from '#domain/ledger/seal-records.ts';
import type { RunOfOutcome } from '#domain/judging/outcome-of-entry.ts';
import type {
  CostQuery,
  CostRow,
  HistoryPage,
  HistoryQuery,
  OutcomeQuery,
  OutcomeRow,
  RunQuery,
  RunRow,
} from './ledger-queries.ts';

export interface SubmittedRecord extends ToldRecord {
  readonly texts: readonly SealedText[];
}

/** A text, encrypted before it reaches the store (services/ledger/texts). */
export interface SealedText {
  readonly field: string;
  /** Names the key; without that key the bytes are noise. */
  readonly keyId: string;
  readonly bytes: Uint8Array;
  readonly expiresAtMicroseconds: number;
}

/** One for each record of a batch. A duplicate changes nothing, not even the texts that are kept. */
export type AppendOutcome = SealingOutcome;

export interface StoredEntry {
  readonly position: number;
  readonly namespace: string;
  readonly index: number;
  /** The canonical JSON that is hashed. */
  readonly canonical: string;
  /** Whether texts of it are still kept, by field. */
  readonly textFields: readonly string[];
  /** Where outcomes of a rollout are asked for. */
  readonly run?: RunOfOutcome;
}

export interface EntryFilter {
  readonly namespaces?: readonly string[];
  readonly types?: readonly LedgerRecord['type'][];
  readonly runId?: string;
  readonly agent?: string;
  /** Outcomes of its runs alone (domain/ledger/rollups/judged-outcomes.ts). */
  readonly rollout?: { readonly namespace: string; readonly name: string };
}

export interface TreeHead {
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

/** A hole in what one boot of one process told. Closed again when the missing records arrive after all. */
export interface SourceGap {
  /** The identity that told the records around it. */
  readonly reporter: string;
  readonly process: string;
  readonly instance: string;
  readonly boot: string;
  readonly firstMissing: number;
  readonly lastMissing: number;
  /** When the record after the hole arrived. */
  readonly seenAtMicroseconds: number;
}

export interface LedgerStore extends AsyncDisposable {
  /**
   * Rejects with StoreFencedError when another writer has opened the store since (SQLite) or has upgraded it (PostgreSQL),
   * with StoreFullError when there is no room, with StoreTamperedError while a loss stands (standing-losses.ts; it is asked in
   * the transaction that writes, so that none is behind it), and else with whatever the database says; nothing of the batch is then
   * written. Where the connection was lost too often, nobody knows: the same batch again is then answered with what is there.
   */
  readonly append: (
    batch: readonly SubmittedRecord[],
    receivedAtMicroseconds: number,
  ) => Promise<readonly AppendOutcome[]>;

  readonly namespaces: () => Promise<readonly string[]>;
  readonly treeHead: (namespace: string) => Promise<TreeHead>;
  /** Up to `width` hashes of 32 bytes, one after another (C2SP tlog-tiles); undefined where there are not so many. */
  readonly tile: (
    namespace: string,
    level: number,
    index: number,
    width: number,
  ) => Promise<Uint8Array | undefined>;
  /** Of one tree, in its order. Those whose bodies were pruned are left out. */
  readonly entriesByIndex: (
    namespace: string,
    fromIndex: number,
    count: number,
  ) => Promise<readonly StoredEntry[]>;
  /** Undefined for a record that is not here, and for one whose body was pruned. */
  readonly entryOfRecord: (namespace: string, recordId: string) => Promise<StoredEntry | undefined>;
  /**
   * After a position (0: from the beginning), oldest first. Go on after the answer's `position`, which is beyond what was
   * looked through in vain; `isEnd`: there was nothing more. Bounded by `count`, by what is looked through, and by bytes: the
   * entry by which the page reaches `maximumBytes` (PAGE_MAXIMUM_BYTES when not given) is its last one.
   */
  readonly entriesAfter: (
    position: number,
    filter: EntryFilter,
    count: number,
    maximumBytes?: number,
  ) => Promise<{
    readonly entries: readonly StoredEntry[];
    readonly position: number;
    readonly isEnd: boolean;
  }>;
  /** 0 while nothing has been written. */
  readonly lastPosition: () => Promise<number>;
  /** Of the last entry that was received before this time. */
  readonly positionBefore: (receivedAtMicroseconds: number) => Promise<number>;

  readonly runs: (
    query: RunQuery,
  ) => Promise<{ readonly runs: readonly RunRow[]; readonly nextCursor: string | undefined }>;
  /** One for each namespace that has a run of this id. */
  readonly runsOfId: (runId: string) => Promise<readonly RunRow[]>;
  readonly costs: (query: CostQuery) => Promise<readonly CostRow[]>;
  readonly outcomes: (query: OutcomeQuery) => Promise<readonly OutcomeRow[]>;
  readonly histories: (query: HistoryQuery) => Promise<HistoryPage>;
  /** The newest 1,000, newest first. */
  readonly sourceGaps: () => Promise<readonly SourceGap[]>;

  readonly texts: (namespace: string, recordId: string) => Promise<readonly SealedText[]>;
  /** All texts of a run. Answers with how many there were. */
  readonly eraseTextsOfRun: (namespace: string, runId: string) => Promise<number>;
  readonly eraseExpiredTexts: (nowMicroseconds: number) => Promise<number>;

  /** Small documents of the service: checkpoints, cursors of sinks, wrapped keys. Written as durably as entries. */
  readonly getDocument: (key: string) => Promise<string | undefined>;
  readonly setDocument: (key: string, value: string) => Promise<void>;
  readonly deleteDocument: (key: string) => Promise<void>;
  readonly listDocuments: (
    prefix: string,
  ) => Promise<readonly { readonly key: string; readonly value: string }[]>;

  /**
   * Undefined while another process leads. Of all that have the store open at most one leads: it does what one alone must
   * do. Where a store has one writer, that one leads. A lead that is neither given back nor kept alive, because its process
   * is dead, frozen or cut off, is free for others after some seconds.
   */
  readonly takeLead: () => Promise<Lead | undefined>;

  /** Bodies (and texts) of entries received before are dropped; tiles, leaf hashes and sums stay, so that proofs stay whole. */
  readonly prune: (receivedBeforeMicroseconds: number, maximumEntries: number) => Promise<number>;
  readonly sizeBytes: () => Promise<number>;
}

export interface Lead extends AsyncDisposable {
  /** Aborts when this process leads no longer, or cannot know whether it does. */
  readonly lost: AbortSignal;
  /**
   * As those of the store, but nothing is written once another process may lead: whoever was frozen in the middle of his
   * work and wakes up cannot write over what was done since. Reject with LeadLostError, and with what the database says.
   */
  readonly setDocument: LedgerStore['setDocument'];
  readonly deleteDocument: LedgerStore['deleteDocument'];
}

export class StoreFencedError extends Error {
  override readonly name = 'StoreFencedError';
}

export class StoreFullError extends Error {
  override readonly name = 'StoreFullError';
}

/** Another replica leads, or may lead: nothing was written. */
export class LeadLostError extends Error {
  override readonly name = 'LeadLostError';
}

/** The store was closed, or what serves it has died: no call on it will succeed any more. */
export class StoreClosedError extends Error {
  override readonly name = 'StoreClosedError';
}
