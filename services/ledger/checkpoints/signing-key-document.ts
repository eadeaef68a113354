/**
 * Which key the checkpoints of this store are signed by: told by the replica that leads, once all that it found is whole.
 * Replicas with another key would find each other's checkpoints to be of a stranger, and stop each other.
 */
import { type SignerKey, type VerifierKey, encodeVerifierKey } from '#domain/transparency/note-keys.ts';
import type { LedgerStore } from '../store/ledger-store.ts';

const DOCUMENT = 'signing-key';

export class OtherSigningKeyError extends Error {
  override readonly name = 'OtherSigningKeyError';

  constructor(own: VerifierKey, others = 'another key') {
    super(
      `The signing key of this replica is ${encodeVerifierKey(own)}, and the replica that leads signs with ${others}: mount the same key in all replicas; to change it, stop all of them first.`,
    );
  }
}

export async function tellSigningKey(
  store: Pick<LedgerStore, 'getDocument' | 'setDocument'>,
  key: SignerKey,
): Promise<void> {
  const own = encodeVerifierKey(key);
  if ((await store.getDocument(DOCUMENT)) !== own) await store.setDocument(DOCUMENT, own);
}

/** Undefined where it is the same, and where none was told yet. */
export async function findOtherSigningKey(
  store: Pick<LedgerStore, 'getDocument'>,
  key: SignerKey,
): Promise<OtherSigningKeyError | undefined> {
  const told = await store.getDocument(DOCUMENT);
  return told === undefined || told === encodeVerifierKey(key)
    ? undefined
    : new OtherSigningKeyError(key, told);
}
