import { describe, expect, it } from 'vitest';
import { type Scene, conditionOf, rolledOut, scene } from '../../testing/agent-scene.ts';

const PROBED: Scene = {
  deployment: rolledOut(),
  ledgerUrl: 'http://capataz-ledger:8080',
  spec: { probes: { goldenSetRef: { name: 'hard-mails' } } },
};
const suspended = (given: Scene): unknown =>
  (scene({ ...PROBED, ...given }).cronJob?.['spec'] as { readonly suspend: boolean } | undefined)?.suspend;
const spec = { ...PROBED.spec };

describe('the probes of an Agent', () => {
  it('are off when they are not given, and the CronJob goes with them', () => {
    const { children, unwanted } = scene({ deployment: rolledOut() });
    expect(children).not.toContain('CronJob');
    expect(unwanted).toContain('CronJob');
    expect(scene(PROBED).unwanted).not.toContain('CronJob');
  });

  it('go on while the agent answers, also while some of its pods are replaced', () => {
    expect(suspended({})).toBe(false);
    expect(suspended({ deployment: rolledOut({ readyReplicas: 1, availableReplicas: 1 }) })).toBe(false);
    expect(suspended({ goldenSet: 'unknown' })).toBe(false);
  });

  it.each<[string, Scene]>([
    ['no pod is ready', { deployment: rolledOut({ readyReplicas: 0, availableReplicas: 0 }) }],
    ['it is scaled to zero', { deployment: rolledOut({}, { replicas: 0 }), spec: { ...spec, replicas: 0 } }],
    ['no Model is usable', { models: [] }],
    ['its spec is refused', { spec: { ...spec, output: { schema: { type: 'objekt' } } }, configMap: 'x' }],
    ['there is no golden set', { goldenSet: 'absent' }],
    ['the ConfigMap is none of a golden set', { goldenSet: 3 }],
  ])('are suspended while %s', (_why, given) => {
    expect(suspended(given)).toBe(true);
  });

  it.each<[string, Scene, RegExp]>([
    [
      'there is no golden set',
      { goldenSet: 'absent' },
      /ConfigMap hard-mails .* does not exist in namespace ns/,
    ],
    ['the ConfigMap has other keys', { goldenSet: 3 }, /exactly one key, a golden set; it has 3/],
    ['there is no ledger', { ledgerUrl: undefined as never }, /this installation has none/],
  ])('say what is missing when %s, and the Agent stays ready', (_why, given, message) => {
    expect(conditionOf({ ...PROBED, ...given }, 'ResolvedRefs')).toMatchObject({
      status: 'False',
      reason: 'ProbesNotPossible',
      message: expect.stringMatching(message),
    });
    expect(conditionOf({ ...PROBED, ...given }, 'Ready')).toMatchObject({ status: 'True' });
  });

  it('are not made at all without a ledger, which alone hears of them', () => {
    expect(scene({ ...PROBED, ledgerUrl: undefined as never }).cronJob).toBeUndefined();
  });

  it('do not hide what the Agent cannot run without', () => {
    expect(conditionOf({ ...PROBED, goldenSet: 'absent', models: [] }, 'ResolvedRefs')).toMatchObject({
      reason: 'ModelNotFound',
    });
  });
});
