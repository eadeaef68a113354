/** What is left after a loss that an operator has accepted goes on as a log of another name, with a gap that says so. */
import type { RecordDraft } from '#domain/ledger/ledger-record.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { OwnRecords } from '../own-records.ts';
import type { LedgerStore } from '../store/ledger-store.ts';
import { forgetLoss, renameLog, standingLosses } from './checkpoint-documents.ts';

export interface AcceptanceParts {
  readonly store: Pick<LedgerStore, 'getDocument' | 'setDocument' | 'deleteDocument' | 'listDocuments'>;
  /** By namespace: the size up to which the loss is known and accepted. */
  readonly acceptedLosses: ReadonlyMap<string, number>;
  readonly ownRecords: OwnRecords;
  readonly logger: Logger;
  readonly nowMicroseconds: () => number;
  readonly newId: () => string;
}

/**
 * Those that were found before this process was told that they are known. By any replica, for the one that leads may be
 * of before: it leaves alone what is found to be lost, so nobody is in the way.
 */
export async function acceptStandingLosses(parts: AcceptanceParts): Promise<void> {
  for (const [namespace, { size, message }] of await standingLosses(parts.store)) {
    if (parts.acceptedLosses.get(namespace) === size) await acceptLoss(parts, namespace, size, message);
  }
}

export async function acceptLoss(
  { store, ownRecords, logger, nowMicroseconds, newId }: AcceptanceParts,
  namespace: string,
  size: number,
  sentence: string,
): Promise<void> {
  await renameLog(store, namespace, Math.floor(nowMicroseconds() / 1_000_000));
  await forgetLoss(store, namespace);
  logger.warn(
    { namespace, size, sentence },
    'a loss is accepted by configuration: the log goes on under another name',
  );
  const gap: RecordDraft = {
    id: newId(),
    type: 'gap',
    namespace,
    atMicroseconds: nowMicroseconds(),
    cause: 'restored_backup',
    sentence: `${sentence} An operator has accepted the loss.`,
  };
  await ownRecords.tell(gap);
}
