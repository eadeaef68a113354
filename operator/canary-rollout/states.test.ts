import { describe, expect, it } from 'vitest';
import type { CanaryRollout, CanaryRolloutStatus } from '#crds/canary-rollout.ts';
import type { PromptVersion } from '#crds/prompt-version.ts';
import { type KstatusVerdict, goldenState } from '../testing/golden-state.ts';
import { decideCanaryRollout } from './decide.ts';

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
    const { status } = decideCanaryRollout({ rollout: object, wanted }, NOON);
    await expect(goldenState(verdict, { ...object, status })).toMatchFileSnapshot(
      `./golden/states/${name}.yaml`,
    );
  });

  it('new and edited, which it has not looked at yet', async () => {
    await expect(goldenState('InProgress', rollout({ observedGeneration: -1 }))).toMatchFileSnapshot(
      './golden/states/new.yaml',
    );
    const { status } = decideCanaryRollout({ rollout: rollout(), wanted: version('True') }, NOON);
    await expect(goldenState('InProgress', rollout(status, 2))).toMatchFileSnapshot(
      './golden/states/edited.yaml',
    );
  });
});
