/** What the witness tells Prometheus. */
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { Verdict } from './add-checkpoint.ts';

export interface WitnessMetrics {
  readonly registry: Registry;
  readonly judged: (verdict: Verdict) => void;
  /** The disk did not take it, or what was kept is damaged. */
  readonly failed: () => void;
}

export function createWitnessMetrics(nowSeconds: () => number): WitnessMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const checkpoints = new Counter({
    name: 'capataz_witness_checkpoints_total',
    help: 'Checkpoints that were handed in, by what became of them.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  const cosigned = new Gauge({
    name: 'capataz_witness_last_cosigned_timestamp_seconds',
    help: 'When the witness signed last; 0 since its start: never.',
    registers: [registry],
  });
  return {
    registry,
    judged: ({ outcome }) => {
      checkpoints.inc({ outcome });
      if (outcome === 'cosigned') cosigned.set(nowSeconds());
    },
    failed: () => checkpoints.inc({ outcome: 'failed' }),
  };
}
