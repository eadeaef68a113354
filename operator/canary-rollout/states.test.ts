import { describe, expect, it } from 'vitest';
import type { CanaryRollout, CanaryRolloutStatus } from '#crds/canary-rollout.ts';
import type { PromptVersion } from '#crds/prompt-version.ts';
import type { RolloutVerb } from '#domain/rollout/rollout-command.ts';
import { type KstatusVerdict, goldenState } from '../testing/golden-state.ts';
import { observedRollout } from '../testing/canary-scene.ts';
import { decideCanaryRollout } from './decide.ts';
import type { ObservedCanaryRollout } from './observe.ts';

const NOON = new Date('2026-01-01T12:00:00Z');
const OLD: CanaryRolloutStatus = { stable: { name: 'v0', digest: '0'.repeat(64) } };

const meta = (name: string, generation = 1) => ({
  namespace: 'ns',
  name,
  uid: `uid-${name}`,
  generation,
  resourceVersion: '1',
});

const rollout = (status?: CanaryRolloutStatus, generation = 1): CanaryRollout => ({
  apiVersion: '',
  kind: 'CanaryRollout',
  metadata: meta('r', generation),
  spec: { prompt: 'p', versionRef: { name: 'v1' } },
  ...(status === undefined ? {} : { status }),
});

const withStatus = (object: CanaryRollout, status: CanaryRolloutStatus): CanaryRollout => ({
  ...object,
  status,
});

function version(accepted: 'True' | 'False' | undefined, prompt = 'p'): PromptVersion {
  const condition = { type: 'Accepted', reason: 'R', message: '', lastTransitionTime: '' };
  return {
    apiVersion: '',
    kind: 'PromptVersion',
    metadata: meta('v1'),
    spec: { prompt, text: 't', digest: '1'.repeat(64) },
    ...(accepted === undefined ? {} : { status: { conditions: [{ ...condition, status: accepted }] } }),
  };
}

describe('what a CanaryRollout says of itself', () => {
  it.each<[string, KstatusVerdict, PromptVersion | undefined, CanaryRolloutStatus | undefined]>([
    ['stable', 'Current', version('True'), OLD],
    ['version-missing', 'InProgress', undefined, OLD],
    ['version-not-checked-yet', 'InProgress', version(undefined), undefined],
    ['version-refused', 'Failed', version('False'), OLD],
    ['first-version-refused', 'Failed', version('False'), undefined],
    ['version-of-another-prompt', 'Failed', version('True', 'q'), OLD],
  ])('%s, which kstatus reads as %s', async (name, verdict, wanted, before) => {
    const object = rollout(before);
    const { status } = decideCanaryRollout(observedRollout({ rollout: object, wanted }), NOON);
    await expect(goldenState(verdict, { ...object, status })).toMatchFileSnapshot(
      `./golden/states/${name}.yaml`,
    );
  });

  const steps: CanaryRollout['spec']['steps'] = [
    { setExposure: { percent: '1' } },
    { analyse: {} },
    { approve: {} },
  ];
  const before: CanaryRolloutStatus = { ...OLD, revision: 1 };

  /** As the operator leaves it after so many passes, an hour after the last of which `changes` came. */
  function after(
    passes: number,
    changes: Partial<ObservedCanaryRollout> = {},
    spec: Partial<CanaryRollout['spec']> = {},
  ): CanaryRollout {
    let object: CanaryRollout = { ...rollout(before), spec: { ...rollout().spec, steps, ...spec } };
    for (let pass = 0; pass <= passes; pass += 1) {
      const at = pass === passes ? new Date(NOON.getTime() + 3_600_000) : NOON;
      const observed = observedRollout({
        rollout: object,
        wanted: version('True'),
        ...(pass === passes && changes),
      });
      const { status } = decideCanaryRollout(observed, at);
      object = withStatus(object, status);
    }
    return object;
  }

  const command = (verb: RolloutVerb): ObservedCanaryRollout['command'] => ({
    ok: true,
    command: { id: '1', verb },
  });

  it.each<[string, KstatusVerdict, CanaryRollout]>([
    ['canary-analysed', 'InProgress', after(3)],
    ['canary-paused', 'InProgress', after(3, { command: command('pause') })],
    ['canary-waits-for-approval', 'InProgress', after(3, {}, { steps: [{ approve: {} }] })],
    ['canary-outside-window', 'InProgress', after(3, {}, { windows: [{ start: '20:00', hours: 1 }] })],
    [
      'canary-window-never-opens',
      'Failed',
      after(3, {}, { windows: [{ start: '20:00', hours: 1, timeZone: 'Mars/Olympus' }] }),
    ],
    ['canary-aborted', 'Failed', after(3, { command: command('abort') })],
    ['canary-command-refused', 'InProgress', after(3, { command: command('approve') })],
  ])('%s, which kstatus reads as %s', async (name, verdict, object) => {
    await expect(goldenState(verdict, object)).toMatchFileSnapshot(`./golden/states/${name}.yaml`);
  });

  it('new and edited, which it has not looked at yet', async () => {
    await expect(goldenState('InProgress', rollout({ observedGeneration: -1 }))).toMatchFileSnapshot(
      './golden/states/new.yaml',
    );
    const { status } = decideCanaryRollout(
      observedRollout({ rollout: rollout(), wanted: version('True') }),
      NOON,
    );
    await expect(goldenState('InProgress', rollout(status, 2))).toMatchFileSnapshot(
      './golden/states/edited.yaml',
    );
  });
});
