/** The texts that are kept of a run, a page at a time. */
import type { TextField } from '#domain/ledger/record-text.ts';
import type { LedgerStore, StoredEntry } from './store/ledger-store.ts';

const COMMITMENT_KEY: TextField = 'commitment_key';

export interface RecordWithTexts {
  readonly recordId: string;
  readonly fields: readonly string[];
}

/** The key that stands beside texts is none of them. */
export function countTexts(fields: readonly string[]): number {
  return fields.filter((field) => field !== COMMITMENT_KEY).length;
}

const PAGE_ENTRIES = 200;
/** With the record that is begun: a page is never larger than this and the texts of one record. */
const PAGE_BYTES = 4 * 1024 * 1024;

/** Records that have texts, oldest first. `next`: ask again after this position. */
export async function recordsWithTexts(
  store: Pick<LedgerStore, 'entriesAfter' | 'texts'>,
  run: { readonly namespace: string; readonly id: string },
  after: number,
): Promise<{ readonly records: readonly RecordWithTexts[]; readonly next: number | undefined }> {
  const filter = { namespaces: [run.namespace], runId: run.id };
  const page = await store.entriesAfter(after, filter, PAGE_ENTRIES);
  const records: RecordWithTexts[] = [];
  let bytes = 0;
  for (const entry of page.entries) {
    if (entry.textFields.length === 0) continue;
    if (bytes >= PAGE_BYTES) return { records, next: entry.position - 1 };
    const recordId = idOfEntry(entry);
    const sealed = await store.texts(run.namespace, recordId);
    records.push({ recordId, fields: sealed.map(({ field }) => field) });
    for (const text of sealed) bytes += text.bytes.length;
  }
  return { records, next: page.isEnd ? undefined : page.position };
}

function idOfEntry({ canonical }: StoredEntry): string {
  return (JSON.parse(canonical) as { readonly record: { readonly id: string } }).record.id;
}
