/**
 * When exposure may grow. A window opens at a time of day of its own time zone, on the days that it names, and stays
 * open for a number of hours of 3,600 seconds, whatever summer time does meanwhile. A window whose time zone is not
 * known never opens.
 */
import type { RolloutWindow } from '#crds/rollout-release.ts';

const HOUR_MILLISECONDS = 3_600_000;
const DAY_MILLISECONDS = 24 * HOUR_MILLISECONDS;
/** The longest window is a week. */
const DAYS_LOOKED_AT = 8;
const DAY_NAMES = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;

export interface WindowState {
  readonly isOpen: boolean;
  /** When the next one opens; undefined while one is open, or when none ever does. */
  readonly opensAt?: Date;
  /** What is wrong with them, in a sentence. */
  readonly problem?: string;
}

export function windowState(windows: readonly RolloutWindow[] | undefined, now: Date): WindowState {
  if (windows === undefined || windows.length === 0) return { isOpen: true };
  const unknown = windows.find(({ timeZone }) => timeZone !== undefined && !isTimeZone(timeZone));
  const problem =
    unknown === undefined
      ? {}
      : {
          problem: `spec.windows names the time zone ${unknown.timeZone}, which is not one of the IANA database: that window never opens.`,
        };
  const openings = windows.flatMap((window) => openingsOf(window, now));
  const isOpen = openings.some(
    ({ at, milliseconds }) => at <= now.getTime() && now.getTime() < at + milliseconds,
  );
  if (isOpen) return { isOpen, ...problem };
  const next = Math.min(...openings.map(({ at }) => at).filter((at) => at > now.getTime()));
  return { isOpen, ...(Number.isFinite(next) && { opensAt: new Date(next) }), ...problem };
}

interface Opening {
  readonly at: number;
  readonly milliseconds: number;
}

function openingsOf({ days, start, hours, timeZone = 'UTC' }: RolloutWindow, now: Date): readonly Opening[] {
  if (!isTimeZone(timeZone)) return [];
  const [hour = 0, minute = 0] = start.split(':').map(Number);
  // The date there, as if it were one here: only its calendar is of interest.
  const today = now.getTime() + offsetMilliseconds(timeZone, now.getTime());
  const openings: Opening[] = [];
  for (let day = -DAYS_LOOKED_AT; day <= DAYS_LOOKED_AT; day += 1) {
    const date = new Date(today + day * DAY_MILLISECONDS);
    const name = DAY_NAMES[date.getUTCDay()];
    if (days !== undefined && name !== undefined && !days.includes(name)) continue;
    const wall = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate(), hour, minute);
    openings.push({ at: instantOf(wall, timeZone), milliseconds: hours * HOUR_MILLISECONDS });
  }
  return openings;
}

/** A time of day that a change of the clocks leaves out comes an hour later; one that comes twice, the first time. */
function instantOf(wall: number, timeZone: string): number {
  const before = offsetMilliseconds(timeZone, wall - DAY_MILLISECONDS);
  const after = offsetMilliseconds(timeZone, wall + DAY_MILLISECONDS);
  const candidates = [wall - before, wall - after].filter(
    (instant) => instant + offsetMilliseconds(timeZone, instant) === wall,
  );
  return candidates.length === 0 ? wall - before : Math.min(...candidates);
}

const formats = new Map<string, Intl.DateTimeFormat | undefined>();
const MAXIMUM_FORMATS = 1000;

function isTimeZone(timeZone: string): boolean {
  return formatOf(timeZone) !== undefined;
}

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  if (formats.has(timeZone)) return formats.get(timeZone);
  if (formats.size >= MAXIMUM_FORMATS) formats.clear();
  const format = createFormat(timeZone);
  formats.set(timeZone, format);
  return format;
}

function createFormat(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    return undefined;
  }
}

/** How far the clocks there are ahead of UTC. */
function offsetMilliseconds(timeZone: string, instant: number): number {
  const parts = formatOf(timeZone)?.formatToParts(instant) ?? [];
  const value = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  const wall = Date.UTC(
    value('year'),
    value('month') - 1,
    value('day'),
    value('hour'),
    value('minute'),
    value('second'),
  );
  return wall - Math.floor(instant / 1000) * 1000;
}
