/** Ends of runs of the last 60 minutes, a minute each. */
import { z } from 'zod';

const MINUTES = 61;
const MINUTE_MICROSECONDS = 60_000_000;
const WINDOW_MINUTES = 60;

export interface RunCounts {
  readonly total: number;
  readonly failed: number;
  /** First answers that did and did not fit the output schema. */
  readonly fitting: number;
  readonly unfitting: number;
}

const Minute = z.tuple([z.int(), z.int(), z.int(), z.int(), z.int()]);
type Minute = z.infer<typeof Minute>;
export const RunCountersSnapshot = z.array(Minute).max(MINUTES);

export class RunCounters {
  /** Minute since 1970, total, failed, fitting, unfitting; by the minute's place in the ring. */
  readonly #minutes: (Minute | undefined)[] = [];

  constructor(stored: readonly Minute[] = []) {
    for (const minute of stored) this.#minutes[minute[0] % MINUTES] = [...minute];
  }

  add(atMicroseconds: number, isFailed: boolean, isFitting: boolean | undefined): void {
    const minute = Math.floor(atMicroseconds / MINUTE_MICROSECONDS);
    const known = this.#minutes[minute % MINUTES];
    // What is older than an hour says nothing of the last one.
    if (known !== undefined && known[0] > minute) return;
    const counts: Minute = known?.[0] === minute ? known : [minute, 0, 0, 0, 0];
    counts[1] += 1;
    if (isFailed) counts[2] += 1;
    if (isFitting === true) counts[3] += 1;
    if (isFitting === false) counts[4] += 1;
    this.#minutes[minute % MINUTES] = counts;
  }

  within(nowMicroseconds: number): RunCounts {
    const now = Math.floor(nowMicroseconds / MINUTE_MICROSECONDS);
    const counts = { total: 0, failed: 0, fitting: 0, unfitting: 0 };
    for (const minute of this.#minutes) {
      if (minute === undefined || minute[0] > now || minute[0] <= now - WINDOW_MINUTES) continue;
      counts.total += minute[1];
      counts.failed += minute[2];
      counts.fitting += minute[3];
      counts.unfitting += minute[4];
    }
    return counts;
  }

  toSnapshot(): readonly Minute[] {
    return this.#minutes.filter((minute) => minute !== undefined);
  }
}
