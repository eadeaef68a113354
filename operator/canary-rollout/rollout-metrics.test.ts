import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import type { CanaryRollout, CanaryRolloutStatus } from '#crds/canary-rollout.ts';
import { registerRolloutMetrics } from './rollout-metrics.ts';

function aRollout(status: CanaryRolloutStatus): CanaryRollout {
  return {
    apiVersion: '',
    kind: '',
    metadata: { namespace: 'ns', name: 'triage', uid: 'u', generation: 1, resourceVersion: '1' },
    spec: { prompt: 'p', versionRef: { name: 'v1' } },
    status,
  };
}

describe('the metrics of rollouts', () => {
  it('say which share is exposed and in which phase it is, and nothing of one that is gone', async () => {
    const registry = new Registry();
    const exposure = {
      unit: 'Agent',
      basisPoints: 25,
      percent: '0.25',
      salt: 's',
      agents: 800,
      exposedAgents: 2,
    } as const;
    let rollouts = [aRollout({ phase: 'Paused', exposure })];
    registerRolloutMetrics(registry, () => rollouts);
    const before = await registry.metrics();
    expect(before).toContain('capataz_rollout_exposed_ratio{namespace="ns",rollout="triage"} 0.0025');
    expect(before).toContain('capataz_rollout_phase{namespace="ns",rollout="triage",phase="Paused"} 1');
    rollouts = [aRollout({ phase: 'Idle' })];
    const after = await registry.metrics();
    expect(after).toContain('capataz_rollout_exposed_ratio{namespace="ns",rollout="triage"} 0');
    expect(after).not.toContain('Paused');
    rollouts = [];
    expect(await registry.metrics()).not.toContain('triage');
  });
});
