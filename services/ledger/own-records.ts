/** What the ledger tells of itself: reveals, erasures, feedback, gaps, tampering. Counted like what any process tells. */
import type { RecordDraft } from '#domain/ledger/ledger-record.ts';
import type { RecordText } from '#domain/ledger/record-text.ts';
import type { RecordIntake, Written } from './record-intake.ts';

/** More than any of them is. */
const RECORD_BYTES = 4_096;

export interface OwnRecords {
  /** Resolves when it is on the disk, or is refused. Never rejects. */
  readonly tell: (
    draft: RecordDraft,
    by?: { readonly reporter: string; readonly texts?: readonly RecordText[] },
  ) => Promise<Written>;
}

export function createOwnRecords(
  intake: RecordIntake,
  self: { readonly instance: string; readonly boot: string; readonly reporter: string },
): OwnRecords {
  let sequence = 0;
  let before: Promise<unknown> = Promise.resolve();
  const tell: OwnRecords['tell'] = async (draft, by) => {
    const source = {
      process: 'ledger' as const,
      instance: self.instance,
      boot: self.boot,
      sequence: sequence + 1,
    };
    const texts = by?.texts ?? [];
    const told = {
      record: { ...draft, source },
      reporter: by?.reporter ?? self.reporter,
      trust: 'witnessed' as const,
      texts,
    };
    const bytes = texts.reduce((sum, { text }) => sum + 3 * text.length, RECORD_BYTES);
    const written = await intake.write([told], bytes);
    // What was not written leaves no hole: the number goes to the next one.
    if (written.ok && written.outcomes[0]?.kind === 'written') sequence += 1;
    return written;
  };
  return {
    tell: (draft, by) => {
      const told = before.then(() => tell(draft, by));
      before = told;
      return told;
    },
  };
}
