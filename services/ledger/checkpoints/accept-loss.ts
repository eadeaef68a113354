/** What is left after a loss that an operator has accepted goes on as a log of another name, with a gap that says so. */
import type { RecordDraft } from '#domain/ledger/ledger-record.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { OwnRecords } from '../own-records.ts';
import type { LedgerStore } from '../store/ledger-store.ts';
import type { StandingLoss } from '../store/standing-losses.ts';
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
  for (const [namespace, loss] of await standingLosses(parts.store)) {
    if (parts.acceptedLosses.get(namespace) === loss.size) await acceptLoss(parts, namespace, loss);
  }
}

export async function acceptLoss(
  { store, ownRecords, logger, nowMicroseconds, newId }: AcceptanceParts,
  namespace: string,
  loss: StandingLoss,
): Promise<void> {
  const gap: RecordDraft = {
    id: newId(),
    type: 'gap',
    namespace,
    atMicroseconds: nowMicroseconds(),
    cause: 'restored_backup',
    sentence: `${loss.message} An operator has accepted the loss.`,
  };
  // First, for a gap that nobody told of must not be passed over.
  const written = await ownRecords.tell(gap);
  if (!written.ok) {
    throw new Error(`The loss in ${namespace} is accepted, and cannot be told: ${written.refusal.message}`);
  }
  await renameLog(store, namespace, Math.floor(nowMicroseconds() / 1_000_000));
  await forgetLoss(store, namespace);
  logger.warn(
    { namespace, size: loss.size, sentence: loss.message },
    'a loss is accepted by configuration: the log goes on under another name',
  );
}
