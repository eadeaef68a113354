/** What a process that tells the ledger says of its spool. */
import { Counter, Gauge, type Registry } from 'prom-client';

export type RecordFate = 'acknowledged' | 'refused' | 'lost';

export interface LedgerClientMetrics {
  readonly records: (fate: RecordFate, count: number) => void;
  readonly textCut: () => void;
  readonly deliveryFailed: (reason: string) => void;
  /** Once: what is measured at each scrape. */
  readonly observe: (spool: { readonly bytes: () => number; readonly maximumBytes: number }) => void;
}

export function createLedgerClientMetrics(registry: Registry): LedgerClientMetrics {
  const registers = [registry];
  const records = new Counter({
    name: 'capataz_ledger_client_records_total',
    help: 'Records told to the ledger by what became of them: acknowledged, refused or lost.',
    labelNames: ['fate'],
    registers,
  });
  for (const fate of ['acknowledged', 'refused', 'lost']) records.inc({ fate }, 0);
  const texts = new Counter({
    name: 'capataz_ledger_client_cut_texts_total',
    help: 'Texts that were too long to be told whole beside their record.',
    registers,
  });
  const failures = new Counter({
    name: 'capataz_ledger_client_delivery_failures_total',
    help: 'Times that records could not be delivered, and stayed in the spool.',
    labelNames: ['reason'],
    registers,
  });
  return {
    records: (fate, count) => records.inc({ fate }, count),
    textCut: () => texts.inc(),
    deliveryFailed: (reason) => failures.inc({ reason }),
    observe: ({ bytes, maximumBytes }) => {
      registry.registerMetric(
        new Gauge({
          name: 'capataz_ledger_client_spool_bytes',
          help: 'Bytes of records that wait for the ledger, and of delivered ones whose file is not removed yet.',
          registers: [],
          collect() {
            this.set(bytes());
          },
        }),
      );
      new Gauge({
        name: 'capataz_ledger_client_spool_maximum_bytes',
        help: 'Bytes that the spool may take.',
        registers,
      }).set(maximumBytes);
    },
  };
}
