/** What producers post to `POST /v1/records`, and what they get. Shared by the ledger and its clients. */
import { z } from 'zod';
import { Identifier } from './record-fields.ts';

/** Audience of the projected ServiceAccount tokens that the ledger takes. */
export const LEDGER_AUDIENCE = 'capataz-ledger';

export const BATCH_MAXIMUM_RECORDS = 512;
export const BATCH_MAXIMUM_BYTES = 4_194_304;

/**
 * The body: `{"records": [LedgerRecord, ...], "texts": [RecordText, ...]}`. Every record is judged by itself: one that is
 * refused never holds up the others. A text goes with a record of the same batch.
 */
export const RecordBatch = z.strictObject({
  records: z.array(z.unknown()).min(1).max(BATCH_MAXIMUM_RECORDS),
  texts: z
    .array(z.unknown())
    .max(4 * BATCH_MAXIMUM_RECORDS)
    .default([]),
});

export const REFUSAL_CODES = [
  /** It does not fit the schema. The sentence names the field. */
  'record_invalid',
  /** The caller may not tell this: another namespace, another agent, a type that is not his. */
  'record_not_allowed',
  /** The id is taken by a record with another content. */
  'record_conflict',
  /** Its entry would be larger than 65,535 bytes. */
  'record_too_large',
] as const;

/** 200: all that are not in `refused` are durable, now or since before. */
export const BatchAnswer = z.object({
  written: z.int().min(0),
  duplicates: z.int().min(0),
  refused: z.array(
    z.object({ id: Identifier.optional(), index: z.int(), code: z.enum(REFUSAL_CODES), message: z.string() }),
  ),
});
export type BatchAnswer = z.infer<typeof BatchAnswer>;
