/** What this start of the router has charged, by namespace: told with every attempt, so that the ledger can be held to it. */
import type { RecordOf } from '#domain/ledger/ledger-record.ts';

type Reading = NonNullable<RecordOf<'model_attempt'>['meter']>;

export class Meter {
  readonly #readings = new Map<string, Reading>();

  /** Yields what was charged in the namespace so far, this attempt included. An unknown cost is charged as nothing. */
  charge(namespace: string, costNanoUsd: number): Reading {
    const before = this.#readings.get(namespace);
    const reading = {
      attempts: (before?.attempts ?? 0) + 1,
      costNanoUsd: (before?.costNanoUsd ?? 0) + costNanoUsd,
    };
    this.#readings.set(namespace, reading);
    return reading;
  }
}
