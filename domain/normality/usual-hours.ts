/**
 * What is usual for one agent, from the hours that it has behind it: worked out once a day from the hours before, so that
 * no hour is held against itself, and anew when one of those is corrected by something that came late.
 *
 * A release may change what is usual. From it on the level is another and the shape of the week the same: when a day has passed,
 * hours before it are moved to the level after it, instead of four weeks being learned anew.
 */
import { type Baseline, type HourlyAmount, type Usual, baselineOf } from './hour-of-week.ts';
import type { HourlyHistory } from './hourly-history.ts';
import type { LocalHours } from './local-hours.ts';
import { median } from './median.ts';

/** Hours from a change of level until the new one is taken. */
export const RELEVEL_HOURS = 24;
const DAY = 24;
const MOST_CHANGES = 4;

export class UsualHours {
  readonly #history: HourlyHistory;
  readonly #local: LocalHours;
  readonly #floor: number;
  /** When in the day it is worked out: agents are spread, or all would be at midnight. */
  readonly #phase: number;
  readonly #changes: number[];
  #hour = 0;
  #boundary = -1;
  #baseline: Baseline | undefined;

  constructor(history: HourlyHistory, { local, floor, phase, changes = [] }: UsualHoursSettings) {
    this.#history = history;
    this.#local = local;
    this.#floor = floor;
    this.#phase = phase;
    this.#changes = [...changes];
  }

  /** From this hour on the level may be another. */
  changeLevelFrom(hour: number): void {
    if (hour <= (this.#changes.at(-1) ?? -1)) return;
    this.#changes.push(hour);
    if (this.#changes.length > MOST_CHANGES) this.#changes.shift();
    this.#boundary = -1;
  }

  get levelChanges(): readonly number[] {
    return this.#changes;
  }

  /** The change whose level is taken from this hour on. */
  levelTakenAt(hour: number): number | undefined {
    return this.#changes.find((change) => change + RELEVEL_HOURS === hour);
  }

  /** The first hour that is not over: what is usual is taken from the days before it. */
  moveTo(hour: number): void {
    this.#hour = hour;
  }

  usualIn(hour: number): Usual | undefined {
    return this.#baselineNow().usualIn(this.#local.of(hour));
  }

  deviationsOf(hour: number, amount: number): number | undefined {
    return this.#baselineNow().deviationsOf({ hour: this.#local.of(hour), amount });
  }

  #baselineNow(): Baseline {
    const boundary = this.#boundaryFor(this.#hour);
    const known = this.#baseline;
    if (known !== undefined && boundary === this.#boundary) {
      if (this.#history.takeOldestChange() >= boundary) return known;
    } else {
      this.#history.takeOldestChange();
    }
    const baseline = baselineOf(this.#levelled(boundary), this.#floor);
    this.#baseline = baseline;
    this.#boundary = boundary;
    return baseline;
  }

  /** Hours before it are looked at. */
  #boundaryFor(hour: number): number {
    let boundary = Math.floor((hour - this.#phase) / DAY) * DAY + this.#phase;
    for (const change of this.#changes) {
      if (change + RELEVEL_HOURS <= hour) boundary = Math.max(boundary, change + RELEVEL_HOURS);
    }
    return boundary;
  }

  #levelled(boundary: number): readonly HourlyAmount[] {
    // A change of which no whole day was seen is as if there were none.
    const changes = this.#changes.filter((change) => change + RELEVEL_HOURS <= boundary);
    let levelled = this.#segment(Number.NEGATIVE_INFINITY, changes[0] ?? boundary, boundary);
    for (const [index, change] of changes.entries()) {
      const after = this.#segment(change, changes[index + 1] ?? boundary, boundary);
      levelled = moved(levelled, levelChange(levelled, after, this.#floor)).concat(after);
    }
    return levelled;
  }

  /** By the hours of the place; abnormal ones are none. */
  #segment(from: number, to: number, boundary: number): readonly HourlyAmount[] {
    const hours: HourlyAmount[] = [];
    const last = Math.min(to, boundary, this.#history.newest + 1);
    for (let hour = Math.max(from, this.#history.oldest); hour < last; hour += 1) {
      const amount = this.#history.amountAt(hour);
      if (amount !== undefined && !this.#history.isAbnormal(hour)) {
        hours.push({ hour: this.#local.of(hour), amount });
      }
    }
    return hours;
  }
}

export interface UsualHoursSettings {
  readonly local: LocalHours;
  /** Amounts below it are taken for it. */
  readonly floor: number;
  /** From 0 to 23. */
  readonly phase: number;
  readonly changes?: readonly number[];
}

function moved(hours: readonly HourlyAmount[], factor: number): HourlyAmount[] {
  return hours.map(({ hour, amount }) => ({ hour, amount: amount * factor }));
}

/** By how much what came after is higher than what was usual before; 1 while that cannot be told. */
function levelChange(before: readonly HourlyAmount[], after: readonly HourlyAmount[], floor: number): number {
  const baseline = baselineOf(before, floor);
  const residuals: number[] = [];
  for (const { hour, amount } of after) {
    const usual = baseline.usualIn(hour);
    if (usual !== undefined) residuals.push(Math.log(Math.max(amount, floor) / usual.median));
  }
  return residuals.length < RELEVEL_HOURS / 2 ? 1 : Math.exp(median(residuals));
}
