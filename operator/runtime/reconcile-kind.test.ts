import { describe, expect, it } from 'vitest';
import { KubeApiError } from '#adapters/kubernetes/kube-api-error.ts';
import type { DesiredObject, ObjectWriter } from '#adapters/kubernetes/object-writer.ts';
import { promptDigest } from '#domain/prompts/prompt-digest.ts';
import { AGENTS, CONFIG_MAPS, SERVICES } from '../agent/resources.ts';
import { agentKind } from '../agent/kind.ts';
import type { OperatorConfig } from '../config.ts';
import { MODELS } from '../model/resources.ts';
import { PROMPT_VERSIONS } from '../prompt-version/resources.ts';
import { createInMemoryView } from '../testing/in-memory-view.ts';
import { resourcesOf } from './kind-module.ts';

const AGENT_KIND = agentKind({ countGoldenSetKeys: () => Promise.resolve('unknown') });

const NOON = new Date('2026-01-01T12:00:00Z');
const KEY = 'ns/a';

const meta = (name: string) => ({
  namespace: 'ns',
  name,
  uid: `uid-${name}`,
  generation: 1,
  resourceVersion: '1',
  creationTimestamp: NOON.toISOString(),
});
const condition = (type: string) => ({
  type,
  status: 'True',
  reason: 'R',
  message: '',
  lastTransitionTime: '',
  observedGeneration: 1,
});

/** An Agent with all it needs in a cluster that is nothing but this; writes are put into it, as the API server would. */
function aCluster() {
  const view = createInMemoryView(resourcesOf([AGENT_KIND]));
  let spec: object = { promptRef: { version: 'v1' }, modelPolicy: { allow: [{ name: 'm' }] } };
  let generation = 1;
  const agentOf = (status: object): object => ({ metadata: { ...meta('a'), generation }, spec, status });
  view.put(AGENTS, agentOf({ observedGeneration: -1 }));
  view.put(PROMPT_VERSIONS, {
    metadata: meta('v1'),
    spec: { prompt: 'p', text: 't', digest: promptDigest('t') },
    status: { conditions: [condition('Accepted')] },
  });
  view.put(MODELS, {
    metadata: meta('m'),
    spec: { provider: 'OpenAICompatible', model: 'x', capabilities: ['Chat'] },
    status: { conditions: [condition('Ready')] },
  });

  const state = { refused: undefined as string | undefined, writes: [] as string[], events: [] as string[] };
  let version = 1;
  const resources = AGENT_KIND.children?.resources.map(({ resource }) => resource) ?? [];
  const store = (kind: string, desired: DesiredObject) => {
    version += 1;
    state.writes.push(kind);
    const object = {
      ...desired,
      metadata: {
        ...desired.metadata,
        uid: `uid-${kind}`,
        resourceVersion: String(version),
        managedFields: [{ manager: 'capataz-operator', operation: 'Apply' }],
      },
    };
    const resource = resources.find((one) => one.kind === kind);
    if (resource !== undefined) view.put(resource, object);
    return Promise.resolve(object as never);
  };
  const writer = {
    create: ({ kind }, desired) => {
      if (kind !== state.refused) return store(kind, desired);
      throw new KubeApiError('exceeded quota', 403, 'Forbidden', undefined);
    },
    apply: ({ kind }, desired) => store(kind, desired),
    applyStatus: (_resource, _target, status) => {
      state.writes.push('status');
      view.put(AGENTS, agentOf(status as object));
      return Promise.resolve({ metadata: meta('a'), status } as never);
    },
  } as Partial<ObjectWriter> as ObjectWriter;
  const { reconcile } = AGENT_KIND.createReconciler({
    tellLedger: async () => undefined,
    view,
    writer,
    config: { pods: { agentImage: 'i' } } as OperatorConfig,
    random: () => 0.5,
    now: () => NOON,
    events: {
      record: (_resource, _metadata, { type, reason }) => state.events.push(`${type} ${reason}`),
      flush: () => Promise.resolve(),
    },
    kubeClient: {
      request: () => Promise.reject(new KubeApiError('not found', 404, 'NotFound', undefined)),
    },
  });
  const pass = () => reconcile(KEY, new AbortController().signal);
  const readyOf = () => {
    const read = view.of(AGENTS).get(KEY);
    return read?.content.object.status?.conditions?.find(({ type }) => type === 'Ready');
  };
  const edit = (edited: object) => {
    spec = edited;
    generation += 1;
    view.put(AGENTS, agentOf(view.of(AGENTS).get(KEY)?.content.object.status ?? {}));
  };
  return { view, state, pass, readyOf, edit };
}

describe('a pass', () => {
  it('makes the children and writes the status once, with what became of them in it', async () => {
    const { state, pass, readyOf } = aCluster();
    await pass();
    expect(state.writes).toEqual([
      'ServiceAccount',
      'ConfigMap',
      'Service',
      'PodDisruptionBudget',
      'Deployment',
      'status',
    ]);
    expect(readyOf()).toMatchObject({ status: 'False', reason: 'PodsNotReady' });
    expect(readyOf()?.message).not.toBe('The Deployment is being made.');
  });

  it('writes nothing when nothing differs', async () => {
    const { state, pass } = aCluster();
    await pass();
    state.writes.length = 0;
    expect(await pass()).toEqual({ kind: 'awaitChange' });
    expect(state.writes).toEqual([]);
  });

  it('warns of nothing while a new object comes to be', async () => {
    const { state, pass } = aCluster();
    await pass();
    await pass();
    expect(state.events.filter((event) => event.startsWith('Warning'))).toEqual([]);
  });

  it('tells in the status, by the same pass, that the API server does not take a child, and comes back', async () => {
    const { state, pass, readyOf } = aCluster();
    state.refused = 'Service';
    expect(await pass()).toMatchObject({ kind: 'recheckAfter' });
    expect(readyOf()?.message).toBe('The API server does not take Service agent-a: exceeded quota.');
    state.refused = undefined;
    await pass();
    expect(readyOf()?.message).not.toContain('exceeded quota');
  });

  it('makes nothing beside a name that is taken, and makes it once the name is free', async () => {
    const { view, state, pass, readyOf } = aCluster();
    view.put(SERVICES, { metadata: meta('agent-a') });
    await pass();
    expect(state.writes).toEqual(['status']);
    expect(readyOf()).toMatchObject({ status: 'False', reason: 'NotAccepted' });
    view.remove(SERVICES, 'ns/agent-a');
    await pass();
    expect(state.writes).toContain('Deployment');
  });

  it('restores what it wanted last when somebody edits it, also where that can be known from nowhere else', async () => {
    const { view, pass } = aCluster();
    await pass();
    const before = view.of(CONFIG_MAPS).get('ns/agent-a') as never as { metadata: object; data: object };
    view.put(CONFIG_MAPS, { ...before, data: { 'agent.json': '{"evil":true}' } });
    view.remove(PROMPT_VERSIONS, 'ns/v1');
    await pass();
    expect(view.of(CONFIG_MAPS).get('ns/agent-a')).toMatchObject({ data: before.data });
  });

  it('forgets an object that is gone: one made anew under its name is a new object', async () => {
    const { view, state, pass } = aCluster();
    await pass();
    view.remove(AGENTS, KEY);
    state.writes.length = 0;
    expect(await pass()).toEqual({ kind: 'awaitChange' });
    expect(state.writes).toEqual([]);
  });

  it('says of an object that it cannot read that it is stalled, once, and leaves its children alone', async () => {
    const { view, state, pass, readyOf, edit } = aCluster();
    await pass();
    state.writes.length = 0;
    edit({
      promptRef: { version: 'v1' },
      modelPolicy: { allow: [{ name: 'm' }] },
      somethingOfTomorrow: true,
    });
    await pass();
    await pass();
    expect(state.writes).toEqual(['status']);
    expect(readyOf()).toMatchObject({ status: 'False', reason: 'SpecUnreadable', observedGeneration: 2 });
    expect(readyOf()?.message).toMatch(/ spec: Unrecognized key: "somethingOfTomorrow"\. Correct the spec/);
    const status = view.of(AGENTS).get(KEY)?.content.object.status;
    expect(status?.conditions?.map(({ type }) => type)).toEqual(['Ready', 'Stalled']);
    expect(status).toMatchObject({ observedGeneration: 2, selector: expect.any(String) });
  });
});
