/**
 * Tells the ledger what was decided, before the status says so: a decision that was written down is never without its
 * record. The ledger gets a moment to acknowledge it; when it is away the record waits in the spool, and when there is no
 * room it is counted and told as missing later. The operator's work goes on in any case, for agents depend on it.
 */
import type { RecordDraft } from '#domain/ledger/ledger-record.ts';
import type { RecordWriter } from '#domain/ledger/record-writer.ts';
import type { Logger } from '#telemetry/logger.ts';

const ACKNOWLEDGEMENT_MILLISECONDS = 2_000;
const REMEMBERED_MAXIMUM = 10_000;

export type TellLedger = (records: readonly RecordDraft[], signal: AbortSignal) => Promise<void>;

export interface LedgerTellerOptions {
  readonly ledger: Pick<RecordWriter, 'writeDurably'>;
  /** Whether this process leads: another one's decisions are not told twice. */
  readonly mayTell: () => boolean;
  readonly logger: Logger;
}

/** Ids follow from what was decided about, so that a pass that is repeated tells nothing new. */
export function createLedgerTeller({ ledger, mayTell, logger }: LedgerTellerOptions): TellLedger {
  const told = new Set<string>();
  return async (records, signal) => {
    for (const record of records) {
      if (told.has(record.id) || !mayTell()) continue;
      told.add(record.id);
      const oldest = told.values().next();
      if (told.size > REMEMBERED_MAXIMUM && oldest.done !== true) told.delete(oldest.value);
      try {
        await ledger.writeDurably(record, [], { timeoutMilliseconds: ACKNOWLEDGEMENT_MILLISECONDS, signal });
      } catch (error) {
        signal.throwIfAborted();
        logger.warn({ recordId: record.id, type: record.type, error }, 'a decision is not in the ledger yet');
      }
    }
  };
}
