/**
 * RecordWriter: the port through which a process of ours tells the ledger. Behind it stands a bounded spool on disk
 * (adapters/ledger-client) which delivers in order, at least once.
 */
import type { RecordDraft } from './ledger-record.ts';
import type { RecordText } from './record-text.ts';

/** Of a text: all but the record, which it is handed over with. */
export type TextDraft = Omit<RecordText, 'recordId'>;

export interface RecordWriter {
  /**
   * False while the spool has no room for another run: nothing that must leave records may be begun then. What is under way
   * still finds room, for a reserve is kept for it.
   */
  readonly hasRoom: () => boolean;
  /** Takes it into the spool at once; never throws and never waits. */
  readonly write: (draft: RecordDraft, texts?: readonly TextDraft[]) => void;
  /**
   * As `write`, in the place of what was written with the same id, as long as that is in this process's hands; behind it,
   * when it no longer is.
   */
  readonly writeInstead: (draft: RecordDraft, texts?: readonly TextDraft[]) => void;
  /**
   * Resolves when all that was written before is out of this process's hands (the operating system's, not yet the disk's).
   * Rejects with NotRecordedError when the disk takes nothing for some seconds.
   */
  readonly settled: () => Promise<void>;
  /**
   * Resolves when the ledger has acknowledged it (and all before it) as durable. Rejects with NotRecordedError when it
   * has not after `timeoutMilliseconds`, or when it is refused; the record stays in the spool and may yet arrive.
   */
  readonly writeDurably: (
    draft: RecordDraft,
    texts: readonly TextDraft[],
    limits: { readonly timeoutMilliseconds: number; readonly signal: AbortSignal },
  ) => Promise<void>;
}

export class NotRecordedError extends Error {
  override readonly name = 'NotRecordedError';
}

/** Where no ledger is configured: nothing is told, everything is allowed. */
export const NO_LEDGER: RecordWriter = {
  hasRoom: () => true,
  write: () => undefined,
  writeInstead: () => undefined,
  settled: async () => undefined,
  writeDurably: async () => undefined,
};
