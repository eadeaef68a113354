/** From pods that know one document with the prompt in it to pods that follow their rollout's. */
import { describe, expect, it } from 'vitest';
import { aPromptVersion, aRollout, rolledOut, scene } from '../testing/agent-scene.ts';

const ROLLOUT_VOLUME = { name: 'rollout', configMap: { name: 'rollout-r' } };
const templateOf = (...volumes: object[]): object => ({
  replicas: 2,
  template: { spec: { volumes: [{ name: 'configuration' }, ...volumes] } },
});
const FORMER_PODS = rolledOut({}, templateOf());
const BOTH_KINDS_OF_PODS = rolledOut({ replicas: 3, updatedReplicas: 1 }, templateOf(ROLLOUT_VOLUME));
const PRESENT_PODS = rolledOut({}, templateOf(ROLLOUT_VOLUME));

/** As version 0.1 wrote it. */
function formerText(version: string): string {
  const { spec } = aPromptVersion(version);
  const { configuration } = scene();
  const prompt = { name: 'p', version, digest: spec.digest, text: spec.text };
  const { schemaVersion: _absent, ...former } = configuration ?? {};
  return JSON.stringify({ ...former, revision: 5, prompt });
}

describe('an upgrade from version 0.1', () => {
  it('writes the present layout beside the former before it replaces a pod', () => {
    const { configuration, former } = scene({ former: formerText('v1'), deployment: FORMER_PODS });
    expect(configuration).toMatchObject({ schemaVersion: 1, rollout: 'r' });
    expect(configuration).not.toHaveProperty('prompt');
    expect(former?.prompt?.text).toBe('Text of v1');
  });

  it.each([
    ['are all there', FORMER_PODS],
    ['are being replaced', BOTH_KINDS_OF_PODS],
  ])('tells former pods of a release as ever while they %s, under a higher revision', (_, deployment) => {
    const { former } = scene({
      rollout: aRollout('v2'),
      versions: [aPromptVersion('v1'), aPromptVersion('v2')],
      former: formerText('v1'),
      deployment,
    });
    expect(former?.prompt?.version).toBe('v2');
    expect(former?.revision).toBeGreaterThan(5);
  });

  it('leaves to former pods the last good prompt when nothing can be resolved', () => {
    const { former } = scene({ rollout: undefined, former: formerText('v1'), deployment: FORMER_PODS });
    expect(former?.prompt?.version).toBe('v1');
  });

  it('takes the former layout away once the last pod of it is replaced', () => {
    expect(scene({ former: formerText('v1'), deployment: PRESENT_PODS }).former).toBeUndefined();
  });

  it('writes it never again, also while a later template replaces pods', () => {
    expect(scene({ deployment: BOTH_KINDS_OF_PODS }).former).toBeUndefined();
  });

  it('gives a new Agent the present layout alone', () => {
    expect(scene().former).toBeUndefined();
  });

  it('goes on with the revisions of the former layout, so that no pod takes new news for old', () => {
    const { configuration } = scene({ former: formerText('v1'), deployment: FORMER_PODS });
    expect(configuration?.revision).toBeGreaterThan(5);
  });
});

describe('an Agent whose rollout is gone', () => {
  const candidate = aPromptVersion('v2');
  const versions = [aPromptVersion('v1'), candidate];
  const before = (version: string, arm: 'stable' | 'candidate') => ({
    rollout: 'r',
    arm,
    prompt: {
      version,
      digest: versions.find(({ metadata }) => metadata.name === version)?.spec.digest ?? '',
    },
  });
  const gone = (status: ReturnType<typeof before>) =>
    scene({
      rollout: undefined,
      versions,
      status,
      configMap: JSON.stringify(scene().configuration),
      deployment: PRESENT_PODS,
    });

  it('stays on the stable version that it served, which its own configuration holds from now on', () => {
    expect(gone(before('v1', 'stable')).configuration?.prompt?.version).toBe('v1');
  });

  it('is not left on the candidate that it tried when it was deleted in the middle of a canary', () => {
    expect(gone(before('v2', 'candidate')).configuration?.prompt).toBeUndefined();
  });

  it('restarts no pod for it', () => {
    const { deployment } = scene({
      spec: { promptRef: { name: 'nobody' } },
      versions,
      status: before('v1', 'stable'),
      configMap: JSON.stringify(scene().configuration),
      deployment: PRESENT_PODS,
    });
    expect(JSON.stringify(deployment)).toContain('"rollout-r"');
    expect(JSON.stringify(deployment)).not.toContain('rollout-nobody');
  });
});
