/** What a flip of a prompt writes to a real API server: the same, however many Agents follow. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectionPath } from '#adapters/kubernetes/resilient-informer.ts';
import { readWatchEvents } from '#adapters/kubernetes/watch-stream.ts';
import { AGENTS, CONFIG_MAPS } from '#operator/agent/resources.ts';
import { CANARY_ROLLOUTS } from '#operator/canary-rollout/resources.ts';
import { PROMPT_VERSIONS } from '#operator/prompt-version/resources.ts';
import { childrenExist, conditionOf } from './operator/children-of-agent.ts';
import { aPromptVersion, aReleasedPrompt, createAgent } from './operator/objects.ts';
import { type AnyObject, type World, eventually, startWorld } from './operator/operator-world.ts';

const WATCHED = [CANARY_ROLLOUTS, CONFIG_MAPS, AGENTS];
const SETTLED_SECONDS = 3;

let world: World;

beforeAll(async () => {
  world = await startWorld();
  await world.startOperator('operator-a');
});

afterAll(async () => {
  await world.stop();
});

async function followedBy(namespace: string, agents: number): Promise<readonly string[]> {
  await aReleasedPrompt(world, namespace);
  const names = Array.from({ length: agents }, (_, index) => `agent-${index}`);
  await Promise.all(names.map((name) => createAgent(world, namespace, name, { replicas: 0 })));
  for (const name of names) {
    await childrenExist(world, namespace, name, 60);
    await eventually(async () => {
      expect(await conditionOf(world, AGENTS, namespace, name, 'Ready')).toMatchObject({
        reason: 'ScaledToZero',
      });
    }, 60);
  }
  return names;
}

async function versionsOf(namespace: string): Promise<readonly string[]> {
  const objects = (await Promise.all(WATCHED.map((resource) => world.list(resource, namespace)))).flat();
  return objects.map(({ metadata }) => metadata.resourceVersion);
}

/** Until what the setting up has begun is written. */
async function settled(namespace: string): Promise<void> {
  let before = await versionsOf(namespace);
  await eventually(async () => {
    await sleep(SETTLED_SECONDS * 1000);
    const now = await versionsOf(namespace);
    const isSettled = now.join() === before.join();
    before = now;
    expect(isSettled).toBe(true);
  }, 60);
}

/** Each write of an object of these resources from now on, as `Kind/name`, until the signal. */
async function recordWrites(
  namespace: string,
  signal: AbortSignal,
): Promise<{ readonly writes: readonly string[]; readonly ended: Promise<unknown> }> {
  const writes: string[] = [];
  const watches = WATCHED.map(async ({ kind, groupVersion, plural }) => {
    const path = collectionPath(groupVersion, plural, namespace);
    const { metadata } = (await world.kube.request({ method: 'GET', path })) as AnyObject;
    const { resourceVersion } = metadata;
    const body = await world.kube.stream({ path, query: { watch: true, resourceVersion }, signal });
    return async (): Promise<void> => {
      for await (const { object } of readWatchEvents(body)) {
        writes.push(`${kind}/${(object as AnyObject).metadata.name}`);
      }
    };
  });
  const reading = (await Promise.all(watches)).map((read) => read().catch(() => undefined));
  return { writes, ended: Promise.all(reading) };
}

describe('a flip', () => {
  it.each([3, 25])('is one status and one ConfigMap, with %i Agents that follow', async (agents) => {
    const namespace = `flip-${agents}`;
    const names = await followedBy(namespace, agents);
    const next = await world.create(PROMPT_VERSIONS, aPromptVersion(namespace, 'Bonjour'));
    await eventually(async () => {
      expect(
        await conditionOf(world, PROMPT_VERSIONS, namespace, next.metadata.name, 'Accepted'),
      ).toMatchObject({ status: 'True' });
    });
    await settled(namespace);
    const stopping = new AbortController();
    const { writes, ended } = await recordWrites(namespace, stopping.signal);

    const spec = { versionRef: { name: next.metadata.name } };
    await world.patch(CANARY_ROLLOUTS, namespace, 'greeter', { spec });
    // The Agents tell of it later, each by one write of its status: by then all else is written too.
    await eventually(async () => {
      for (const agent of await world.list(AGENTS, namespace)) {
        expect(agent.status.prompt.digest).toBe(next.spec.digest);
      }
      expect(writes.filter((write) => write.startsWith('Agent/'))).toHaveLength(agents);
    }, 60);
    stopping.abort();
    await ended;

    const byUs = ['CanaryRollout/greeter', 'ConfigMap/rollout-greeter'];
    const bySomebodyWhoPatches = 'CanaryRollout/greeter';
    expect(writes.toSorted()).toEqual(
      [...names.map((name) => `Agent/${name}`), bySomebodyWhoPatches, ...byUs].toSorted(),
    );
  });
});
