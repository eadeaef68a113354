/** What one agent costs, hour by hour: its history, what is usual for it, and whether hours above that add up to something. */
import { z } from 'zod';
import { HourlyHistory, HourlyHistorySnapshot, UNSEEN_HISTORY } from '../normality/hourly-history.ts';
import { type Excess, NO_EXCESS, nextExcess } from '../normality/lasting-excess.ts';
import type { LocalHours } from '../normality/local-hours.ts';
import { SEASONS_OF_DAYS, type Usual, baselineOf } from '../normality/hour-of-week.ts';
import { UsualHours } from '../normality/usual-hours.ts';

/** Below ten cents an hour nothing is unusual. */
export const COST_FLOOR_NANO_USD = 100_000_000;
/** Hours that are kept to the last billionth of a dollar: a day, the running hour and one for what comes late. */
const EXACT_HOURS = 26;
const HOURS_OF_DAY = 24;
/** An excess that nobody mended for so long is how the agent is now. */
const ACCEPTED_AFTER_HOURS = 168;
/** A day is told to be more than usual by what it costs above its floor: that of its hours. */
const DAY_FLOOR_NANO_USD = COST_FLOOR_NANO_USD * HOURS_OF_DAY;
/** Days hang together more than hours of a day do, and there are few: they are believed to a tenth. */
const LEAST_DAILY_DEVIATION = 0.1;

const ExcessSnapshot = z.strictObject({
  score: z.number(),
  isAbnormal: z.boolean(),
  sinceHour: z.int().optional(),
});

export const CostWatchSnapshot = z.strictObject({
  exact: z.array(z.number()).length(EXACT_HOURS),
  unknown: z.array(z.number()).length(EXACT_HOURS),
  openHour: z.int(),
  firstHour: z.int(),
  month: z.int(),
  monthNanoUsd: z.number(),
  history: HourlyHistorySnapshot,
  excess: ExcessSnapshot,
  dayExcess: ExcessSnapshot,
  levelChanges: z.array(z.int()).max(8),
});
export type CostWatchSnapshot = z.infer<typeof CostWatchSnapshot>;

export class CostWatch {
  readonly #local: LocalHours;
  readonly #history: HourlyHistory;
  readonly usual: UsualHours;
  /** By hour; `#newest` and the ones before it. */
  readonly #exact: number[];
  /** Attempts whose price is not known. */
  readonly #unknown: number[];
  /** The first hour that is not closed. */
  #openHour: number;
  #newest: number;
  readonly firstHour: number;
  #month: number;
  #monthNanoUsd: number;
  #excess: Excess;
  #dayExcess: Excess;

  constructor(local: LocalHours, phase: number, stored: CostWatchSnapshot) {
    const { exact, unknown, openHour, firstHour, month, monthNanoUsd, history, levelChanges } = stored;
    this.#local = local;
    this.#history = new HourlyHistory(history);
    this.usual = new UsualHours(this.#history, {
      local,
      floor: COST_FLOOR_NANO_USD,
      phase,
      changes: levelChanges,
    });
    this.#openHour = openHour;
    this.firstHour = firstHour;
    this.usual.moveTo(openHour);
    this.#newest = openHour + 1;
    this.#exact = [...exact];
    this.#unknown = [...unknown];
    this.#month = month;
    this.#monthNanoUsd = monthNanoUsd;
    this.#excess = excessOf(stored.excess);
    this.#dayExcess = excessOf(stored.dayExcess);
  }

  /** Before anything was seen; `hour`: the first that is not over. */
  static unseen(local: LocalHours, hour: number): CostWatchSnapshot {
    return {
      exact: zeros(),
      unknown: zeros(),
      openHour: hour,
      firstHour: hour,
      month: local.monthOf(hour),
      monthNanoUsd: 0,
      history: UNSEEN_HISTORY,
      excess: NO_EXCESS,
      dayExcess: NO_EXCESS,
      levelChanges: [],
    };
  }

  /** `hour`: not later than the one after the first that is not closed. */
  add(hour: number, nanoUsd: number | undefined): void {
    const month = this.#local.monthOf(hour);
    if (month > this.#month) {
      this.#month = month;
      this.#monthNanoUsd = 0;
    }
    if (month === this.#month) this.#monthNanoUsd += nanoUsd ?? 0;
    if (hour > this.#newest - EXACT_HOURS) {
      const at = hour % EXACT_HOURS;
      if (nanoUsd === undefined) this.#unknown[at] = (this.#unknown[at] ?? 0) + 1;
      else this.#exact[at] = (this.#exact[at] ?? 0) + nanoUsd;
      if (hour < this.#openHour) this.#history.put(hour, this.#exact[at] ?? 0);
    } else if (hour >= this.firstHour) {
      const known = this.#history.amountAt(hour);
      if (known !== undefined) this.#history.put(hour, known + (nanoUsd ?? 0));
    }
  }

  /** Closes the hours before `hour`. */
  moveTo(hour: number): void {
    while (this.#openHour < hour) {
      this.#close(this.#openHour);
      this.#openHour += 1;
      this.#newest += 1;
      this.#exact[this.#newest % EXACT_HOURS] = 0;
      this.#unknown[this.#newest % EXACT_HOURS] = 0;
      this.usual.moveTo(this.#openHour);
    }
  }

  #close(hour: number): void {
    const amount = this.#exact[hour % EXACT_HOURS] ?? 0;
    this.#history.put(hour, amount);
    const deviations = this.usual.deviationsOf(hour, amount);
    if (deviations !== undefined) this.#excess = nextExcess(this.#excess, hour, deviations);
    const { isAbnormal, sinceHour } = this.#excess;
    if (isAbnormal && sinceHour !== undefined) {
      this.#history.mark(sinceHour, hour, true);
      if (hour - sinceHour >= ACCEPTED_AFTER_HOURS) this.#accept(sinceHour, hour);
    }
    const changed = this.usual.levelTakenAt(hour + 1);
    if (changed !== undefined) this.#accept(changed, hour);
    if (this.#local.dayOf(hour + 1) !== this.#local.dayOf(hour)) this.#closeDay(this.#local.dayOf(hour));
  }

  /** How it was since then is how it is: hours are no exceptions, and nothing is in excess. */
  #accept(since: number, hour: number): void {
    this.#history.mark(since, hour, false);
    this.#excess = NO_EXCESS;
    this.#dayExcess = NO_EXCESS;
    this.usual.changeLevelFrom(since);
  }

  #closeDay(day: number): void {
    const { usual, amount } = this.dayAgainstUsual(day);
    if (usual === undefined || amount === undefined) return;
    this.#dayExcess = nextExcess(this.#dayExcess, day, dailyDeviations(amount, usual));
  }

  /** The day's total beside that of other days of its kind; undefined amounts where hours are not known. */
  dayAgainstUsual(day: number): { readonly amount: number | undefined; readonly usual: Usual | undefined } {
    const days = new Map<number, { hours: number; amount: number; isAbnormal: boolean }>();
    for (let hour = Math.max(this.#history.oldest, this.firstHour); hour <= this.#history.newest; hour += 1) {
      const amount = this.#history.amountAt(hour);
      if (amount === undefined) continue;
      const known = days.get(this.#local.dayOf(hour)) ?? { hours: 0, amount: 0, isAbnormal: false };
      known.hours += 1;
      known.amount += amount;
      known.isAbnormal ||= this.#history.isAbnormal(hour);
      days.set(this.#local.dayOf(hour), known);
    }
    const changedDay = this.#local.dayOf(this.usual.levelChanges.at(-1) ?? 0);
    const history = Array.from(days)
      .filter(([of, { hours, isAbnormal }]) => of < day && of >= changedDay && hours >= 23 && !isAbnormal)
      .map(([of, { amount }]) => ({ hour: of, amount }));
    const usual = baselineOf(history, DAY_FLOOR_NANO_USD, SEASONS_OF_DAYS).usualIn(day);
    const found = days.get(day);
    return { amount: found !== undefined && found.hours >= 23 ? found.amount : undefined, usual };
  }

  /** Whether hours, the running one counted as far as it is, are in excess. Pure. */
  excessNow(hour: number, runningNanoUsd: number): { readonly hours: Excess; readonly days: Excess } {
    let hours = this.#excess;
    const from = Math.max(this.#openHour, hour - HOURS_OF_DAY);
    for (let passed = from; passed <= hour; passed += 1) {
      const amount = passed === hour ? runningNanoUsd : (this.exactAt(passed) ?? 0);
      const deviations = this.usual.deviationsOf(passed, amount);
      const next = deviations === undefined ? hours : nextExcess(hours, passed, deviations);
      // The running hour is not over: it may add to an excess, and says nothing yet of its end.
      hours = passed === hour && next.score < hours.score ? hours : next;
    }
    return { hours, days: this.#dayExcess };
  }

  /** Undefined: longer ago than a day, or later than known; before the agent was first seen too. */
  exactAt(hour: number): number | undefined {
    if (hour < this.firstHour || hour <= this.#newest - EXACT_HOURS) return undefined;
    return hour > this.#newest ? 0 : (this.#exact[hour % EXACT_HOURS] ?? 0);
  }

  unknownAt(hour: number): number {
    if (hour > this.#newest || hour <= this.#newest - EXACT_HOURS) return 0;
    return this.#unknown[hour % EXACT_HOURS] ?? 0;
  }

  amountAt(hour: number): number | undefined {
    return this.exactAt(hour) ?? this.#history.amountAt(hour);
  }

  monthToDate(hour: number): number {
    return this.#local.monthOf(hour) === this.#month ? this.#monthNanoUsd : 0;
  }

  /** With the rest of the month as the last seven days were; null while nothing was seen for a whole hour. */
  monthEnd(hour: number): number | null {
    const since = Math.max(this.firstHour, hour - ACCEPTED_AFTER_HOURS);
    if (hour <= since) return null;
    const week: number[] = [];
    let sum = 0;
    for (let past = since; past < hour; past += 1) {
      const amount = this.amountAt(past) ?? 0;
      week.push(amount);
      sum += amount;
    }
    const mean = sum / week.length;
    let end = this.monthToDate(hour) + Math.max(0, mean - (this.exactAt(hour) ?? 0));
    const month = this.#local.monthOf(hour);
    for (let next = hour + 1; this.#local.monthOf(next) === month; next += 1) {
      end += week.length < ACCEPTED_AFTER_HOURS ? mean : (week[(next - hour) % ACCEPTED_AFTER_HOURS] ?? mean);
    }
    return Math.round(end);
  }

  toSnapshot(): CostWatchSnapshot {
    return {
      exact: [...this.#exact],
      unknown: [...this.#unknown],
      openHour: this.#openHour,
      firstHour: this.firstHour,
      month: this.#month,
      monthNanoUsd: this.#monthNanoUsd,
      history: this.#history.toSnapshot(),
      excess: this.#excess,
      dayExcess: this.#dayExcess,
      levelChanges: [...this.usual.levelChanges],
    };
  }

  /** A release: what is usual from then on is another. */
  changeLevelFrom(hour: number): void {
    this.usual.changeLevelFrom(hour);
  }
}

function zeros(): number[] {
  return Array.from({ length: EXACT_HOURS }, () => 0);
}

function excessOf({ score, isAbnormal, sinceHour }: z.infer<typeof ExcessSnapshot>): Excess {
  return { score, isAbnormal, ...(sinceHour === undefined ? {} : { sinceHour }) };
}

function dailyDeviations(amount: number, { median, high }: Usual): number {
  const deviation = Math.max(LEAST_DAILY_DEVIATION, Math.log(high / median) / 3.5);
  return Math.log(Math.max(amount, DAY_FLOOR_NANO_USD) / median) / deviation;
}
