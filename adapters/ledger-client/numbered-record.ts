/** A record with its number, and the line that it becomes. */
import type { RecordDraft, RecordSource } from '#domain/ledger/ledger-record.ts';
import type { TextDraft } from '#domain/ledger/record-writer.ts';
import { writeLine } from './spool-line.ts';

export interface NumberedRecord {
  readonly sequence: number;
  readonly draft: RecordDraft;
  readonly texts: readonly TextDraft[];
}

export interface Line {
  readonly line: string;
  /** Fields of texts that would have made the line too long: the record is whole without them. */
  readonly droppedTexts: readonly TextDraft['field'][];
}

/** `source` is the same for all records of a boot: written out once, without its sequence. */
export function writeSource(source: Omit<RecordSource, 'sequence'>): string {
  return JSON.stringify(source).slice(0, -1);
}

export function lineOf(
  { sequence, draft, texts }: NumberedRecord,
  source: string,
  maximumBytes: number,
): Line {
  // The draft is trusted: the ledger parses it, and a test holds what our processes write against the schema.
  const record = `${JSON.stringify(draft).slice(0, -1)},"source":${source},"sequence":${sequence}}}`;
  if (texts.length === 0) return { line: writeLine(sequence, record, ''), droppedTexts: [] };
  const written: string[] = [];
  const droppedTexts: TextDraft['field'][] = [];
  let bytes = Buffer.byteLength(record);
  for (const text of texts) {
    const json = JSON.stringify({ recordId: draft.id, ...text });
    const more = Buffer.byteLength(json) + 1;
    if (bytes + more > maximumBytes) droppedTexts.push(text.field);
    else {
      bytes += more;
      written.push(json);
    }
  }
  return { line: writeLine(sequence, record, written.join(',')), droppedTexts };
}
