/** Hours, days and months as people in one place count them. */
const HOUR_MILLISECONDS = 3_600_000;
const HOURS_OF_DAY = 24;
/** Half a year of hours: what is not at hand is worked out again. */
const REMEMBERED_HOURS = 4_380;

export class LocalHours {
  readonly #format: Intl.DateTimeFormat;
  readonly #known = new Map<number, number>();

  /** `timeZone`: an IANA name. Throws a RangeError for one that is not known. */
  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    });
  }

  /** From whole hours since 1970 in UTC to whole hours since 1970 by the clock on the wall. */
  of(utcHour: number): number {
    const known = this.#known.get(utcHour);
    if (known !== undefined) return known;
    const found = this.#workedOut(utcHour);
    if (this.#known.size >= REMEMBERED_HOURS) this.#known.clear();
    this.#known.set(utcHour, found);
    return found;
  }

  /** Whole days since 1970 by the calendar on the wall. */
  dayOf(utcHour: number): number {
    return Math.floor(this.of(utcHour) / HOURS_OF_DAY);
  }

  /** Months since year 0 by the calendar on the wall. */
  monthOf(utcHour: number): number {
    const date = new Date(this.of(utcHour) * HOUR_MILLISECONDS);
    return date.getUTCFullYear() * 12 + date.getUTCMonth();
  }

  /** `Tuesday 14h`. */
  nameOf(utcHour: number): string {
    const date = new Date(this.of(utcHour) * HOUR_MILLISECONDS);
    const day = WEEKDAYS[date.getUTCDay()] ?? '';
    return `${day} ${date.getUTCHours()}h`;
  }

  #workedOut(utcHour: number): number {
    const parts = new Map<string, number>();
    for (const { type, value } of this.#format.formatToParts(utcHour * HOUR_MILLISECONDS)) {
      parts.set(type, Number(value));
    }
    const part = (name: string): number => parts.get(name) ?? 0;
    const wall = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'));
    return wall / HOUR_MILLISECONDS;
  }
}

export const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
