import { describe, expect, it } from 'vitest';
import type { Condition } from '#crds/conditions.ts';
import {
  type Scene,
  aModel,
  aPromptVersion,
  aRollout,
  conditionOf,
  conditions,
  configurationText,
  meta,
  rolledOut,
  scene,
} from '../testing/agent-scene.ts';

describe('what an Agent is served with', () => {
  it('is the stable version of its rollout', () => {
    const { configuration, children, status } = scene();
    expect(configuration).toMatchObject({ rollout: 'r' });
    expect(configuration).not.toHaveProperty('prompt');
    expect(status).toMatchObject({ rollout: 'r', arm: 'stable', prompt: { version: 'v1' } });
    expect(configuration?.agent).toEqual({
      namespace: 'ns',
      name: 'a',
      uid: 'uid-a',
      generation: 3,
    });
    expect(children).toHaveLength(5);
  });

  it('costs no write when another version is released: its configuration does not say which one it is', () => {
    const before = scene().configuration;
    const versions = [aPromptVersion('v1'), aPromptVersion('v2')];
    const written = JSON.stringify(before);
    const after = scene({ versions, rollout: aRollout('v2'), written });
    expect(after.configuration).toEqual(before);
    expect(after.status.prompt?.version).toBe('v2');
  });

  it('is the version it is pinned to, whatever is released', () => {
    const versions = [aPromptVersion('v1'), aPromptVersion('v2')];
    const { configuration } = scene({ spec: { promptRef: { version: 'v2' } }, versions });
    expect(configuration?.prompt?.version).toBe('v2');
  });

  it.each<[string, Scene, string]>([
    ['the rollout does not exist', { rollout: undefined }, 'RolloutNotFound'],
    ['the rollout has no stable version', { rollout: aRollout(undefined) }, 'RolloutHasNoStable'],
    ['the version does not exist', { versions: [] }, 'PromptVersionNotFound'],
    ['the version is refused', { versions: [aPromptVersion('v1', false)] }, 'PromptVersionNotAccepted'],
    [
      'the version was not checked yet',
      { versions: [aPromptVersion('v1', 'unchecked')] },
      'PromptVersionNotAccepted',
    ],
    ['a Model does not exist', { models: [] }, 'ModelNotFound'],
    ['no Model is ready', { models: [aModel(false)] }, 'ModelNotReady'],
    ['a Model was ready before its spec changed', { models: [aModel(true, 0)] }, 'ModelNotReady'],
  ])('is nothing, and no pods are made, when %s from the start', (_, given, reason) => {
    const { children, status } = scene(given);
    expect(children).toEqual([]);
    expect(status.conditions?.map(({ type, reason }) => [type, reason])).toEqual([
      ['Accepted', 'Accepted'],
      ['ResolvedRefs', reason],
      ['Ready', 'RefsNotResolved'],
    ]);
  });

  it('is ready to be served when one of several Models is', () => {
    const models = [aModel(true), { ...aModel(false), metadata: meta('m2') }];
    const allow = [{ name: 'm' }, { name: 'm2' }];
    expect(conditionOf({ spec: { modelPolicy: { allow } }, models }, 'ResolvedRefs')?.status).toBe('True');
  });
});

describe('what an Agent is served with when something breaks later', () => {
  it('is the version of its status, if it is still the same text', () => {
    const version = aPromptVersion('v0');
    const status = { prompt: { version: 'v0', digest: version.spec.digest } };
    const broken = scene({ rollout: undefined, versions: [version], status, spec: { limits: { steps: 2 } } });
    expect(broken.configuration).toMatchObject({ prompt: { version: 'v0' }, limits: { steps: 2 } });
    const other = scene({
      rollout: undefined,
      versions: [version],
      status: { prompt: { version: 'v0', digest: 'x' } },
    });
    expect(other.configuration).toBeUndefined();
  });

  it('is the prompt of the live ConfigMap when the version is gone too', () => {
    const { configuration } = scene({
      rollout: undefined,
      versions: [],
      configMap: configurationText('v0'),
    });
    expect(configuration?.prompt).toMatchObject({ version: 'v0', text: 'Text of v0' });
  });

  it.each([
    ['is not JSON', 'x'],
    ['is of another Agent', configurationText('v0').replace('uid-a', 'uid-b')],
    ['has a prompt that is not what its digest says', configurationText('v0').replace('Text of', 'Hack of')],
  ])('is not a ConfigMap that %s, and the pods are left as they are', (_, configMap) => {
    const { configuration, children } = scene({
      rollout: undefined,
      versions: [],
      configMap,
      deployment: { spec: { replicas: 2 } },
    });
    expect(configuration).toBeUndefined();
    expect(children).not.toContain('ConfigMap');
    expect(children).toContain('Deployment');
  });

  it('is what was written last rather than what the ConfigMap says now', () => {
    const edited = JSON.stringify({ ...JSON.parse(configurationText('v0')), tools: ['calculate'] });
    const { configuration, status } = scene({
      spec: { output: { schema: { type: 'objekt' } } },
      configMap: edited,
      written: configurationText('v0'),
    });
    expect(status.conditions?.[0]).toMatchObject({ status: 'False', reason: 'OutputSchemaInvalid' });
    expect(configuration).toEqual(JSON.parse(configurationText('v0')));
  });
});

describe('the condition Ready', () => {
  const readyOf = (given: Scene) => conditionOf(given, 'Ready');

  it.each<[string, Scene, string, string]>([
    ['every pod is ready', { deployment: rolledOut() }, 'True', 'PodsReady'],
    [
      'the Deployment was not looked at yet',
      { deployment: rolledOut({ observedGeneration: 3 }) },
      'False',
      'PodsNotReady',
    ],
    [
      'a pod of the old template is left',
      { deployment: rolledOut({ replicas: 3 }) },
      'False',
      'PodsNotReady',
    ],
    ['a pod is missing', { deployment: rolledOut({ availableReplicas: 1 }) }, 'False', 'PodsNotReady'],
    ['there is no Deployment', {}, 'False', 'PodsNotReady'],
    ['there are to be no pods', { deployment: rolledOut({}, { replicas: 0 }) }, 'True', 'ScaledToZero'],
    [
      'the autoscaler is adding pods above the least',
      {
        spec: { autoscaling: { minReplicas: 2, maxReplicas: 9 } },
        deployment: rolledOut({ replicas: 5, updatedReplicas: 5 }, { replicas: 5 }),
      },
      'True',
      'PodsReady',
    ],
  ])('when %s', (_, given, status, reason) => {
    expect(readyOf(given)).toMatchObject({ status, reason, observedGeneration: 3 });
  });

  it('tells what keeps pods from being made', () => {
    const failure = {
      type: 'ReplicaFailure',
      status: 'True',
      message: 'pods "a" is forbidden: exceeded quota',
    };
    const ready = readyOf({
      deployment: rolledOut({ replicas: 0, updatedReplicas: 0, availableReplicas: 0, conditions: [failure] }),
    });
    expect(ready?.message).toContain('exceeded quota');
  });

  it('says that a prompt goes on serving only while a pod answers with it', () => {
    const lost: Scene = { rollout: undefined, configMap: configurationText('v0') };
    const serving = 'PromptVersion v0 goes on serving meanwhile.';
    expect(readyOf({ ...lost, deployment: rolledOut() })?.message).toContain(serving);
    expect(readyOf({ ...lost, deployment: rolledOut({ readyReplicas: 0 }) })?.message).not.toContain(serving);
    expect(readyOf(lost)?.message).not.toContain(serving);
  });

  it('ends what Kubernetes says with one full stop', () => {
    const conditions = [{ type: 'ReplicaFailure', status: 'True', message: 'not helpful for scheduling.' }];
    const ready = readyOf({ deployment: rolledOut({ availableReplicas: 0, conditions }) });
    expect(ready?.message).toMatch(/for scheduling\.$/);
    expect(ready?.message).not.toContain('..');
  });

  it('keeps its time of transition while its status stays', () => {
    const before = conditions('Ready', 'True')[0] as Condition;
    const earlier = { ...before, lastTransitionTime: '2020-01-01T00:00:00Z' };
    const ready = readyOf({ status: { conditions: [earlier] }, deployment: rolledOut() });
    expect(ready?.lastTransitionTime).toBe('2020-01-01T00:00:00Z');
  });
});

describe('an Agent of several Models', () => {
  const allow = [{ name: 'm' }, { name: 'm2' }];
  const spec = { modelPolicy: { allow } };
  const second = { ...aModel(false), metadata: meta('m2') };
  const readyOf = (given: Scene) => conditionOf({ spec, ...given }, 'Ready');

  it('starts without one that is missing, says which it is, and is ready', () => {
    const { children } = scene({ spec });
    expect(children).toContain('Deployment');
    const resolved = conditionOf({ spec }, 'ResolvedRefs');
    expect(resolved).toMatchObject({ status: 'False', reason: 'ModelNotFound' });
    expect(resolved?.message).toMatch(/names m2, and no such Model exists/);
    expect(readyOf({ deployment: rolledOut() })).toMatchObject({ status: 'True', reason: 'PodsReady' });
  });

  it('does not start when the one that exists is not usable', () => {
    expect(scene({ spec, models: [second] }).children).toEqual([]);
    expect(readyOf({ models: [second] })).toMatchObject({ status: 'False', reason: 'RefsNotResolved' });
  });
});

describe('an Agent that runs', () => {
  const readyWith = (...models: ReturnType<typeof aModel>[]) =>
    conditionOf({ models, deployment: rolledOut() }, 'Ready')?.status;
  const unknown = { ...aModel(true), status: {} };

  it('stays ready while its Model is looked at again after an edit, and while nothing is known of it', () => {
    expect(readyWith(aModel(true, 0))).toBe('True');
    expect(readyWith(unknown)).toBe('True');
  });

  it('is not ready when every Model of it is known to fail, also by what was known before the last edit', () => {
    expect(readyWith(aModel(false))).toBe('False');
    expect(readyWith(aModel(false, 0))).toBe('False');
  });

  it('stays ready when the source of its prompt version is edited, whose text never changes', () => {
    const edited = { ...aPromptVersion('v1'), metadata: meta('v1', 2) };
    expect(conditionOf({ versions: [edited], deployment: rolledOut() }, 'Ready')?.status).toBe('True');
  });
});

describe('the children of an Agent that the API server does not take', () => {
  const refused = (isFinal: boolean) =>
    ({ kind: 'refused', object: 'Service agent-a', message: 'because', isFinal }) as const;
  const stalledOf = (given: Scene) => conditionOf({ deployment: rolledOut(), ...given }, 'Stalled');

  it('are told by Ready, and stall it only when no waiting can help', () => {
    const overQuota: Scene = { problems: [refused(false)], deployment: rolledOut() };
    expect(conditionOf(overQuota, 'Ready')?.message).toBe(
      'The API server does not take Service agent-a: because.',
    );
    expect(stalledOf(overQuota)).toBeUndefined();
    expect(stalledOf({ problems: [refused(true)] })).toMatchObject({
      status: 'True',
      reason: 'PodsNotReady',
    });
  });

  it('are wanted all the same: what became of them changes what is said, and not what is wanted', () => {
    const taken = {
      kind: 'taken',
      object: 'Service agent-a',
      by: 'somebody else',
      isPassing: false,
    } as const;
    expect(scene({ problems: [taken] }).children).toEqual(scene().children);
    expect(conditionOf({ problems: [taken] }, 'Accepted')).toMatchObject({ reason: 'ChildNameTaken' });
  });
});
