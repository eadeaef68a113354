/**
 * Holes in what agents told. An agent tells of its own namespace only, so that the tree of the namespace must hold all it
 * counted; what router and operator count goes to several trees, and is judged by the ledger itself.
 */
import { type MissingNumbers, type ToldLoss, lostNumbers } from '../lost-numbers.ts';
import type { EntryOutline } from './read-entry.ts';
import type { Findings } from './verification-report.ts';

interface Hole extends MissingNumbers {
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
  readonly #losses = new Map<string, ToldLoss[]>();
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
    if (record.type === 'gap') this.#declare(record);
    const { process, instance, sequence } = record.source;
    if (process !== 'agent-runtime') return;
    const key = bootKey(record.source);
    const state = this.#boots.get(key);
    if (state === undefined) {
      const fresh: BootState = { instance, highest: sequence, holes: [] };
      if (sequence > 1 && !this.#isBeginningUnknown)
        fresh.holes.push({ firstMissing: 1, lastMissing: sequence - 1, seenAtIndex: index });
      this.#boots.set(key, fresh);
    } else if (sequence > state.highest) {
      if (sequence > state.highest + 1 && state.holes.length < HOLES_MAXIMUM) {
        state.holes.push({ firstMissing: state.highest + 1, lastMissing: sequence - 1, seenAtIndex: index });
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
      for (const loss of this.#losses.get(key) ?? []) {
        for (const { gap, first, last } of lostNumbers(holes, loss)) cut(holes, gap, first, last);
      }
      for (const { firstMissing, lastMissing, seenAtIndex } of holes) {
        findings.add({
          code: 'source_gap',
          firstIndex: seenAtIndex,
          lastIndex: seenAtIndex,
          message: `Records ${firstMissing} to ${lastMissing} that ${instance} counted did not reach the ledger; the next one is entry ${seenAtIndex}.`,
        });
      }
    }
  }

  #declare({ missing, records }: EntryOutline['record']): void {
    this.#declaredGaps += 1;
    if (missing === undefined) return;
    const key = bootKey(missing);
    const losses = this.#losses.get(key) ?? [];
    losses.push({ sequence: missing.sequence, records });
    this.#losses.set(key, losses);
  }
}

function bootKey({ process, instance, boot }: EntryOutline['record']['source']): string {
  return JSON.stringify([process, instance, boot]);
}

/** Takes one sequence out of the holes. */
function fill(holes: Hole[], sequence: number): void {
  const hole = holes.find((each) => each.firstMissing <= sequence && sequence <= each.lastMissing);
  if (hole !== undefined) cut(holes, hole, sequence, sequence);
}

function cut(holes: Hole[], hole: Hole, first: number, last: number): void {
  const rest = [
    { ...hole, lastMissing: first - 1 },
    { ...hole, firstMissing: last + 1 },
  ];
  const isLeft = ({ firstMissing, lastMissing }: Hole): boolean => firstMissing <= lastMissing;
  holes.splice(holes.indexOf(hole), 1, ...rest.filter(isLeft));
}
