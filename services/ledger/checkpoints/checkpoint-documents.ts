/** What the ledger keeps about the log of a namespace: its name, its last checkpoint, and the last that was witnessed. */
import { z } from 'zod';
import type { LedgerStore } from '../store/ledger-store.ts';
import { LOSS_PREFIX, readLoss, type StandingLoss, writeLoss } from '../store/standing-losses.ts';

type DocumentStore = Pick<LedgerStore, 'getDocument' | 'setDocument'>;

type ChangingStore = DocumentStore & Pick<LedgerStore, 'deleteDocument'>;

/** Whether a witness has signed it as well is seen in the note itself. */
export async function storedCheckpoint(store: DocumentStore, namespace: string): Promise<string | undefined> {
  return await store.getDocument(`checkpoints/${namespace}`);
}

export async function storeCheckpoint(store: DocumentStore, namespace: string, note: string): Promise<void> {
  await store.setDocument(`checkpoints/${namespace}`, note);
}

export async function storedWitnessed(store: DocumentStore, namespace: string): Promise<string | undefined> {
  return await store.getDocument(`witnessed-checkpoints/${namespace}`);
}

export async function storeWitnessed(store: DocumentStore, namespace: string, note: string): Promise<void> {
  await store.setDocument(`witnessed-checkpoints/${namespace}`, note);
}

const LogName = z.object({ version: z.literal(1), restoredAtSeconds: z.int() });

/**
 * The origin of a namespace's checkpoints: `KEY/NAMESPACE`, and after a loss that was accepted `KEY/NAMESPACE/since-TIME`.
 * A witness never takes back what it has signed, so what is left after a loss goes on as a log of another name.
 */
export async function originOf(store: DocumentStore, keyName: string, namespace: string): Promise<string> {
  const document = await store.getDocument(`log-names/${namespace}`);
  if (document === undefined) return `${keyName}/${namespace}`;
  const { restoredAtSeconds } = LogName.parse(JSON.parse(document));
  return `${keyName}/${namespace}/since-${restoredAtSeconds}`;
}

export async function renameLog(store: ChangingStore, namespace: string, nowSeconds: number): Promise<void> {
  // What was signed under the old name stays with whoever has it; here it would be held against the new log.
  await store.deleteDocument(`checkpoints/${namespace}`);
  await store.deleteDocument(`witnessed-checkpoints/${namespace}`);
  await store.setDocument(
    `log-names/${namespace}`,
    JSON.stringify({ version: 1, restoredAtSeconds: nowSeconds }),
  );
}

/** By namespace: what was found lost and is not accepted. While there is one, no replica writes. */
export type StandingLosses = ReadonlyMap<string, StandingLoss>;

export async function standingLosses(store: Pick<LedgerStore, 'listDocuments'>): Promise<StandingLosses> {
  const documents = await store.listDocuments(LOSS_PREFIX);
  return new Map(documents.map(({ key, value }) => [key.slice(LOSS_PREFIX.length), readLoss(value)]));
}

export async function storeLoss(store: DocumentStore, namespace: string, loss: StandingLoss): Promise<void> {
  await store.setDocument(`${LOSS_PREFIX}${namespace}`, writeLoss(loss));
}

export async function forgetLoss(store: ChangingStore, namespace: string): Promise<void> {
  await store.deleteDocument(`${LOSS_PREFIX}${namespace}`);
}
