/**
 * Holes in what agents told. An agent tells of its own namespace only, so that the tree of the namespace must hold all it
 * counted; what router and operator count goes to several trees, and is judged by the ledger itself.
 */
import type { EntryOutline } from './read-entry.ts';
import type { Findings } from './verification-report.ts';

interface Hole {
  readonly first: number;
  readonly last: number;
  /** Of the entry after which it was seen. */
  readonly seenAtIndex: number;
}

interface BootState {
  readonly instance: string;
  highest: number;
  readonly holes: Hole[];
}

/** Beyond, holes of one boot are no longer told apart. */
const HOLES_MAXIMUM = 1000;

export class SourceSequences {
  readonly #boots = new Map<string, BootState>();
  readonly #declared = new Map<string, Hole[]>();
  #isBeginningUnknown = false;
  #isUncertain = false;
  #declaredGaps = 0;

  get declaredGaps(): number {
    return this.#declaredGaps;
  }

  /** The oldest bodies are pruned: what a boot told first is not known. */
  passPruned(): void {
    this.#isBeginningUnknown = true;
  }

  /** Entries cannot be read: whose records they were is not known, and a hole may be one of them. */
  passUnreadable(): void {
    this.#isUncertain = true;
  }

  pass({ record }: EntryOutline, index: number): void {
    if (record.type === 'gap') this.#declare(record, index);
    const { process, instance, sequence } = record.source;
    if (process !== 'agent-runtime') return;
    const key = bootKey(record.source);
    const state = this.#boots.get(key);
    if (state === undefined) {
      const fresh: BootState = { instance, highest: sequence, holes: [] };
      if (sequence > 1 && !this.#isBeginningUnknown)
        fresh.holes.push({ first: 1, last: sequence - 1, seenAtIndex: index });
      this.#boots.set(key, fresh);
    } else if (sequence > state.highest) {
      if (sequence > state.highest + 1 && state.holes.length < HOLES_MAXIMUM) {
        state.holes.push({ first: state.highest + 1, last: sequence - 1, seenAtIndex: index });
      }
      state.highest = sequence;
    } else {
      fill(state.holes, sequence);
    }
  }

  /** After the last entry: what arrived late has filled its hole by then. */
  report(findings: Findings): void {
    if (this.#isUncertain) return;
    for (const [key, { instance, holes }] of this.#boots) {
      for (const { first, last } of this.#declared.get(key) ?? []) {
        for (let sequence = first; sequence <= last; sequence += 1) fill(holes, sequence);
      }
      for (const { first, last, seenAtIndex } of holes) {
        findings.add({
          code: 'source_gap',
          firstIndex: seenAtIndex,
          lastIndex: seenAtIndex,
          message: `Records ${first} to ${last} that ${instance} counted did not reach the ledger; the next one is entry ${seenAtIndex}.`,
        });
      }
    }
  }

  #declare({ missing, records }: EntryOutline['record'], index: number): void {
    this.#declaredGaps += 1;
    if (missing === undefined) return;
    const last = missing.sequence + Math.min(Math.max(records ?? 1, 1), HOLES_MAXIMUM) - 1;
    const declared = this.#declared.get(bootKey(missing)) ?? [];
    declared.push({ first: missing.sequence, last, seenAtIndex: index });
    this.#declared.set(bootKey(missing), declared);
  }
}

function bootKey({ process, instance, boot }: EntryOutline['record']['source']): string {
  return JSON.stringify([process, instance, boot]);
}

/** Takes one sequence out of the holes. */
function fill(holes: Hole[], sequence: number): void {
  const place = holes.findIndex(({ first, last }) => first <= sequence && sequence <= last);
  const hole = holes[place];
  if (hole === undefined) return;
  const rest = [
    { ...hole, last: sequence - 1 },
    { ...hole, first: sequence + 1 },
  ];
  holes.splice(place, 1, ...rest.filter(({ first, last }) => first <= last));
}
