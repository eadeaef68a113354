import { describe, expect, it } from 'vitest';
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';
import type { Agent } from '#crds/agent.ts';
import type { CanaryRollout } from '#crds/canary-rollout.ts';
import { AGENTS, CANARY_ROLLOUTS, MODELS, PODS, PROMPT_VERSIONS, SERVICES } from './resources.ts';
import { createWaker } from './wake-controllers.ts';

const meta = (name: string, namespace = 'ns') => ({
  name,
  namespace,
  uid: name,
  generation: 1,
  resourceVersion: '1',
});

const agent = (
  name: string,
  promptRef: Agent['spec']['promptRef'],
  served?: string,
  namespace = 'ns',
): Agent => ({
  apiVersion: '',
  kind: '',
  metadata: meta(name, namespace),
  spec: { promptRef, modelPolicy: { allow: [{ name: 'small' }] } },
  ...(served === undefined ? {} : { status: { prompt: { version: served } } }),
});

const AGENTS_OF_WORLD = [
  agent('follows', { name: 'r' }),
  agent('pinned', { version: 'v1' }),
  agent('serves-still', { name: 'gone' }, 'v1'),
  agent('other', { name: 'other' }),
  agent('elsewhere', { version: 'v1' }, 'v1', 'other-namespace'),
];
const ROLLOUT: CanaryRollout = {
  apiVersion: '',
  kind: '',
  metadata: meta('r'),
  spec: { prompt: 'p', versionRef: { name: 'v2' } },
  status: { stable: { name: 'v1', digest: '' } },
};

function wokenBy(
  resource: typeof AGENTS,
  key: string,
  change: { current?: KubeObject; previous?: KubeObject } = {},
): string[] {
  const woken: string[] = [];
  const target = (kind: string) => (woke: string) => woken.push(`${kind} ${woke}`);
  createWaker(
    { listAgents: () => AGENTS_OF_WORLD, listRollouts: () => [ROLLOUT] },
    {
      agent: target('agent'),
      promptVersion: target('version'),
      canaryRollout: target('rollout'),
      model: target('model'),
    },
  )(resource, key, { current: change.current, previous: change.previous });
  return woken;
}

const model = (status: string): KubeObject =>
  ({
    metadata: meta('small'),
    content: {
      ok: true,
      object: {
        metadata: meta('small'),
        status: { conditions: [{ type: 'Ready', status, observedGeneration: 1 }] },
      },
    },
  }) as unknown as KubeObject;

describe('a change wakes whoever decides on it (B03)', () => {
  it.each([
    ['an Agent', AGENTS, 'ns/follows', ['agent ns/follows']],
    ['a rollout', CANARY_ROLLOUTS, 'ns/r', ['rollout ns/r', 'agent ns/follows']],
    [
      'a served version',
      PROMPT_VERSIONS,
      'ns/v1',
      ['version ns/v1', 'agent ns/follows', 'agent ns/pinned', 'agent ns/serves-still'],
    ],
    ['a wanted version', PROMPT_VERSIONS, 'ns/v2', ['version ns/v2', 'rollout ns/r']],
    ['a child, by its name', SERVICES, 'ns/agent-follows', ['agent ns/follows']],
    ['an object that is no child', SERVICES, 'ns/kubernetes', []],
  ])('%s', (_, resource, key, woken) => {
    expect(wokenBy(resource, key)).toEqual(woken);
  });

  it('a pod, by its label', () => {
    const pod = { metadata: { ...meta('agent-follows-abc'), labels: { 'capataz.dev/agent': 'follows' } } };
    expect(wokenBy(PODS, 'ns/agent-follows-abc', { previous: pod })).toEqual(['agent ns/follows']);
  });

  it('a Model wakes agents when its readiness changes, and not at every probe', () => {
    expect(wokenBy(MODELS, 'ns/small', { current: model('True'), previous: model('True') })).toEqual([
      'model ns/small',
    ]);
    const woken = wokenBy(MODELS, 'ns/small', { current: model('False'), previous: model('True') });
    expect(woken).toEqual([
      'model ns/small',
      'agent ns/follows',
      'agent ns/pinned',
      'agent ns/serves-still',
      'agent ns/other',
    ]);
    expect(wokenBy(MODELS, 'ns/small', { previous: model('True') })).toHaveLength(5);
  });
});
