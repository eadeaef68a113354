/** How each rollout stands, for dashboards and alerts: read from the local copy when it is asked for. */
import { Gauge, type Registry } from 'prom-client';
import type { CanaryRollout } from '#crds/canary-rollout.ts';
import { WHOLE_BASIS_POINTS } from '#domain/rollout/cohort.ts';

export function registerRolloutMetrics(registry: Registry, rollouts: () => readonly CanaryRollout[]): void {
  registry.registerMetric(
    new Gauge({
      name: 'capataz_rollout_exposed_ratio',
      help: 'Share of agents or sessions that take the candidate, from 0 to 1; 0 without one.',
      labelNames: ['namespace', 'rollout'],
      registers: [],
      collect() {
        this.reset();
        for (const { metadata, status } of rollouts()) {
          const { namespace, name: rollout } = metadata;
          this.set({ namespace, rollout }, (status?.exposure?.basisPoints ?? 0) / WHOLE_BASIS_POINTS);
        }
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'capataz_rollout_phase',
      help: '1 for the phase that a rollout is in.',
      labelNames: ['namespace', 'rollout', 'phase'],
      registers: [],
      collect() {
        this.reset();
        for (const { metadata, status } of rollouts()) {
          const { namespace, name: rollout } = metadata;
          if (status?.phase !== undefined) this.set({ namespace, rollout, phase: status.phase }, 1);
        }
      },
    }),
  );
}
