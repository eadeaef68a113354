import { describe, expect, it } from 'vitest';
import type { EntryOutline } from './read-entry.ts';
import { SourceSequences } from './source-sequences.ts';
import { Findings } from './verification-report.ts';

const SOURCE = { process: 'agent-runtime', instance: 'pod-1', boot: 'boot-1' } as const;

function told(sequence: number): EntryOutline['record'] {
  return { type: 'cycle', namespace: 'shop', id: `cycle-${sequence}`, source: { ...SOURCE, sequence } };
}

/** By the next start, which counts from 1 again. */
function gap(place: number, sequence: number, records?: number): EntryOutline['record'] {
  return {
    type: 'gap',
    namespace: 'shop',
    id: `gap:${sequence}`,
    source: { ...SOURCE, boot: 'boot-2', sequence: place },
    missing: { ...SOURCE, sequence },
    ...(records !== undefined && { records }),
  };
}

function holesAfter(records: readonly EntryOutline['record'][]): readonly string[] {
  const sequences = new SourceSequences();
  for (const [index, record] of records.entries()) sequences.pass({ record } as EntryOutline, index);
  const findings = new Findings();
  sequences.report(findings);
  return findings
    .summary()
    .findings.map(({ message }) => /Records (\d+ to \d+)/.exec(message)?.[1] ?? message);
}

describe('what agents have counted and the ledger has not', () => {
  it.each([
    ['nothing tells of', [told(1), told(5), told(9)], ['2 to 4', '6 to 8']],
    ['arrives late', [told(1), told(5), told(3)], ['2 to 2', '4 to 4']],
    ['a gap record tells of with a number', [told(1), told(5), gap(1, 2, 2)], ['4 to 4']],
    ['a gap record tells of, not knowing how many', [told(1), told(5), told(9), gap(1, 2)], ['6 to 8']],
    [
      'two gap records tell of that lie within each other',
      [told(1), told(9), gap(1, 2, 3), gap(2, 3, 4)],
      [],
    ],
    ['a gap record tells of in more holes than one', [told(1), told(3), told(5), gap(1, 2, 2)], []],
    [
      'is more than anybody could count through',
      [told(1), told(9e15), gap(1, 2, 9e15 - 3)],
      ['8999999999999999 to 8999999999999999'],
    ],
  ])('is told unless a gap record speaks of it: what %s', (_name, records, holes) => {
    expect(holesAfter(records)).toEqual(holes);
  });
});
