import { expect, it } from 'vitest';
import { scene } from '../testing/agent-scene.ts';
import { goldenState } from '../testing/golden-state.ts';
import { unreadableStatus } from './kind-status.ts';

it('says of an object of any kind that cannot be read what kstatus reads as Failed', async () => {
  const { agent } = scene();
  const spec = { ...agent.spec, tomorrow: true };
  const before = { endpoint: 'http://agent-a.ns.svc:8080', observedGeneration: agent.metadata.generation };
  const status = unreadableStatus(
    { ...agent, status: before },
    'spec: Unrecognized key: "tomorrow"',
    new Date('2026-01-01T12:00:00Z'),
  );
  expect(status).toMatchObject({ endpoint: before.endpoint });
  await expect(goldenState('Failed', { ...agent, spec, status })).toMatchFileSnapshot(
    './golden/states/unreadable.yaml',
  );
});
