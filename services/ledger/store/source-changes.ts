/**
 * What a batch changes of what each boot of each process has told: how far it has counted, and the holes before. A hole
 * closes, or is split, when what was missing arrives late, or when a gap record says that it is lost. Pure.
 */
import { lostNumbers } from '#domain/ledger/lost-numbers.ts';
import type { SealingOutcome, ToldRecord } from '#domain/ledger/seal-records.ts';

export interface Gap {
  readonly firstMissing: number;
  readonly lastMissing: number;
  readonly seenAtMicroseconds: number;
}

/** `records` undefined: not known how many, but all up to the next one that came. */
export type Count =
  | { readonly kind: 'seen'; readonly sequence: number }
  | { readonly kind: 'lost'; readonly sequence: number; readonly records: number | undefined };

/** Who counts: boot, instance, process, reporter. One reporter neither fills nor closes what another has left open. */
export interface SourceCounts {
  readonly names: readonly [boot: string, instance: string, process: string, reporter: string];
  readonly counts: readonly Count[];
}

export interface SourceChanges {
  readonly highest: number;
  /** By their `firstMissing`: written before, and to be dropped. */
  readonly dropped: readonly number[];
  readonly added: readonly Gap[];
}

/** More holes than these one gap record does not close. */
export const GAPS_OF_A_LOSS_MAXIMUM = 1_000;

/**
 * A record that came is seen, whether it is written, was written before, or is refused: its number is not missing. What a
 * gap record says counts when it is written.
 */
export function countsOf(
  batch: readonly ToldRecord[],
  outcomes: readonly SealingOutcome[],
): readonly SourceCounts[] {
  const bySource = new Map<string, { readonly names: SourceCounts['names']; readonly counts: Count[] }>();
  const add = (source: LedgerSource, reporter: string, count: Count): void => {
    const names = [source.boot, source.instance, source.process, reporter] as const;
    const key = JSON.stringify(names);
    const known = bySource.get(key);
    if (known === undefined) bySource.set(key, { names, counts: [count] });
    else known.counts.push(count);
  };
  for (const [place, { record, reporter }] of batch.entries()) {
    add(record.source, reporter, { kind: 'seen', sequence: record.source.sequence });
    if (record.type !== 'gap' || record.missing === undefined || outcomes[place]?.kind !== 'written')
      continue;
    const { missing, records } = record;
    add(missing, reporter, { kind: 'lost', sequence: missing.sequence, records });
  }
  return [...bySource.values()];
}

type LedgerSource = ToldRecord['record']['source'];

/** `gaps`: those of what is stored that any of `counts` falls into, or can close. */
export function countSequences(
  highestBefore: number,
  gaps: readonly Gap[],
  counts: readonly Count[],
  seenAtMicroseconds: number,
): SourceChanges {
  let highest = highestBefore;
  const current = new Set(gaps);
  const cut = (gap: Gap, first: number, last: number): void => {
    current.delete(gap);
    if (gap.firstMissing < first) current.add({ ...gap, lastMissing: first - 1 });
    if (last < gap.lastMissing) current.add({ ...gap, firstMissing: last + 1 });
  };
  for (const count of counts) {
    const { sequence } = count;
    if (count.kind === 'lost') {
      for (const { gap, first, last } of lostNumbers([...current], count)) cut(gap, first, last);
    } else if (sequence > highest) {
      if (sequence > highest + 1) {
        current.add({ firstMissing: highest + 1, lastMissing: sequence - 1, seenAtMicroseconds });
      }
      highest = sequence;
    } else {
      const gap = [...current].find((each) => each.firstMissing <= sequence && sequence <= each.lastMissing);
      if (gap !== undefined) cut(gap, sequence, sequence);
    }
  }
  return {
    highest,
    dropped: gaps.filter((gap) => !current.has(gap)).map(({ firstMissing }) => firstMissing),
    added: [...current].filter((gap) => !gaps.includes(gap)),
  };
}
