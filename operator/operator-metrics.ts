/** What the operator measures of itself. Labels come from closed sets. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { WriteVerb } from '#adapters/kubernetes/object-writer.ts';
import type { EventReason } from './runtime/event-recorder.ts';
import type { PassResult } from './runtime/controller.ts';

export interface OperatorMetrics {
  readonly observePass: (controller: string, result: PassResult, seconds: number) => void;
  readonly countWrite: (kind: string, verb: WriteVerb) => void;
  readonly countEvent: (kind: string, reason: EventReason) => void;
}

export interface OperatorMetricsSources {
  readonly queueDepths: () => readonly { readonly controller: string; readonly depth: number }[];
  readonly staleness: () => readonly { readonly resource: string; readonly seconds: number }[];
  readonly isLeader: () => boolean;
  readonly openStreams: () => number;
}

export function createOperatorMetrics(registry: Registry, sources: OperatorMetricsSources): OperatorMetrics {
  const registers = [registry];
  const passes = new Counter({
    name: 'capataz_operator_reconcile_total',
    help: 'Passes over objects, by controller and result.',
    labelNames: ['controller', 'result'],
    registers,
  });
  const durations = new Histogram({
    name: 'capataz_operator_reconcile_duration_seconds',
    help: 'Duration of passes, by controller.',
    labelNames: ['controller'],
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60],
    registers,
  });
  const writes = new Counter({
    name: 'capataz_operator_writes_total',
    help: 'Writes to the API server, by kind of object and verb. Events and the lease are not counted.',
    labelNames: ['kind', 'verb'],
    registers,
  });
  const events = new Counter({
    name: 'capataz_operator_events_total',
    help: 'What happened to objects, by their kind and the reason of the event.',
    labelNames: ['kind', 'reason'],
    registers,
  });
  registry.registerMetric(
    new Gauge({
      name: 'capataz_operator_queue_depth',
      help: 'Keys that wait for a pass, by controller.',
      labelNames: ['controller'],
      registers: [],
      collect() {
        for (const { controller, depth } of sources.queueDepths()) this.set({ controller }, depth);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'capataz_operator_informer_staleness_seconds',
      help: 'Seconds since the API server last said anything about a resource.',
      labelNames: ['resource'],
      registers: [],
      collect() {
        for (const { resource, seconds } of sources.staleness()) this.set({ resource }, seconds);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'capataz_operator_leader',
      help: '1 while this process leads.',
      registers: [],
      collect() {
        this.set(sources.isLeader() ? 1 : 0);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'capataz_operator_configuration_streams',
      help: 'Agents that follow their configuration here.',
      registers: [],
      collect() {
        this.set(sources.openStreams());
      },
    }),
  );
  return {
    observePass: (controller, result, seconds) => {
      passes.inc({ controller, result });
      durations.observe({ controller }, seconds);
    },
    countWrite: (kind, verb) => writes.inc({ kind, verb }),
    countEvent: (kind, reason) => events.inc({ kind, reason }),
  };
}
