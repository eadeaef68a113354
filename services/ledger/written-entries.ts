/** How entries are written out: what is hashed goes out as it stands, without being read and written again. */
import type { StoredEntry } from './store/ledger-store.ts';

/** `{"position", "texts": [fields that are still kept], "entry": LedgerEntry}`, and `"run"` where a rollout was asked for. */
export function writeEntry({ position, canonical, textFields, run }: StoredEntry): string {
  const ofRun = run === undefined ? '' : `,"run":${JSON.stringify(run)}`;
  return `{"position":${position},"texts":${JSON.stringify(textFields)},"entry":${canonical}${ofRun}}`;
}

export function writeEntries(entries: readonly StoredEntry[]): string {
  return `[${entries.map(writeEntry).join(',')}]`;
}
