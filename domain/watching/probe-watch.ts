/** Probes of one agent: cases with a known answer, asked on a schedule. The same cases each time, so that only the world differs. */
import { z } from 'zod';
import type { RecordOf } from '../ledger/ledger-record.ts';
import { UNSEEN, type WatchRule, type WatchedShare, sharesToTell, watchRun } from '../drift/watched-share.ts';
import type { Design } from './quality-watch.ts';
import { WatchedShareSnapshot } from './watched-share-snapshot.ts';

/** Verdicts further apart are of another round. */
const ROUND_MICROSECONDS = 600_000_000;
export const PROBE_RULE: WatchRule = { learnedFromRuns: 100, sharesToTell };

/** Our own sentences are shorter. */
const SENTENCE_MAXIMUM_CHARACTERS = 300;

const Round = z.strictObject({
  atMicroseconds: z.number(),
  lastMicroseconds: z.number(),
  good: z.int().min(0),
  bad: z.int().min(0),
});
export type ProbeRound = z.infer<typeof Round>;
/** What the program that asks them said of its latest round. */
const ToldRound = z.strictObject({
  atMicroseconds: z.number(),
  /** Cases with a verdict. */
  judged: z.int().min(0),
  planned: z.int().min(0),
  /** Why not all were asked. */
  sentence: z.string().nullable(),
});
export type ToldRound = z.infer<typeof ToldRound>;
export const ProbeWatchSnapshot = z.strictObject({
  share: WatchedShareSnapshot,
  round: Round.nullable(),
  told: ToldRound.nullable(),
});
export type ProbeWatchSnapshot = z.infer<typeof ProbeWatchSnapshot>;

export class ProbeWatch {
  #share: WatchedShare;
  #round: ProbeRound | null;
  #told: ToldRound | null;

  constructor(stored?: ProbeWatchSnapshot) {
    this.#share = stored?.share ?? UNSEEN;
    this.#round = stored?.round ?? null;
    this.#told = stored?.told ?? null;
  }

  add(isBad: boolean, atMicroseconds: number, design: Design): void {
    this.#share = watchRun(this.#share, { isBad, atMicroseconds }, design, PROBE_RULE);
    const known = this.#round;
    const isNew = known === null || atMicroseconds - known.lastMicroseconds > ROUND_MICROSECONDS;
    const round = isNew ? { atMicroseconds, lastMicroseconds: atMicroseconds, good: 0, bad: 0 } : known;
    this.#round = {
      ...round,
      lastMicroseconds: Math.max(round.lastMicroseconds, atMicroseconds),
      good: round.good + (isBad ? 0 : 1),
      bad: round.bad + (isBad ? 1 : 0),
    };
  }

  /** `atMicroseconds`: not later than the ledger's clock, whatever the record says. */
  seeRound({ passed, failed, planned, sentence }: RecordOf<'probe_round'>, atMicroseconds: number): void {
    if (this.#told !== null && atMicroseconds < this.#told.atMicroseconds) return;
    const told = sentence?.slice(0, SENTENCE_MAXIMUM_CHARACTERS) ?? null;
    this.#told = { atMicroseconds, judged: passed + failed, planned, sentence: told };
  }

  /** Another prompt may rightly answer otherwise. */
  forget(): void {
    this.#share = UNSEEN;
  }

  get share(): WatchedShare {
    return this.#share;
  }

  /** The latest one; null: there was none. */
  get round(): ProbeRound | null {
    return this.#round;
  }

  get told(): ToldRound | null {
    return this.#told;
  }

  toSnapshot(): ProbeWatchSnapshot {
    return { share: this.#share, round: this.#round, told: this.#told };
  }
}
