import { Counter, Gauge, type Registry } from 'prom-client';

export interface SiemMetrics {
  readonly delivered: (sink: string, events: number) => void;
  readonly failed: (sink: string) => void;
  readonly waiting: (sink: string, positions: number) => void;
}

export function createSiemMetrics(registry: Registry): SiemMetrics {
  const registers = [registry];
  const delivered = new Counter({
    name: 'capataz_ledger_sink_events_total',
    help: 'Security events that a sink has taken.',
    labelNames: ['sink'],
    registers,
  });
  const failures = new Counter({
    name: 'capataz_ledger_sink_failures_total',
    help: 'Deliveries that a sink did not take; they are tried again.',
    labelNames: ['sink'],
    registers,
  });
  const backlog = new Gauge({
    name: 'capataz_ledger_sink_backlog_entries',
    help: 'Entries of the ledger that a sink has not been asked about yet.',
    labelNames: ['sink'],
    registers,
  });
  return {
    delivered: (sink, events) => delivered.inc({ sink }, events),
    failed: (sink) => failures.inc({ sink }),
    waiting: (sink, positions) => backlog.set({ sink }, positions),
  };
}
