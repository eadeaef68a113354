/** Entries of the ledger as the page gets them. */
import type { WrittenEntry } from '#adapters/ledger-reader/ledger-answers.ts';
import type { LedgerRecord, RecordOf, RecordType } from '#domain/ledger/ledger-record.ts';
import type { RunEntry } from '../api/answers.ts';

export function runEntry({ position, texts, entry }: WrittenEntry): RunEntry {
  const { receivedAtMicroseconds, trust, record } = entry;
  return { position, texts, receivedMicroseconds: receivedAtMicroseconds, trust, record };
}

const GOOD_OUTCOMES: ReadonlySet<string> = new Set(['ok', 'success', 'succeeded']);

type Judge<Type extends RecordType> = (record: RecordOf<Type>) => boolean;

const isBadOutcome = ({ outcome }: { readonly outcome: string }): boolean => !GOOD_OUTCOMES.has(outcome);
const isBadVerdict = ({ verdict }: { readonly verdict: string }): boolean => verdict === 'bad';

/** Of those that can say it at all. */
const FAILURES: { readonly [Type in RecordType]?: Judge<Type> } = {
  model_call: isBadOutcome,
  model_attempt: isBadOutcome,
  tool_result: isBadOutcome,
  cycle: (record) => record.phase === 'repair' || isBadOutcome(record),
  reported_span: ({ errorType }) => errorType !== undefined,
  policy_decision: ({ verdict }) => verdict === 'denied',
  run_ended: ({ status, firstAnswerFits, isRefusal }) =>
    status !== 'succeeded' || firstAnswerFits === 'no' || isRefusal === 'yes',
  outcome: isBadVerdict,
  feedback: isBadVerdict,
  security_event: () => true,
  gap: () => true,
};

/** Whether a record says that something went wrong, or was kept from going wrong. */
export function isFailure(record: LedgerRecord): boolean {
  const judge = FAILURES[record.type] as Judge<RecordType> | undefined;
  return judge?.(record) ?? false;
}
