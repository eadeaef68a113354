/**
 * Whether an amount of one hour (money, calls, a latency) is what is usual for its hour of the week.
 *
 * Amounts of agents are multiplicative, so they are compared by their logarithms. What is usual is the median of the same hour in
 * other weeks. How far amounts stray is one figure for all hours, the median absolute deviation of the residuals
 * (F. R. Hampel, JASA 69, 1974), where each hour's residual is taken from the median of the *other* weeks: a residual that the
 * hour itself has drawn near, as with few weeks it does, makes the band too narrow and alarms twenty times as often.
 *
 * An agent that rests in most hours is held, when it does something, against the hours in which it did something before.
 */
import { median } from './median.ts';

export interface HourlyAmount {
  /** Whole hours since 1970 in the time zone whose week is meant. */
  readonly hour: number;
  /** In the same unit everywhere; 0 or more. */
  readonly amount: number;
}

export interface Usual {
  readonly low: number;
  readonly median: number;
  readonly high: number;
  readonly basis: Basis;
}

/** How finely the hours (or days) of the week are told apart: the more weeks there are, the finer. */
export type Basis = 'hour_of_week' | 'hour_of_day' | 'part_of_day' | 'day_of_week' | 'part_of_week';

export interface Seasonality {
  readonly basis: Basis;
  readonly slotOf: (hour: number) => number;
  /** What a slot must hold besides the hour itself before it says what is usual. */
  readonly least: number;
}

const HOURS_OF_WEEK = 168;
/** 1970 began on a Thursday. */
const HOURS_FROM_MONDAY = 72;
const HOURS_OF_WORKDAYS = 120;

/** The finest first. */
export const SEASONS_OF_HOURS: readonly Seasonality[] = [
  { basis: 'hour_of_week', slotOf: hourOfWeek, least: 4 },
  { basis: 'hour_of_day', slotOf: (hour) => (isWeekend(hour) ? 24 : 0) + (hour % 24), least: 4 },
  {
    basis: 'part_of_day',
    slotOf: (hour) => (isWeekend(hour) ? 4 : 0) + Math.floor((hour % 24) / 6),
    least: 12,
  },
];

/** The same of whole days since 1970: what is called an hour above is a day here. */
export const SEASONS_OF_DAYS: readonly Seasonality[] = [
  { basis: 'day_of_week', slotOf: (day) => (day + 3) % 7, least: 4 },
  { basis: 'part_of_week', slotOf: (day) => ((day + 3) % 7 >= 5 ? 1 : 0), least: 6 },
];

/** Of a normal distribution, the standard deviation to a median absolute deviation of one. */
const DEVIATIONS_OF_A_MAD = 1.4826;
/** Residuals that are all nearly equal say little of those to come: never less than 5 % up or down. */
const LEAST_DEVIATION = 0.05;
/** Agents that rest most of the time are told by the hours in which they did something: so many, and never a narrower band. */
const LEAST_ACTIVE = 3;
const LEAST_ACTIVE_DEVIATION = 0.3;
/** Where so many active hours were to be expected by chance and none came, rest is the rule: e^-5 is less than 1 %. */
const LEAST_EXPECTED = 5;
/** Beyond these an hour is unusual: one in 33 weeks of an agent, by simulation. */
export const UNUSUAL_DEVIATIONS = 3.5;

export interface Baseline {
  /** What is usual in an hour, or undefined while too little of its like was seen. */
  usualIn(hour: number): Usual | undefined;
  /** By how many deviations an amount is above (or, negative, below) what is usual in its hour. */
  deviationsOf(amount: HourlyAmount): number | undefined;
}

/**
 * `history`: what was seen, each hour once; hours that are known to have been abnormal are left out by the caller.
 * `floor`: amounts below it are taken for it: what is little in any case is not told apart.
 */
export function baselineOf(
  history: readonly HourlyAmount[],
  floor: number,
  seasons: readonly Seasonality[] = SEASONS_OF_HOURS,
): Baseline {
  const logOf = (amount: number): number => Math.log(Math.max(amount, floor));
  // The coarser ones are asked only while the finer ones have too little.
  const levels = new Map<Seasonality, Level>();
  const levelFor = (season: Seasonality): Level => {
    const known = levels.get(season) ?? levelOf(season, history, logOf);
    levels.set(season, known);
    return known;
  };

  const restingLog = logOf(0);
  const coarsest = seasons.at(-1);
  let active: Level | undefined;
  // Most hours of such a slot are at rest, so that its median says nothing of those that are not. Where the like of this hour was
  // never anything but at rest, rest it is, and whatever comes is unusual. Undefined: too few were active to say what they do.
  const activeIn = (hour: number, atRest: Center): Center | undefined => {
    if (coarsest === undefined) return atRest;
    active ??= levelOf(
      { ...coarsest, least: 1 },
      history.filter(({ amount }) => amount > floor),
      logOf,
    );
    const slot = coarsest.slotOf(hour);
    const center = active.centers.get(slot);
    if (center === undefined) {
      const share = sumOf(active.counts) / history.length;
      const expected = share * (levelFor(coarsest).counts.get(slot) ?? 0);
      return share === 0 || expected >= LEAST_EXPECTED ? atRest : undefined;
    }
    if (active.deviation === undefined || (active.counts.get(slot) ?? 0) < LEAST_ACTIVE) return undefined;
    const deviation = Math.max(active.deviation, LEAST_ACTIVE_DEVIATION);
    return { center, deviation, basis: coarsest.basis, lowest: restingLog };
  };

  const centerOf = (hour: number): Center | undefined => {
    for (const season of seasons) {
      const { centers, deviation } = levelFor(season);
      const center = centers.get(season.slotOf(hour));
      if (center === undefined || deviation === undefined) continue;
      const found = { center, deviation, basis: season.basis };
      return center <= restingLog ? activeIn(hour, found) : found;
    }
    return undefined;
  };
  return {
    usualIn(hour) {
      const found = centerOf(hour);
      if (found === undefined) return undefined;
      const { center, deviation, basis, lowest = center } = found;
      const reach = UNUSUAL_DEVIATIONS * deviation;
      return {
        low: Math.exp(Math.min(lowest, center - reach)),
        median: Math.exp(center),
        high: Math.exp(center + reach),
        basis,
      };
    },
    deviationsOf({ hour, amount }) {
      const found = centerOf(hour);
      return found === undefined ? undefined : (logOf(amount) - found.center) / found.deviation;
    },
  };
}

interface Center {
  readonly center: number;
  readonly deviation: number;
  readonly basis: Basis;
  /** Where rest is as usual as the center. */
  readonly lowest?: number;
}

interface Level {
  /** The median logarithm of each slot that has enough. */
  readonly centers: ReadonlyMap<number, number>;
  /** Hours in each of them. */
  readonly counts: ReadonlyMap<number, number>;
  /** Undefined: no slot has enough. */
  readonly deviation: number | undefined;
}

function levelOf(
  { slotOf, least }: Seasonality,
  history: readonly HourlyAmount[],
  logOf: (amount: number) => number,
): Level {
  const restingLog = logOf(0);
  const slots = new Map<number, number[]>();
  for (const { hour, amount } of history) {
    const slot = slotOf(hour);
    const logs = slots.get(slot);
    if (logs === undefined) slots.set(slot, [logOf(amount)]);
    else logs.push(logOf(amount));
  }
  const centers = new Map<number, number>();
  const counts = new Map<number, number>();
  const residuals: number[] = [];
  for (const [slot, logs] of slots) {
    if (logs.length < least) continue;
    logs.sort((one, other) => one - other);
    const center = middleOf(logs);
    centers.set(slot, center);
    counts.set(slot, logs.length);
    // One alone has no others to stray from, and hours at rest say nothing of how far others stray.
    if (logs.length === 1 || center <= restingLog) continue;
    for (const [index, log] of logs.entries()) residuals.push(Math.abs(log - middleOf(logs, index)));
  }
  if (centers.size === 0) return { centers, counts, deviation: undefined };
  const spread = residuals.length === 0 ? 0 : DEVIATIONS_OF_A_MAD * median(residuals);
  return { centers, counts, deviation: Math.max(LEAST_DEVIATION, spread) };
}

/** The median of what is sorted already, without the one at `left` out. */
function middleOf(sorted: readonly number[], left = sorted.length): number {
  const at = (index: number): number => sorted[index < left ? index : index + 1] ?? Number.NaN;
  const count = left === sorted.length ? left : sorted.length - 1;
  const upper = Math.floor(count / 2);
  return count % 2 === 1 ? at(upper) : (at(upper - 1) + at(upper)) / 2;
}

function sumOf(counts: ReadonlyMap<number, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}

function hourOfWeek(hour: number): number {
  return (hour + HOURS_FROM_MONDAY) % HOURS_OF_WEEK;
}

function isWeekend(hour: number): boolean {
  return hourOfWeek(hour) >= HOURS_OF_WORKDAYS;
}
