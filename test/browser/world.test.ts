/** That the world of this suite is what its tests take it for: large, with a past, and hostile. */
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { type KubeClient, createKubeClient, loadKubeConfig } from '#adapters/kubernetes/kube-client.ts';
import { collectionPath } from '#adapters/kubernetes/resilient-informer.ts';
import { AGENTS } from '#operator/agent/resources.ts';
import { AGENT_COUNT } from './world/browser-world.ts';
import { HOSTILE_NAMESPACE } from './world/hostile-objects.ts';
import { HOSTILE_TEXTS } from './world/hostile-texts.ts';

let kube: KubeClient;
beforeAll(() => {
  kube = createKubeClient(loadKubeConfig(inject('browserWorld').kubeconfig));
});
afterAll(() => kube.close());

it('has a thousand agents, of which two hundred say something hostile', async () => {
  const list = async (namespace?: string) => {
    const path = collectionPath(AGENTS.groupVersion, AGENTS.plural, namespace);
    const { items } = (await kube.request({ method: 'GET', path })) as {
      readonly items: readonly { readonly spec: { readonly description: string } }[];
    };
    return items;
  };
  expect(await list()).toHaveLength(AGENT_COUNT);
  const hostile = await list(HOSTILE_NAMESPACE);
  expect(hostile.length).toBeGreaterThanOrEqual(200);
  expect(hostile.map(({ spec }) => spec.description)).toEqual(
    expect.arrayContaining([HOSTILE_TEXTS[0]?.text]),
  );
});
