/** What a query of sums reads: whole days where it can, hours at the edges, so that long times cost little. */
import {
  DAY_SECONDS,
  HOUR_SECONDS,
  METRICS_OUTSIDE_PRODUCTION,
  periodOf,
} from '#domain/ledger/rollups/period-sums.ts';

export interface PeriodRange {
  readonly periodSeconds: number;
  /** Seconds since 1970. */
  readonly from: number;
  /** Not included. */
  readonly to: number;
}

/** Beyond every time that a record can have. */
const END_OF_TIME_SECONDS = periodOf(Number.MAX_SAFE_INTEGER, DAY_SECONDS) + DAY_SECONDS;

/** The time that is asked for, widened to whole hours. */
export function rangesOf(
  {
    fromMicroseconds,
    toMicroseconds,
  }: { readonly fromMicroseconds?: number; readonly toMicroseconds?: number },
  isByHour: boolean,
): readonly PeriodRange[] {
  const from = fromMicroseconds === undefined ? 0 : periodOf(fromMicroseconds, HOUR_SECONDS);
  const to =
    toMicroseconds === undefined
      ? END_OF_TIME_SECONDS
      : Math.ceil(toMicroseconds / 1_000_000 / HOUR_SECONDS) * HOUR_SECONDS;
  const hours = (first: number, end: number): PeriodRange => ({
    periodSeconds: HOUR_SECONDS,
    from: first,
    to: end,
  });
  const firstDay = Math.ceil(from / DAY_SECONDS) * DAY_SECONDS;
  const lastDay = to - (to % DAY_SECONDS);
  if (isByHour || firstDay >= lastDay) return [hours(from, to)].filter(isNotEmpty);
  const days = { periodSeconds: DAY_SECONDS, from: firstDay, to: lastDay };
  return [hours(from, firstDay), days, hours(lastDay, to)].filter(isNotEmpty);
}

/** Where metrics are not told one by one, what is said is said of production. */
export function omittedMetrics({ by }: { readonly by: readonly string[] }): readonly string[] {
  return by.includes('metric') ? [] : METRICS_OUTSIDE_PRODUCTION;
}

function isNotEmpty({ from, to }: PeriodRange): boolean {
  return from < to;
}
