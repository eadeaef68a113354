/** A record with its number, and the line that it becomes. */
import type { RecordDraft, RecordSource } from '#domain/ledger/ledger-record.ts';
import { beginningOf } from '#domain/ledger/record-text.ts';
import type { TextDraft } from '#domain/ledger/record-writer.ts';
import { writeLine } from './spool-line.ts';

export interface NumberedRecord {
  readonly sequence: number;
  /** Numbers before it whose records found no room. */
  readonly skipped: number;
  readonly draft: RecordDraft;
  readonly texts: readonly TextDraft[];
}

/** So much of a text that is too long is given up beside what must be: few tries then find what fits. */
const CUT_SHARE = 0.95;
/** What the words of a cut take in the record, once for each field of texts. */
const CUT_BYTES = 512;

export interface Line {
  readonly line: string;
  /** Fields of texts that would have made the line too long. Their records say how much of them was kept. */
  readonly cutTexts: readonly TextDraft['field'][];
}

/** `source` is the same for all records of a boot: written out once, without its sequence. */
export function writeSource(source: Omit<RecordSource, 'sequence'>): string {
  return JSON.stringify(source).slice(0, -1);
}

export function lineOf(
  { sequence, skipped, draft, texts }: NumberedRecord,
  source: string,
  maximumBytes: number,
): Line {
  // The draft is trusted: the ledger parses it, and a test holds what our processes write against the schema.
  const recordOf = (told: RecordDraft): string =>
    `${JSON.stringify(told).slice(0, -1)},"source":${source},"sequence":${sequence}}}`;
  if (texts.length === 0) return { line: writeLine(sequence, skipped, recordOf(draft), ''), cutTexts: [] };
  const written: string[] = [];
  const keptCharacters = new Map<TextDraft['field'], number>();
  let room = maximumBytes - Buffer.byteLength(recordOf(draft)) - CUT_BYTES;
  for (const text of texts) {
    const { json, kept } = fitted(draft.id, text, room);
    if (kept < text.text.length) keptCharacters.set(text.field, kept);
    if (json === undefined) continue;
    room -= Buffer.byteLength(json) + 1;
    written.push(json);
  }
  const record = recordOf(keptCharacters.size === 0 ? draft : withCuts(draft, keptCharacters));
  return {
    line: writeLine(sequence, skipped, record, written.join(',')),
    cutTexts: [...keptCharacters.keys()],
  };
}

/** As much of its beginning as fits. */
function fitted(
  recordId: string,
  text: TextDraft,
  room: number,
): { readonly json: string | undefined; readonly kept: number } {
  for (let kept = text.text; ;) {
    const json = JSON.stringify({ recordId, ...text, text: kept });
    const bytes = Buffer.byteLength(json) + 1;
    if (bytes <= room) return { json, kept: kept.length };
    kept = beginningOf(kept, Math.floor(kept.length * CUT_SHARE * Math.max(0, room / bytes)));
    if (kept === '') return { json: undefined, kept: 0 };
  }
}

function withCuts(draft: RecordDraft, cuts: ReadonlyMap<TextDraft['field'], number>): RecordDraft {
  const told: Record<string, unknown> = { ...draft };
  for (const [field, keptCharacters] of cuts) {
    const reference = told[field];
    if (typeof reference === 'object') told[field] = { ...reference, keptCharacters };
  }
  return told as unknown as RecordDraft;
}
