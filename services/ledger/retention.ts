/**
 * What the ledger forgets, a bounded piece at a time so that writers get in between: bodies of entries after the
 * retention (their hashes stay, so that proofs stay whole), and texts after their own days.
 */
import type { Logger } from '#telemetry/logger.ts';
import type { LedgerStore } from './store/ledger-store.ts';
import type { TextVault } from './texts/text-vault.ts';

const MICROSECONDS_A_DAY = 86_400_000_000;
const PIECE_ENTRIES = 1_000;
const PIECES_A_TURN = 50;

export interface RetentionParts {
  readonly store: Pick<LedgerStore, 'prune'>;
  readonly vault: Pick<TextVault, 'expire'>;
  readonly logger: Logger;
  readonly retentionDays: number;
  readonly nowMicroseconds: () => number;
  readonly onForgotten: (what: { readonly entries: number; readonly texts: number }) => void;
}

export async function forgetOnce(parts: RetentionParts, signal: AbortSignal): Promise<void> {
  const { store, vault, retentionDays, nowMicroseconds, onForgotten } = parts;
  const before = Math.max(0, nowMicroseconds() - retentionDays * MICROSECONDS_A_DAY);
  let entries = 0;
  for (let piece = 0; piece < PIECES_A_TURN && !signal.aborted; piece += 1) {
    const pruned = await store.prune(before, PIECE_ENTRIES);
    entries += pruned;
    if (pruned === 0) break;
  }
  const { texts } = await vault.expire(signal);
  onForgotten({ entries, texts });
  if (entries > 0 || texts > 0)
    parts.logger.info({ entries, texts }, 'what was kept for long enough is gone');
}
