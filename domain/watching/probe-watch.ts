/** Probes of one agent: cases with a known answer, asked on a schedule. The same cases each time, so that only the world differs. */
import { z } from 'zod';
import { UNSEEN, type WatchRule, type WatchedShare, sharesToTell, watchRun } from '../drift/watched-share.ts';
import type { Design } from './quality-watch.ts';
import { WatchedShareSnapshot } from './watched-share-snapshot.ts';

/** Verdicts with this judge are of probes. */
export const PROBE_JUDGE = 'probe';
/** Verdicts further apart are of another round. */
const ROUND_MICROSECONDS = 600_000_000;
export const PROBE_RULE: WatchRule = { learnedFromRuns: 100, sharesToTell };

const Round = z.strictObject({
  atMicroseconds: z.number(),
  lastMicroseconds: z.number(),
  good: z.int().min(0),
  bad: z.int().min(0),
});
export type ProbeRound = z.infer<typeof Round>;
export const ProbeWatchSnapshot = z.strictObject({ share: WatchedShareSnapshot, round: Round.nullable() });
export type ProbeWatchSnapshot = z.infer<typeof ProbeWatchSnapshot>;

export class ProbeWatch {
  #share: WatchedShare;
  #round: ProbeRound | null;

  constructor(stored?: ProbeWatchSnapshot) {
    this.#share = stored?.share ?? UNSEEN;
    this.#round = stored?.round ?? null;
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

  toSnapshot(): ProbeWatchSnapshot {
    return { share: this.#share, round: this.#round };
  }
}
