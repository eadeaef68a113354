/** What is missing, told as a record: nothing is forgotten silently. */
import type { RecordOf, RecordSource } from '#domain/ledger/ledger-record.ts';
import type { SpoolBreak } from './spool.ts';

type Gap = Omit<RecordOf<'gap'>, 'source'>;
export type GapEnvelope = Pick<Gap, 'id' | 'namespace' | 'atMicroseconds'>;
type Teller = Pick<RecordSource, 'process' | 'instance'>;

const SENTENCE_MAXIMUM_CHARACTERS = 1_000;

export function lostRecordsGap(envelope: GapEnvelope, missing: RecordSource, records: number): Gap {
  return {
    ...envelope,
    type: 'gap',
    cause: 'lost_records',
    missing,
    records,
    sentence: `The spool of the ${missing.process} had no room for ${records} record(s): give it more, or bring the ledger back sooner.`,
  };
}

export function brokenSpoolGap(
  envelope: GapEnvelope,
  { process, instance }: Teller,
  { kind, boot, sequence, records }: SpoolBreak,
): Gap {
  return {
    ...envelope,
    type: 'gap',
    cause: kind,
    missing: { process, instance, boot, sequence },
    ...(records !== undefined && { records }),
    sentence:
      kind === 'torn_tail'
        ? `The ${process} was stopped while it wrote its spool: what it wrote last is incomplete.`
        : `Bytes in the spool of the ${process} were changed or removed: the records in them cannot be read.`,
  };
}

export function lostIndexGap(envelope: GapEnvelope, { process }: Teller): Gap {
  return {
    ...envelope,
    type: 'gap',
    cause: 'lost_records',
    sentence: `What the spool of the ${process} consisted of cannot be read any more: files may be gone from it, and all records in them.`,
  };
}

export function refusedRecordGap(
  envelope: GapEnvelope,
  missing: RecordSource,
  refusal: { readonly id: string; readonly type: string; readonly code: string },
): Gap {
  return {
    ...envelope,
    type: 'gap',
    cause: 'refused_record',
    missing,
    records: 1,
    sentence:
      `The ledger refuses the ${refusal.type} ${refusal.id} of the ${missing.process}: ${refusal.code}.`.slice(
        0,
        SENTENCE_MAXIMUM_CHARACTERS,
      ),
  };
}
