/**
 * What a batch changes of what each boot of each process has told: how far it has counted, and the holes before. A hole
 * closes, or is split, when what was missing arrives late. Pure.
 */
export interface Gap {
  readonly firstMissing: number;
  readonly lastMissing: number;
  readonly seenAtMicroseconds: number;
}

export interface SourceChanges {
  readonly highest: number;
  /** By their `firstMissing`: written before, and to be dropped. */
  readonly dropped: readonly number[];
  readonly added: readonly Gap[];
}

/** `gaps`: those of what is stored that any of `sequences` falls into. */
export function countSequences(
  highestBefore: number,
  gaps: readonly Gap[],
  sequences: readonly number[],
  seenAtMicroseconds: number,
): SourceChanges {
  let highest = highestBefore;
  const current = new Set(gaps);
  for (const sequence of sequences) {
    if (sequence > highest) {
      if (sequence > highest + 1) {
        current.add({ firstMissing: highest + 1, lastMissing: sequence - 1, seenAtMicroseconds });
      }
      highest = sequence;
      continue;
    }
    for (const gap of current) {
      if (sequence < gap.firstMissing || sequence > gap.lastMissing) continue;
      current.delete(gap);
      if (gap.firstMissing < sequence) current.add({ ...gap, lastMissing: sequence - 1 });
      if (sequence < gap.lastMissing) current.add({ ...gap, firstMissing: sequence + 1 });
      break;
    }
  }
  return {
    highest,
    dropped: gaps.filter((gap) => !current.has(gap)).map(({ firstMissing }) => firstMissing),
    added: [...current].filter((gap) => !gaps.includes(gap)),
  };
}
