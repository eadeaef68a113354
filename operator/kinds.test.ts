import { describe, expect, it } from 'vitest';
import { KINDS } from '#crds/kinds.ts';
import { AGENTS, PODS, SERVICES } from './agent/resources.ts';
import { CANARY_ROLLOUTS } from './canary-rollout/resources.ts';
import { KIND_MODULES } from './kinds.ts';
import { MODELS } from './model/resources.ts';
import { PROMPT_VERSIONS } from './prompt-version/resources.ts';
import { wakersOf } from './runtime/controllers.ts';
import { resourcesOf } from './runtime/kind-module.ts';
import type { AnyWatchedResource } from '#adapters/kubernetes/watched-resource.ts';
import { type InMemoryView, createInMemoryView } from './testing/in-memory-view.ts';

const meta = (name: string, namespace = 'ns') => ({
  name,
  namespace,
  uid: name,
  generation: 1,
  resourceVersion: '1',
});

const agent = (name: string, promptRef: object, served?: string, namespace = 'ns'): object => ({
  metadata: meta(name, namespace),
  spec: { promptRef, modelPolicy: { allow: [{ name: 'small' }] } },
  ...(served === undefined ? {} : { status: { prompt: { version: served } } }),
});

const model = (ready: string, name = 'small'): object => ({
  metadata: meta(name),
  spec: { provider: 'OpenAICompatible', model: 'x', capabilities: ['Chat'] },
  status: {
    conditions: [
      {
        type: 'Ready',
        status: ready,
        reason: 'R',
        message: '',
        lastTransitionTime: '',
        observedGeneration: 1,
      },
    ],
  },
});

const version = (name: string): object => ({
  metadata: meta(name),
  spec: { prompt: 'p', text: 't', digest: '0'.repeat(64) },
});

const rollout = (wanted: string, digest = ''): object => ({
  metadata: meta('r'),
  spec: { prompt: 'p', versionRef: { name: wanted } },
  status: { stable: { name: 'v1', digest } },
});

const pod = { metadata: { ...meta('agent-follows-abc'), labels: { 'capataz.dev/agent': 'follows' } } };

function aWorld(): InMemoryView {
  const view = createInMemoryView(resourcesOf(KIND_MODULES));
  view.put(AGENTS, agent('follows', { name: 'r' }));
  view.put(AGENTS, agent('pinned', { version: 'v1' }));
  view.put(AGENTS, agent('serves-still', { name: 'gone' }, 'v1'));
  view.put(AGENTS, agent('other', { name: 'other' }));
  view.put(AGENTS, agent('elsewhere', { version: 'v1' }, 'v1', 'other-namespace'));
  view.put(CANARY_ROLLOUTS, rollout('v2'));
  view.put(MODELS, model('True'));
  return view;
}

function wokenBy(view: InMemoryView, resource: AnyWatchedResource, object: object | string): string[] {
  const { key, current, previous } =
    typeof object === 'string' ? view.remove(resource, object) : view.put(resource, object);
  const woken: string[] = [];
  for (const kind of KIND_MODULES) {
    const enqueue = (name: string): number => woken.push(`${kind.definition.kind} ${name}`);
    const enqueueAfter = (name: string): number => enqueue(`${name} later`);
    for (const [watched, wake] of wakersOf(kind, { enqueue, enqueueAfter }, { view, random: () => 0.5 })) {
      if (watched === resource) wake(resource, key, { current, previous });
    }
  }
  return woken;
}

describe('an Agent that comes, goes or changes whom it follows', () => {
  const releasing = (): InMemoryView => {
    const view = aWorld();
    const { metadata, spec } = rollout('v2') as { metadata: object; spec: object };
    const status = { stable: { name: 'v1', digest: '' }, candidate: { name: 'v2', digest: '' } };
    view.put(CANARY_ROLLOUTS, { metadata, spec, status });
    return view;
  };

  it.each<[string, object | string]>([
    ['comes', agent('new', { name: 'r' })],
    ['goes', 'ns/follows'],
    ['follows it from now on', agent('other', { name: 'r' })],
    ['follows it no more', agent('follows', { version: 'v1' })],
  ])('wakes the rollout whose cohort that changes: one that %s', (_name, change) => {
    expect(wokenBy(releasing(), AGENTS, change)).toContain('CanaryRollout ns/r');
  });

  it('wakes no rollout with all else that changes of it, nor one that exposes nobody', () => {
    expect(wokenBy(releasing(), AGENTS, agent('follows', { name: 'r' }, 'v1'))).not.toContain(
      'CanaryRollout ns/r',
    );
    expect(wokenBy(aWorld(), AGENTS, agent('new', { name: 'r' }))).toEqual(['Agent ns/new']);
  });
});

describe('what a gate is run with', () => {
  const gated = (isReleasing = true): InMemoryView => {
    const view = aWorld();
    const { metadata, spec } = rollout('v2') as { metadata: object; spec: object };
    const gate = { agentRef: { name: 'other' }, judge: { modelRef: { name: 'large' } } };
    const candidate = isReleasing ? { candidate: { name: 'v2', digest: '' } } : {};
    view.put(CANARY_ROLLOUTS, {
      metadata,
      spec: { ...spec, steps: [{ gate }] },
      status: { stable: { name: 'v1', digest: '' }, ...candidate },
    });
    view.put(MODELS, model('True', 'large'));
    return view;
  };
  const allowing = (name: string): object => ({
    ...agent('other', { name: 'other' }),
    spec: { promptRef: { name: 'other' }, modelPolicy: { allow: [{ name: 'small' }, { name }] } },
  });

  it.each<[string, AnyWatchedResource, object | string]>([
    ['its Agent goes', AGENTS, 'ns/other'],
    ['its Agent may ask another Model', AGENTS, allowing('large')],
    ['a Model of its Agent is not ready any more', MODELS, model('False')],
    ['a Model of its Agent goes', MODELS, 'ns/small'],
    ['its judge is not ready any more', MODELS, model('False', 'large')],
    ['its judge goes', MODELS, 'ns/large'],
  ])('wakes the rollout when %s', (_, resource, change) => {
    expect(wokenBy(gated(), resource, change)).toContain('CanaryRollout ns/r');
  });

  it('wakes no rollout when nothing is released, nor by a Model that is as it was', () => {
    expect(wokenBy(gated(false), MODELS, model('False', 'large'))).not.toContain('CanaryRollout ns/r');
    expect(wokenBy(gated(), MODELS, model('True', 'large'))).not.toContain('CanaryRollout ns/r');
    expect(wokenBy(gated(), AGENTS, agent('other', { name: 'other' }, 'v1'))).not.toContain(
      'CanaryRollout ns/r',
    );
  });
});

describe('a change wakes whoever decides on it, found by index (B03)', () => {
  it.each<[string, AnyWatchedResource, object | string, string[]]>([
    ['an Agent', AGENTS, agent('new', { name: 'r' }), ['Agent ns/new']],
    [
      'a rollout that serves something else',
      CANARY_ROLLOUTS,
      rollout('v2', 'other'),
      ['CanaryRollout ns/r', 'Agent ns/follows later'],
    ],
    ['a rollout that serves what it did', CANARY_ROLLOUTS, rollout('v3'), ['CanaryRollout ns/r']],
    [
      'a served version',
      PROMPT_VERSIONS,
      version('v1'),
      [
        'PromptVersion ns/v1',
        'CanaryRollout ns/r',
        'Agent ns/pinned',
        'Agent ns/serves-still',
        'Agent ns/follows later',
      ],
    ],
    ['a wanted version', PROMPT_VERSIONS, version('v2'), ['PromptVersion ns/v2', 'CanaryRollout ns/r']],
    ['a child, by its name', SERVICES, { metadata: meta('agent-follows') }, ['Agent ns/follows']],
    ['an object that is no child', SERVICES, { metadata: meta('kubernetes') }, []],
    ['an object that is called like no child at all', SERVICES, { metadata: meta('agent-') }, []],
    ['a pod, by its label', PODS, pod, ['Agent ns/follows']],
    ['a Model that was probed again and is as it was', MODELS, model('True'), ['Model ns/small']],
    [
      'a Model whose readiness changed',
      MODELS,
      model('False'),
      ['Model ns/small', 'Agent ns/follows', 'Agent ns/pinned', 'Agent ns/serves-still', 'Agent ns/other'],
    ],
  ])('%s', (_, resource, object, woken) => {
    expect(wokenBy(aWorld(), resource, object)).toEqual(woken);
  });

  it('also when it is deleted', () => {
    const view = aWorld();
    view.put(PODS, pod);
    expect(wokenBy(view, PODS, 'ns/agent-follows-abc')).toEqual(['Agent ns/follows']);
    expect(wokenBy(view, MODELS, 'ns/small')).toHaveLength(5);
  });

  it('and nobody who referred to it before and does no more', () => {
    const view = aWorld();
    view.put(AGENTS, agent('follows', { version: 'v9' }));
    expect(wokenBy(view, CANARY_ROLLOUTS, rollout('v3'))).toEqual(['CanaryRollout ns/r']);
  });
});

describe('the kinds', () => {
  it('are all run by the operator, each once, but for the one that has a process of its own', () => {
    const run = KIND_MODULES.map(({ definition }) => definition.kind);
    expect([...run, 'PromptRepository'].toSorted()).toEqual(KINDS.map(({ kind }) => kind).toSorted());
  });

  it.each(KINDS.map((kind) => [kind.kind, kind] as const))(
    '%s says before its first pass that it was not looked at, as GitOps tools read it',
    (_, { status, conditions }) => {
      expect(status.meta()?.['default']).toEqual({ observedGeneration: -1 });
      expect(status.safeParse({ observedGeneration: -1 }).success).toBe(true);
      expect(Object.keys(conditions)).toContain('Ready');
    },
  );
});
