/**
 * LedgerEntry: a record as the ledger has written it. Its canonical JSON (RFC 8785) in UTF-8 is what is hashed: leaf of
 * the namespace's tree (RFC 6962) and link of the run's chain alike. An entry is at most 65,535 bytes (C2SP tlog-tiles).
 */
import { z } from 'zod';
import { Sha256 } from '#crds/object-meta.ts';
import { LedgerRecord } from './ledger-record.ts';
import { Count, Microseconds } from './record-fields.ts';

export const ENTRY_MAXIMUM_BYTES = 65_535;

export const TRUSTS = [
  /** Told by a process of ours about what it did itself. */
  'witnessed',
  /** Told by somebody about himself. Never billed. */
  'reported',
] as const;
export type Trust = (typeof TRUSTS)[number];

/** The record's place among the records of its run, in the order in which the ledger wrote them. */
export const RunChain = z.strictObject({
  /** From 0. */
  sequence: Count,
  /** Leaf hash of the record of the same run before this one; 64 zeros for the first. */
  previous: Sha256,
});

export const LedgerEntry = z.strictObject({
  version: z.literal(1),
  /** Place in the tree of the record's namespace, from 0. */
  index: Count,
  receivedAtMicroseconds: Microseconds,
  /** The identity that told it, as the API server knows it: `system:serviceaccount:NAMESPACE:NAME`. */
  reporter: z.string().min(1).max(512),
  trust: z.enum(TRUSTS),
  /** Of records with a run. */
  chain: RunChain.optional(),
  record: LedgerRecord,
});
export type LedgerEntry = z.infer<typeof LedgerEntry>;

export const FIRST_OF_CHAIN = '0'.repeat(64);
