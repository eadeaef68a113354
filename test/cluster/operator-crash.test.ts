/** The operator is killed at any point between its writes; the next one finishes the work. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AGENTS, CONFIG_MAPS, DEPLOYMENTS, SERVICES } from '#operator/agent/resources.ts';
import {
  ALWAYS_THERE,
  childrenExist,
  conditionOf,
  configurationOf,
  getChild,
} from './operator/children-of-agent.ts';
import { freeLease } from './operator/free-lease.ts';
import { aReleasedPrompt, createAgent } from './operator/objects.ts';
import { type World, eventually, startWorld } from './operator/operator-world.ts';

const NAMESPACE = 'crashes';
const CRASHES = 24;

let world: World;

beforeAll(async () => {
  world = await startWorld();
});

afterAll(async () => {
  await world.stop();
});

describe('an operator that is killed in the middle of its work', () => {
  it(`converges to the same end, ${CRASHES} times over (B01)`, async () => {
    const first = await world.startOperator('first');
    await aReleasedPrompt(world, NAMESPACE);
    await world.stopOperator(first);
    let seed = 20_260_101;
    const random = (): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed / 2_147_483_648;
    };
    const names: string[] = [];
    let interrupted = 0;
    for (let crash = 0; crash < CRASHES; crash += 1) {
      await freeLease(world);
      const operator = await world.startOperator(`crash-${crash}`);
      const name = `crash-${crash}`;
      names.push(name);
      await createAgent(world, NAMESPACE, name, { replicas: 0 });
      const earlier = names[Math.floor(random() * names.length)] ?? name;
      const edit = { spec: { limits: { steps: 1 + Math.floor(random() * 50) } } };
      await world.patch(AGENTS, NAMESPACE, earlier, edit);
      // All writes of one agent are done in about 150 ms, on a fast machine in 40: anywhere inside of
      // that, early moments more often.
      await sleep(random() ** 2 * 150);
      operator.kill('SIGKILL');
      await operator.exited;
      // Counted now: the next operator finishes it as soon as it starts.
      if ((await getChild(world, NAMESPACE, name, DEPLOYMENTS)) === undefined) interrupted += 1;
    }
    // Otherwise nothing was interrupted, and this test tests nothing.
    expect(interrupted).toBeGreaterThan(0);

    await freeLease(world);
    const survivor = await world.startOperator('survivor');
    for (const name of names) {
      await childrenExist(world, NAMESPACE, name, 30);
      await eventually(async () => {
        const agent = await world.get(AGENTS, NAMESPACE, name);
        const configuration = await configurationOf(world, NAMESPACE, name);
        expect(configuration.limits.steps).toBe(agent.spec.limits?.steps ?? 8);
        for (const resource of ALWAYS_THERE) {
          const [owner] = (await getChild(world, NAMESPACE, name, resource)).metadata.ownerReferences;
          expect(owner.uid).toBe(agent.metadata.uid);
        }
        expect(await conditionOf(world, AGENTS, NAMESPACE, name, 'Ready')).toMatchObject({
          reason: 'ScaledToZero',
          observedGeneration: agent.metadata.generation,
        });
      });
    }
    for (const resource of [CONFIG_MAPS, SERVICES, DEPLOYMENTS]) {
      const owned = (await world.list(resource, NAMESPACE)).filter(({ metadata }) =>
        metadata.name.startsWith('agent-crash-'),
      );
      expect(owned).toHaveLength(names.length);
    }
    await world.stopOperator(survivor);
  }, 240_000);
});
