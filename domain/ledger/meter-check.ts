/**
 * Holds what the ledger has against what the routers say they have charged. Every attempt carries the reading of its
 * router's meter for its namespace; from one attempt to the next the meter must have moved by exactly that attempt, or
 * something is missing, or is not what was told. Attempts of one start of a router arrive in the order of their telling,
 * so that no time need pass before a difference is one.
 */
import { z } from 'zod';
import type { LedgerEntry } from './ledger-entry.ts';
import { Count } from './record-fields.ts';

/** Starts of routers, by namespace. The one that told longest ago is forgotten first: it has long ended. */
const METERS_MAXIMUM = 10_000;

/** Attempts and billionths of a US dollar by start of a router and namespace, the one that told last at the end. */
export const MeterReadings = z.array(z.tuple([z.string().max(1_024), Count, Count])).max(METERS_MAXIMUM);
export type MeterReadings = z.infer<typeof MeterReadings>;

export interface MeterDifference {
  readonly namespace: string;
  readonly instance: string;
  readonly boot: string;
  /** The meter at which it was seen: with the boot it names the difference. */
  readonly atAttempt: number;
  /** What the meter has and the ledger has not; below zero where the ledger has more. */
  readonly attempts: number;
  readonly costNanoUsd: number;
}

export class MeterCheck {
  readonly #readings: Map<string, readonly [attempts: number, costNanoUsd: number]>;

  constructor(readings: MeterReadings = []) {
    this.#readings = new Map(readings.map(([key, attempts, cost]) => [key, [attempts, cost]]));
  }

  /** Each entry once, in the order of the ledger. A difference is told once, by the first attempt after it. */
  take({ record, trust }: LedgerEntry): MeterDifference | undefined {
    if (record.type !== 'model_attempt' || record.meter === undefined || trust !== 'witnessed') {
      return undefined;
    }
    const { namespace, source, meter, costNanoUsd: own = 0 } = record;
    const { instance, boot } = source;
    const key = `${instance} ${boot} ${namespace}`;
    const [attemptsBefore, costBefore] = this.#readings.get(key) ?? [0, 0];
    this.#remember(key, meter.attempts, meter.costNanoUsd);
    const attempts = meter.attempts - attemptsBefore - 1;
    const costNanoUsd = meter.costNanoUsd - costBefore - own;
    if (attempts === 0 && costNanoUsd === 0) return undefined;
    return { namespace, instance, boot, atAttempt: meter.attempts, attempts, costNanoUsd };
  }

  /** To be kept for the next start of the ledger, with the place up to which entries were taken. */
  readings(): MeterReadings {
    return [...this.#readings].map(([key, [attempts, cost]]) => [key, attempts, cost]);
  }

  #remember(key: string, attempts: number, costNanoUsd: number): void {
    this.#readings.delete(key);
    this.#readings.set(key, [attempts, costNanoUsd]);
    const oldest = this.#readings.keys().next();
    if (this.#readings.size > METERS_MAXIMUM && oldest.done !== true) this.#readings.delete(oldest.value);
  }
}
