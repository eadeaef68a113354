/**
 * RecordIntake: the one way by which records reach the store, for those who post them and for the ledger itself. It
 * resolves when all of them are on the disk.
 */
import type { Refusal } from '#domain/failures/refusal.ts';
import type { Trust } from '#domain/ledger/ledger-entry.ts';
import type { LedgerRecord } from '#domain/ledger/ledger-record.ts';
import type { RecordText } from '#domain/ledger/record-text.ts';
import type { LedgerMetrics } from './ledger-metrics.ts';
import { QueueFullError } from './store/group-commit.ts';
import type { AppendOutcome, SubmittedRecord } from './store/ledger-store.ts';
import { tellsOfLoss } from './store/standing-losses.ts';
import type { WriteGate } from './write-gate.ts';

export interface ToldRecord {
  readonly record: LedgerRecord;
  readonly reporter: string;
  readonly trust: Trust;
  /** Each of another field. They are sealed before the store sees them. */
  readonly texts: readonly RecordText[];
}

export type Written =
  | { readonly ok: true; readonly outcomes: readonly AppendOutcome[] }
  | { readonly ok: false; readonly refusal: Refusal };

export interface RecordIntake {
  /** One outcome for each record, in their order. `bytes`: what they weigh, texts included. Never rejects. */
  readonly write: (records: readonly ToldRecord[], bytes: number) => Promise<Written>;
}

export const TOO_MANY_RECORDS: Refusal = {
  code: 'too_many_records',
  message:
    'The ledger has as many records under way as it can hold, of all or of this caller: send the same again in a moment.',
  retryAfterSeconds: 1,
};

const STORE_FAILED: Refusal = {
  code: 'store_failed',
  message:
    'The store of the ledger failed, so nothing of this is known to be written: send the same again, it is written once.',
  retryAfterSeconds: 1,
};

const KEY_MISSING: Refusal = {
  code: 'texts_unavailable',
  message: 'The texts could not be sealed, so nothing of this is written: the log of the ledger says why.',
  retryAfterSeconds: 5,
};

export function createRecordIntake(options: {
  readonly seal: (record: LedgerRecord, texts: readonly RecordText[]) => Promise<SubmittedRecord['texts']>;
  /** Groups what comes in the same moment into one commit. */
  readonly append: (records: readonly SubmittedRecord[], bytes: number) => Promise<readonly AppendOutcome[]>;
  readonly gate: WriteGate;
  readonly metrics: LedgerMetrics;
  readonly onWritten: (count: number) => void;
  readonly onFailure: (error: unknown) => void;
}): RecordIntake {
  const { seal, append, gate, metrics, onWritten, onFailure } = options;
  const sealed = async (records: readonly ToldRecord[]): Promise<readonly SubmittedRecord[] | undefined> => {
    try {
      return await Promise.all(
        records.map(async (told) => ({
          ...told,
          texts: told.texts.length === 0 ? [] : await seal(told.record, told.texts),
        })),
      );
    } catch (error) {
      onFailure(error);
      return undefined;
    }
  };
  return {
    write: async (records, bytes) => {
      if (records.length === 0) return { ok: true, outcomes: [] };
      const closed = gate.refusal({ tellsOfLoss: records.every(tellsOfLoss) });
      if (closed !== undefined) return { ok: false, refusal: closed };
      const submitted = await sealed(records);
      if (submitted === undefined) return { ok: false, refusal: KEY_MISSING };
      const end = metrics.appendTimer();
      try {
        const outcomes = await append(submitted, bytes);
        end();
        gate.written();
        for (const [index, { kind }] of outcomes.entries()) {
          metrics.recordJudged(records[index]?.record.type ?? 'unknown', kind);
        }
        const count = outcomes.filter(({ kind }) => kind === 'written').length;
        if (count > 0) onWritten(count);
        return { ok: true, outcomes };
      } catch (error) {
        if (error instanceof QueueFullError) return { ok: false, refusal: TOO_MANY_RECORDS };
        onFailure(error);
        return { ok: false, refusal: gate.failed(error) ?? STORE_FAILED };
      }
    },
  };
}
