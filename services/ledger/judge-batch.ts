/** Each record of a batch judged by itself, with the texts that go with it. */
import type { z } from 'zod';
import { LedgerRecord } from '#domain/ledger/ledger-record.ts';
import type { BatchAnswer } from '#domain/ledger/record-batch.ts';
import { Identifier } from '#domain/ledger/record-fields.ts';
import { RecordText } from '#domain/ledger/record-text.ts';
import type { Trust } from '#domain/ledger/ledger-entry.ts';
import { type Teller, judge } from './who-may-tell.ts';

export type Refused = BatchAnswer['refused'][number];

export interface AcceptedRecord {
  /** Place in the batch. */
  readonly index: number;
  readonly record: LedgerRecord;
  readonly trust: Trust;
  readonly texts: readonly RecordText[];
}

/** Names of fields come from the caller and may be of any length. */
const MESSAGE_MAXIMUM_CHARACTERS = 300;

export function judgeBatch(
  teller: Teller,
  batch: { readonly records: readonly unknown[]; readonly texts: readonly unknown[] },
): { readonly accepted: readonly AcceptedRecord[]; readonly refused: readonly Refused[] } {
  const accepted: AcceptedRecord[] = [];
  const refused: Refused[] = [];
  const { textsOf, strays } = sortTexts(batch);
  for (const [index, given] of batch.records.entries()) {
    const parsed = LedgerRecord.safeParse(given);
    if (!parsed.success) {
      refused.push({ ...idOf(given), index, code: 'record_invalid', message: explain(parsed.error) });
      continue;
    }
    const record = parsed.data;
    const judgement = judge(teller, record);
    if (!judgement.ok) {
      refused.push({ id: record.id, index, code: 'record_not_allowed', message: judgement.message });
      continue;
    }
    const texts = readTexts(record, textsOf.get(record.id) ?? []);
    if (texts.ok) accepted.push({ index, record, trust: judgement.trust, texts: texts.value });
    else refused.push({ id: record.id, index, code: 'record_invalid', message: texts.message });
  }
  return { accepted, refused: [...refused, ...strays] };
}

/** Texts by their record. One of a record that is not in the batch is told of with the index -1. */
function sortTexts({
  records,
  texts,
}: {
  readonly records: readonly unknown[];
  readonly texts: readonly unknown[];
}): {
  readonly textsOf: ReadonlyMap<string, readonly unknown[]>;
  readonly strays: readonly Refused[];
} {
  const textsOf = new Map<string, unknown[]>();
  for (const record of records) {
    const { id } = idOf(record);
    if (id !== undefined) textsOf.set(id, []);
  }
  const strays: Refused[] = [];
  for (const [index, text] of texts.entries()) {
    const recordId = idIn(text, 'recordId');
    const ofRecord = recordId === undefined ? undefined : textsOf.get(recordId);
    if (ofRecord === undefined) {
      const message = `texts.${index} goes with no record of this batch.`;
      strays.push({
        ...(recordId === undefined ? {} : { id: recordId }),
        index: -1,
        code: 'record_invalid',
        message,
      });
    } else ofRecord.push(text);
  }
  return { textsOf, strays };
}

/** A text stands for a field of its record, each once; the commitment key stands beside the beginning of a run. */
function readTexts(
  record: LedgerRecord,
  given: readonly unknown[],
):
  | { readonly ok: true; readonly value: readonly RecordText[] }
  | { readonly ok: false; readonly message: string } {
  const texts: RecordText[] = [];
  for (const each of given) {
    const parsed = RecordText.safeParse(each);
    if (!parsed.success) return { ok: false, message: `Of its texts: ${explain(parsed.error)}` };
    const { field } = parsed.data;
    const belongs = field === 'commitment_key' ? record.type === 'run_begun' : field in record;
    if (!belongs || texts.some((text) => text.field === field)) {
      return { ok: false, message: `A ${record.type} has no text ${field}, or has it once.` };
    }
    texts.push(parsed.data);
  }
  return { ok: true, value: texts };
}

function idOf(given: unknown): { readonly id?: string } {
  const id = idIn(given, 'id');
  return id === undefined ? {} : { id };
}

function idIn(given: unknown, name: 'id' | 'recordId'): string | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const value: unknown = (given as Readonly<Record<string, unknown>>)[name];
  const parsed = Identifier.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

export function explain(error: z.ZodError): string {
  const [issue] = error.issues;
  const path = issue?.path.map(String).join('.') ?? '';
  const message = `${path === '' ? '' : `${path}: `}${issue?.message ?? 'does not fit the schema'}`;
  return message.length > MESSAGE_MAXIMUM_CHARACTERS
    ? `${message.slice(0, MESSAGE_MAXIMUM_CHARACTERS).toWellFormed()}…`
    : `${message}.`;
}
