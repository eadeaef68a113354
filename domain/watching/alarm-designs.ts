/**
 * The thresholds of all shares that are watched, from the budget of false alarms and from how often anything is looked at. How
 * often that is follows from the entries: each day anew from the seven days before, in steps of a half, so that designs are kept.
 */
import { z } from 'zod';
import { designsFor } from '../drift/alarm-budget.ts';
import type { Design } from './quality-watch.ts';
import { DAY_MICROSECONDS } from './time-units.ts';

const DAYS = 7;
/** Half of the budget is that of costs, which are watched by another rule. */
const SHARE_OF_BUDGET = 0.5;
/** Before a day was seen: as of a fleet of some dozen agents. */
const FIRST_LOOKS_PER_WEEK = 100_000;
const GRAIN = 1.5;

export const AlarmDesignsSnapshot = z.strictObject({
  day: z.int(),
  looks: z.array(z.number().min(0)).max(DAYS),
  today: z.number().min(0),
});
export type AlarmDesignsSnapshot = z.infer<typeof AlarmDesignsSnapshot>;

export class AlarmDesigns {
  readonly #falseAlarmsPerWeek: number;
  #day: number;
  readonly #looks: number[];
  #today: number;
  #looksPerWeek: number;
  #design: Design;

  constructor(falseAlarmsPerWeek: number, stored?: AlarmDesignsSnapshot) {
    this.#falseAlarmsPerWeek = falseAlarmsPerWeek;
    this.#day = stored?.day ?? -1;
    this.#looks = [...(stored?.looks ?? [])];
    this.#today = stored?.today ?? 0;
    this.#looksPerWeek = this.#measured();
    this.#design = this.#made();
  }

  /** For shares of any signal. */
  readonly design: Design = (shares) => this.#design(shares);

  looked(times: number): void {
    this.#today += times;
  }

  moveTo(microseconds: number): void {
    const day = Math.floor(microseconds / DAY_MICROSECONDS);
    if (day <= this.#day) return;
    if (this.#day >= 0) {
      this.#looks.push(this.#today);
      if (this.#looks.length > DAYS) this.#looks.shift();
    }
    this.#day = day;
    this.#today = 0;
    const looksPerWeek = this.#measured();
    if (looksPerWeek === this.#looksPerWeek) return;
    this.#looksPerWeek = looksPerWeek;
    this.#design = this.#made();
  }

  get looksPerWeek(): number {
    return this.#looksPerWeek;
  }

  toSnapshot(): AlarmDesignsSnapshot {
    return { day: this.#day, looks: [...this.#looks], today: this.#today };
  }

  /** The first day may have been a part of one: it counts only as long as there is no other. */
  #measured(): number {
    const whole = this.#looks.length > 1 && this.#looks.length < DAYS ? this.#looks.slice(1) : this.#looks;
    if (whole.length === 0) return FIRST_LOOKS_PER_WEEK;
    const sum = whole.reduce((total, looks) => total + looks, 0);
    const perWeek = Math.max(1, (sum / whole.length) * DAYS);
    return GRAIN ** Math.ceil(Math.log(perWeek) / Math.log(GRAIN));
  }

  #made(): Design {
    return designsFor({
      looksPerWeek: this.#looksPerWeek,
      falseAlarmsPerWeek: this.#falseAlarmsPerWeek * SHARE_OF_BUDGET,
    });
  }
}
