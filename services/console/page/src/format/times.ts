/** Times are microseconds since 1970. Shown in the zone of the browser, with UTC beside it where the two differ. */
import type { Language } from '../words/languages.ts';
import { relativeFormat, timeFormat } from './formatters.ts';

const STEPS = [
  { unit: 'second', seconds: 1, upTo: 60 },
  { unit: 'minute', seconds: 60, upTo: 3600 },
  { unit: 'hour', seconds: 3600, upTo: 86_400 },
  { unit: 'day', seconds: 86_400, upTo: Infinity },
] as const;

const DAY: Intl.DateTimeFormatOptions = { dateStyle: 'medium' };
const TIME: Intl.DateTimeFormatOptions = { timeStyle: 'medium' };
const WHOLE: Intl.DateTimeFormatOptions = { ...DAY, ...TIME };

export function dateOf(microseconds: number): Date {
  return new Date(microseconds / 1000);
}

/** `3 min. ago`, `in 2 days`. */
export function formatRelative(language: Language, atMicroseconds: number, nowMilliseconds: number): string {
  const seconds = (dateOf(atMicroseconds).getTime() - nowMilliseconds) / 1000;
  const step = STEPS.find(({ upTo }) => Math.abs(seconds) < upTo) ?? STEPS[3];
  const relative = relativeFormat(language);
  return relative.format(Math.trunc(seconds / step.seconds), step.unit);
}

/** The hour and minute, with the day when it is another. */
export function formatClock(
  language: Language,
  atMicroseconds: number,
  nowMilliseconds: number,
  zone?: string,
): string {
  const at = dateOf(atMicroseconds);
  const isNear = Math.abs(at.getTime() - nowMilliseconds) < 12 * 3_600_000;
  return timeFormat(language, {
    ...(isNear ? {} : { month: 'short', day: 'numeric' }),
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...(zone === undefined ? {} : { timeZone: zone }),
  }).format(at);
}

/** Local time, and UTC where it is another; of the same day the time alone. */
export function formatInBothZones(language: Language, atMicroseconds: number, zone?: string): string {
  const at = dateOf(atMicroseconds);
  const inZone = (options: Intl.DateTimeFormatOptions, timeZone: string | undefined): string =>
    timeFormat(language, {
      ...options,
      hourCycle: 'h23',
      ...(timeZone === undefined ? {} : { timeZone }),
    }).format(at);
  const [local, universal] = [inZone(WHOLE, zone), inZone(WHOLE, 'UTC')];
  if (local === universal) return `${universal} UTC`;
  const isSameDay = inZone(DAY, zone) === inZone(DAY, 'UTC');
  return `${local} (${isSameDay ? inZone(TIME, 'UTC') : universal} UTC)`;
}
