/**
 * Looks at the attempts that came since the last look, and tells where the meters of the routers have moved by something
 * else: in the log, as a security event in the namespace, and as a figure. What was looked at is kept with the ledger, so
 * that a restart begins where the last look ended.
 */
import { Gauge, type Registry } from 'prom-client';
import { z } from 'zod';
import { LedgerEntry } from '#domain/ledger/ledger-entry.ts';
import { MeterCheck, type MeterDifference, MeterReadings } from '#domain/ledger/meter-check.ts';
import { Count } from '#domain/ledger/record-fields.ts';
import { SECURITY_EVENTS } from '#domain/ledger/security-events.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { OwnRecords } from './own-records.ts';
import type { LedgerStore } from './store/ledger-store.ts';

const DOCUMENT = 'meter-check';
const PAGE_ENTRIES = 1_000;

const Kept = z.strictObject({ position: Count, readings: MeterReadings });

export interface MeterWatchOptions {
  readonly store: Pick<LedgerStore, 'entriesAfter' | 'getDocument' | 'setDocument'>;
  readonly tell: OwnRecords['tell'];
  readonly registry: Registry;
  readonly logger: Logger;
  readonly nowMicroseconds: () => number;
}

export interface MeterWatch {
  /** To the end of what is there. To be called every minute, one call at a time. */
  readonly look: (signal: AbortSignal) => Promise<void>;
}

export function createMeterWatch(options: MeterWatchOptions): MeterWatch {
  const { store, tell, logger, nowMicroseconds } = options;
  const figure = new Gauge({
    name: 'capataz_ledger_meter_difference_nano_usd',
    help: "What the routers' meters and the ledger differ by, summed since the start of the ledger; 0 while they agree.",
    registers: [options.registry],
  });

  /** Answers with what it counts for. */
  const found = async (difference: MeterDifference): Promise<number> => {
    const { namespace, instance, boot, atAttempt, attempts, costNanoUsd } = difference;
    logger.error({ ...difference }, "a router's meter and the ledger differ");
    const { severity, owasp } = SECURITY_EVENTS.meter_differs;
    const written = await tell({
      id: `meter:${boot}:${atAttempt}`,
      type: 'security_event',
      namespace,
      atMicroseconds: nowMicroseconds(),
      event: 'meter_differs',
      severity,
      action: 'observed',
      owasp: [...owasp],
      subject: instance,
      sentence: `Before attempt ${atAttempt} of its start ${boot}, the meter of router ${instance} has ${attempts} attempt(s) and ${costNanoUsd} nano-USD that the ledger has not.`,
    });
    // The place that was looked at is not kept then: the next look finds the same, and tells it under the same id.
    if (!written.ok) throw new Error(`A difference of meters was not written: ${written.refusal.message}`);
    // An attempt that is missing counts although it cost nothing.
    return Math.max(1, Math.abs(costNanoUsd));
  };

  return {
    look: async (signal) => {
      // From the store each time: another replica may have looked meanwhile.
      const from = begin(await store.getDocument(DOCUMENT));
      const { check } = from;
      const before = from.position;
      let differing = 0;
      for (let isEnd = false; !isEnd && !signal.aborted;) {
        const page = await store.entriesAfter(from.position, { types: ['model_attempt'] }, PAGE_ENTRIES);
        for (const { canonical } of page.entries) {
          const difference = check.take(LedgerEntry.parse(JSON.parse(canonical)));
          if (difference !== undefined) differing += await found(difference);
        }
        from.position = page.position;
        isEnd = page.isEnd;
      }
      if (from.position === before) return;
      const kept: z.input<typeof Kept> = { position: from.position, readings: check.readings() };
      await store.setDocument(DOCUMENT, JSON.stringify(kept));
      // Not before: what is not kept is looked at again.
      figure.inc(differing);
    },
  };
}

function begin(document: string | undefined): { position: number; readonly check: MeterCheck } {
  const kept = document === undefined ? undefined : Kept.parse(JSON.parse(document));
  return { position: kept?.position ?? 0, check: new MeterCheck(kept?.readings) };
}
