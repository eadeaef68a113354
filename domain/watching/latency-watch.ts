/**
 * How long something takes, hour by hour: p95 of each hour and what is usual for it. Whether it became slower is asked of each
 * thing by itself, "longer than p95 usually is in this hour?", so that the rule for shares finds it in some twenty of them.
 */
import { z } from 'zod';
import type { CusumDesign, Shares } from '../drift/bernoulli-cusum.ts';
import { UNSEEN, type WatchRule, type WatchedShare, watchRun } from '../drift/watched-share.ts';
import { UNUSUAL_DEVIATIONS, type Usual } from '../normality/hour-of-week.ts';
import { HourlyHistory, HourlyHistorySnapshot, UNSEEN_HISTORY } from '../normality/hourly-history.ts';
import type { LocalHours } from '../normality/local-hours.ts';
import { UsualHours } from '../normality/usual-hours.ts';
import { DurationHistogram } from './duration-histogram.ts';
import { HOUR_MICROSECONDS } from './time-units.ts';
import { WatchedShareSnapshot } from './watched-share-snapshot.ts';

/** Below it nothing is slow. */
export const LATENCY_FLOOR_MICROSECONDS = 50_000;
const P95 = 0.95;
/** Of fewer there is no p95 that says anything. */
const LEAST_OF_AN_HOUR = 5;
const LEAST_TO_SHOW = 20;
const ACCEPTED_AFTER_HOURS = 168;
/** The hour before, the one that is open, and the next one. */
const KEPT_HOURS = 3;
/**
 * Things of one hour are slow together, so that one of ten is believed to be usual at least, and four of ten to be a change: a
 * share of a fifth in some hours adds nothing to the score.
 */
export const SLOWNESS: WatchRule = {
  learnedFromRuns: 300,
  sharesToTell: (usual) => {
    const share = Math.min(0.8, Math.max(0.1, usual));
    return { usual: share, changed: Math.max(0.4, share + (1 - share) / 2) };
  },
};

const Bucket = z.tuple([z.int().min(0).max(191), z.int().min(0)]);
export const LatencyWatchSnapshot = z.strictObject({
  openHour: z.int(),
  history: HourlyHistorySnapshot,
  histograms: z.array(z.array(Bucket).max(192)).length(KEPT_HOURS),
  slow: WatchedShareSnapshot,
  levelChanges: z.array(z.int()).max(8),
});
export type LatencyWatchSnapshot = z.infer<typeof LatencyWatchSnapshot>;

/**
 * One deviation above what p95 usually is: where an hour has few things its p95 is a rough estimate, and the usual one of four
 * weeks with it.
 */
function limitOf({ median, high }: Usual): number {
  return median * (high / median) ** (1 / UNUSUAL_DEVIATIONS);
}

export interface SeenDuration {
  readonly hour: number;
  readonly microseconds: number;
  readonly atMicroseconds: number;
}

export class LatencyWatch {
  readonly #history: HourlyHistory;
  readonly usual: UsualHours;
  readonly #histograms: DurationHistogram[];
  #openHour: number;
  #slow: WatchedShare;

  constructor(local: LocalHours, phase: number, stored: LatencyWatchSnapshot) {
    const { openHour, history, histograms, slow, levelChanges } = stored;
    this.#history = new HourlyHistory(history);
    this.usual = new UsualHours(this.#history, {
      local,
      floor: LATENCY_FLOOR_MICROSECONDS,
      phase,
      changes: levelChanges,
    });
    this.#openHour = openHour;
    this.usual.moveTo(openHour);
    this.#histograms = histograms.map((counts) => new DurationHistogram(counts));
    this.#slow = slow;
  }

  /** Before anything was seen; `hour`: the first that is not over. */
  static unseen(hour: number): LatencyWatchSnapshot {
    return {
      openHour: hour,
      history: UNSEEN_HISTORY,
      histograms: [[], [], []],
      slow: UNSEEN,
      levelChanges: [],
    };
  }

  get slow(): WatchedShare {
    return this.#slow;
  }

  add(seen: SeenDuration, design: (shares: Shares) => CusumDesign): void {
    const { hour, microseconds, atMicroseconds } = seen;
    if (hour >= this.#openHour) this.#histogram(hour).add(microseconds);
    const usual = this.usual.usualIn(hour);
    if (usual === undefined) return;
    this.#slow = watchRun(
      this.#slow,
      { isBad: microseconds > limitOf(usual), atMicroseconds },
      design,
      SLOWNESS,
    );
  }

  moveTo(hour: number): void {
    while (this.#openHour < hour) {
      this.#close(this.#openHour);
      this.#openHour += 1;
      this.#histograms[(this.#openHour + 1) % KEPT_HOURS] = new DurationHistogram();
      this.usual.moveTo(this.#openHour);
    }
  }

  #close(hour: number): void {
    const histogram = this.#histogram(hour);
    const p95 = histogram.quantile(P95);
    if (p95 !== undefined && histogram.total >= LEAST_OF_AN_HOUR) this.#history.put(hour, p95);
    const since = this.slowSinceHour;
    if (since !== undefined) {
      this.#history.mark(since, hour, true);
      if (hour - since >= ACCEPTED_AFTER_HOURS) this.#accept(since, hour);
    }
    const changed = this.usual.levelTakenAt(hour + 1);
    if (changed !== undefined) this.#accept(changed, hour);
  }

  get slowSinceHour(): number | undefined {
    const slow = this.#slow;
    if (slow.phase === 'learning' || !slow.isDrifting || slow.since === undefined) return undefined;
    return Math.floor(slow.since.atMicroseconds / HOUR_MICROSECONDS);
  }

  #accept(since: number, hour: number): void {
    this.#history.mark(since, hour, false);
    this.usual.changeLevelFrom(since);
    if (this.#slow.phase === 'watching') {
      const { learnedFrom, usual } = this.#slow;
      this.#slow = { phase: 'watching', learnedFrom, usual, score: 0, isDrifting: false };
    }
  }

  /** p95 of the hour, with the hour before where there are few; undefined of none. */
  p95Now(hour: number): { readonly microseconds: number; readonly count: number } | undefined {
    if (hour > this.#openHour + 1) return undefined;
    const now = this.#histogram(hour);
    const others = now.total < LEAST_TO_SHOW ? [this.#histogram(hour - 1)] : [];
    const microseconds = now.quantile(P95, others);
    const count = others.reduce((sum, { total }) => sum + total, now.total);
    return microseconds === undefined ? undefined : { microseconds, count };
  }

  /** p95 of an hour that is over. */
  amountAt(hour: number): number | undefined {
    return this.#history.amountAt(hour);
  }

  changeLevelFrom(hour: number): void {
    this.usual.changeLevelFrom(hour);
  }

  toSnapshot(): LatencyWatchSnapshot {
    return {
      openHour: this.#openHour,
      history: this.#history.toSnapshot(),
      histograms: this.#histograms.map((histogram) => histogram.toSnapshot()),
      slow: this.#slow,
      levelChanges: [...this.usual.levelChanges],
    };
  }

  #histogram(hour: number): DurationHistogram {
    return this.#histograms[hour % KEPT_HOURS] as DurationHistogram;
  }
}
