/**
 * Amounts of the last five weeks, an hour each, in 1.8 kB: enough for five of each hour of the week. Whole hours since 1970 in
 * UTC. Amounts are kept by their logarithm, to a twentieth of a percent, and whether the hour was abnormal beside it.
 */
import { z } from 'zod';
import { numbersAsText, numbersFromText } from './numbers-as-text.ts';

export const HISTORY_HOURS = 840;
/** The level of what was not seen is 0, of less than one unit 1. */
const FIRST_LEVEL = 2;
/** Up to 10^16 units: ten million dollars an hour in nano-dollars, 300 years in microseconds. */
const STEP = Math.log(1e16) / (65_535 - FIRST_LEVEL);

export const HourlyHistorySnapshot = z.strictObject({
  newest: z.int(),
  levels: z.string().max(2_400),
  abnormal: z.string().max(160),
});
export type HourlyHistorySnapshot = z.infer<typeof HourlyHistorySnapshot>;

export const UNSEEN_HISTORY: HourlyHistorySnapshot = { newest: -1, levels: '', abnormal: '' };

export class HourlyHistory {
  readonly #levels: Uint16Array;
  readonly #abnormal: Uint8Array;
  #newest: number;
  #oldestChange = Number.POSITIVE_INFINITY;

  constructor({ newest, levels, abnormal }: HourlyHistorySnapshot = UNSEEN_HISTORY) {
    this.#levels = numbersFromText(Uint16Array, levels, HISTORY_HOURS);
    this.#abnormal = numbersFromText(Uint8Array, abnormal, HISTORY_HOURS / 8);
    this.#newest = newest;
  }

  /** Hours older than five weeks before the newest are passed over. */
  put(hour: number, amount: number): void {
    if (hour > this.#newest) this.#moveTo(hour);
    if (!this.#isKept(hour)) return;
    this.#levels[hour % HISTORY_HOURS] = levelOf(amount);
    this.#oldestChange = Math.min(this.#oldestChange, hour);
  }

  /** Undefined: not known. */
  amountAt(hour: number): number | undefined {
    if (!this.#isKept(hour)) return undefined;
    const level = this.#levels[hour % HISTORY_HOURS] ?? 0;
    if (level === 0) return undefined;
    return level < FIRST_LEVEL ? 0 : Math.exp((level - FIRST_LEVEL) * STEP);
  }

  isAbnormal(hour: number): boolean {
    const at = hour % HISTORY_HOURS;
    return this.#isKept(hour) && ((this.#abnormal[at >> 3] ?? 0) & (1 << (at & 7))) !== 0;
  }

  /** From one hour to another, both included. */
  mark(from: number, to: number, isAbnormal: boolean): void {
    for (let hour = Math.max(from, this.oldest); hour <= Math.min(to, this.#newest); hour += 1) {
      const at = hour % HISTORY_HOURS;
      const bit = 1 << (at & 7);
      const known = this.#abnormal[at >> 3] ?? 0;
      this.#abnormal[at >> 3] = isAbnormal ? known | bit : known & ~bit;
      this.#oldestChange = Math.min(this.#oldestChange, hour);
    }
  }

  get newest(): number {
    return this.#newest;
  }

  get oldest(): number {
    return Math.max(0, this.#newest - HISTORY_HOURS + 1);
  }

  /** The oldest hour that was written since this was last asked; infinity when none was. */
  takeOldestChange(): number {
    const oldest = this.#oldestChange;
    this.#oldestChange = Number.POSITIVE_INFINITY;
    return oldest;
  }

  toSnapshot(): HourlyHistorySnapshot {
    return {
      newest: this.#newest,
      levels: numbersAsText(this.#levels),
      abnormal: numbersAsText(this.#abnormal),
    };
  }

  #isKept(hour: number): boolean {
    return hour >= 0 && hour <= this.#newest && hour > this.#newest - HISTORY_HOURS;
  }

  #moveTo(hour: number): void {
    const from = Math.max(this.#newest + 1, hour - HISTORY_HOURS + 1);
    for (let passed = from; passed <= hour; passed += 1) {
      const at = passed % HISTORY_HOURS;
      this.#levels[at] = 0;
      this.#abnormal[at >> 3] = (this.#abnormal[at >> 3] ?? 0) & ~(1 << (at & 7));
    }
    this.#newest = hour;
  }
}

function levelOf(amount: number): number {
  if (amount < 1) return FIRST_LEVEL - 1;
  return Math.min(65_535, FIRST_LEVEL + Math.round(Math.log(amount) / STEP));
}
