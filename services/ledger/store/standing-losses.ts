/**
 * Losses that stand: what was found to be gone or changed in the log of a namespace, and is not accepted. They are documents
 * of the store, and the store itself heeds them: while there is one, no process appends anything but what the ledger tells of
 * losses.
 */
import { z } from 'zod';
import type { ToldRecord } from '#domain/ledger/seal-records.ts';

export const LOSS_PREFIX = 'losses/';
/** Behind all keys that begin with it, as keys are compared by their bytes. */
export const LOSSES_END = 'losses0';

const Loss = z.object({ version: z.literal(1), size: z.int(), message: z.string() });

export interface StandingLoss {
  /** What was signed or witnessed before. */
  readonly size: number;
  readonly message: string;
}

export function writeLoss({ size, message }: StandingLoss): string {
  return JSON.stringify({ version: 1, size, message });
}

export function readLoss(value: string): StandingLoss {
  return Loss.parse(JSON.parse(value));
}

/** For the ledger's own records: who told them is the ledger itself. No caller is called so. */
export const LEDGER_ITSELF = 'capataz-ledger';

/** The alarm, and the gap that says that somebody knows: they are written although a loss stands. */
export function tellsOfLoss({ record, reporter }: Pick<ToldRecord, 'record' | 'reporter'>): boolean {
  if (reporter !== LEDGER_ITSELF) return false;
  return record.type === 'gap'
    ? record.cause === 'restored_backup'
    : record.type === 'security_event' && record.event === 'ledger_tampered';
}

/** A loss stands: nothing was written. Its message is that of the loss. */
export class StoreTamperedError extends Error {
  override readonly name = 'StoreTamperedError';
}
