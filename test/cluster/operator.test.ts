/**
 * The operator as a process, with exactly its own rights, against a real API server, garbage collector and
 * deployment controller. There is no node: pods are made but never run, so their readiness is written by the tests.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AGENTS, HORIZONTAL_POD_AUTOSCALERS, PODS } from '#operator/agent/resources.ts';
import {
  CHILD_RESOURCES,
  ALWAYS_THERE,
  childrenExist,
  conditionOf,
  configurationOf,
  getChild,
  letPodsBeReady,
} from './operator/children-of-agent.ts';
import { aReleasedPrompt, condition, createAgent } from './operator/objects.ts';
import { type AnyObject, type World, eventually, startWorld } from './operator/operator-world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
  await world.startOperator('operator-a');
});

afterAll(async () => {
  await world.stop();
});

const child = (namespace: string, agent: string, resource: AnyObject): Promise<AnyObject> =>
  getChild(world, namespace, agent, resource);

describe('an Agent', () => {
  it('becomes a ServiceAccount, a ConfigMap, a Service, a PodDisruptionBudget and a Deployment that it controls', async () => {
    const version = await aReleasedPrompt(world, 'basics');
    const agent = await createAgent(world, 'basics', 'greeter', { limits: { steps: 3 }, replicas: 2 });
    await childrenExist(world, 'basics', 'greeter');
    for (const resource of ALWAYS_THERE) {
      const object = await child('basics', 'greeter', resource);
      expect(object.metadata.ownerReferences).toEqual([
        {
          apiVersion: 'capataz.dev/v1alpha1',
          kind: 'Agent',
          name: 'greeter',
          uid: agent.metadata.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ]);
    }
    expect(await child('basics', 'greeter', HORIZONTAL_POD_AUTOSCALERS)).toBeUndefined();
    const configuration = await configurationOf(world, 'basics', 'greeter');
    expect(configuration.prompt).toMatchObject({
      version: version.metadata.name,
      digest: version.spec.digest,
    });
    expect(configuration.limits.steps).toBe(3);
  });

  it('gets pods that a namespace with the restricted profile admits', async () => {
    await eventually(async () => {
      const pods = await world.list(PODS, 'basics');
      expect(pods).toHaveLength(2);
      expect(pods[0].spec.serviceAccountName).toBe('agent-greeter');
      expect(pods[0].spec.volumes.map(({ name }: AnyObject) => name)).toEqual([
        'configuration',
        'rollout',
        'router-token',
        'operator-token',
        'tmp',
      ]);
    });
  });

  it('is ready once every pod of the present template is ready, and says where it answers', async () => {
    expect(await conditionOf(world, AGENTS, 'basics', 'greeter', 'Ready')).toMatchObject({
      status: 'False',
      reason: 'PodsNotReady',
    });
    await letPodsBeReady(world, 'basics', 'greeter');
    await eventually(async () => {
      const agent = await world.get(AGENTS, 'basics', 'greeter');
      expect(condition(agent, 'Ready')).toMatchObject({ status: 'True', reason: 'PodsReady' });
      expect(agent.status).toMatchObject({
        endpoint: 'http://agent-greeter.basics.svc:8080',
        replicas: 2,
        readyReplicas: 2,
      });
      for (const { observedGeneration } of agent.status.conditions) {
        expect(observedGeneration).toBe(agent.metadata.generation);
      }
    });
  });

  it('says why its pods do not run', async () => {
    const [pod] = await world.list(PODS, 'basics');
    const status = {
      conditions: [{ type: 'Ready', status: 'False' }],
      containerStatuses: [
        {
          name: 'agent',
          image: 'capataz:test',
          imageID: '',
          ready: false,
          restartCount: 0,
          state: { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image' } },
        },
      ],
    };
    await world.patch(PODS, 'basics', pod.metadata.name, { status }, 'status');
    await eventually(async () => {
      const ready = await conditionOf(world, AGENTS, 'basics', 'greeter', 'Ready');
      expect(ready.message).toBe(
        `1 of 2 pods are ready: ${pod.metadata.name}: ImagePullBackOff of capataz:test.`,
      );
    });
  });

  it.each(ALWAYS_THERE)('gets a deleted $kind back (B03)', async (resource) => {
    const before = await child('basics', 'greeter', resource);
    await world.remove(resource, 'basics', 'agent-greeter');
    await eventually(async () => {
      const after = await child('basics', 'greeter', resource);
      expect(after?.metadata.uid).toBeDefined();
      expect(after.metadata.uid).not.toBe(before.metadata.uid);
    });
  });

  it('leaves nothing behind when it is deleted (B07)', async () => {
    await world.remove(AGENTS, 'basics', 'greeter');
    await eventually(async () => {
      for (const resource of [...CHILD_RESOURCES, PODS]) {
        const left = (await world.list(resource, 'basics')).filter(
          ({ metadata }) => metadata.labels?.['capataz.dev/agent'] !== undefined,
        );
        expect(left, resource.kind).toEqual([]);
      }
    }, 60);
  });
});
