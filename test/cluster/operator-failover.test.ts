/** The operator's replicas die, sleep and wake up; the world converges all the same, and nothing is written twice. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AGENTS } from '#operator/agent/resources.ts';
import { CHILD_RESOURCES, childrenExist, conditionOf } from './operator/children-of-agent.ts';
import { aReleasedPrompt, createAgent } from './operator/objects.ts';
import { type OperatorProcess, type World, eventually, startWorld } from './operator/operator-world.ts';

const NAMESPACE = 'failover';
const TAKEOVER_SECONDS = 20;
const LEASES = { groupVersion: 'coordination.k8s.io/v1', kind: 'Lease', plural: 'leases' };

let world: World;

beforeAll(async () => {
  world = await startWorld();
});

afterAll(async () => {
  await world.stop();
});

async function leaderOf(operators: readonly OperatorProcess[]): Promise<OperatorProcess> {
  return await eventually(async () => {
    const leading = await Promise.all(
      operators.map((operator) => operator.metric('capataz_operator_leader')),
    );
    const leader = operators[leading.indexOf(1)];
    if (leader === undefined) throw new Error('nobody leads');
    return leader;
  }, TAKEOVER_SECONDS + 5);
}

async function resourceVersions(): Promise<readonly string[]> {
  const lists = await Promise.all(
    [AGENTS, ...CHILD_RESOURCES].map(async (resource) =>
      (await world.list(resource, NAMESPACE)).map(
        ({ metadata }) => `${resource.kind}/${metadata.name}: ${metadata.uid} ${metadata.resourceVersion}`,
      ),
    ),
  );
  return lists.flat();
}

/** Once the controller manager has written the status of what was made: its writes are none of the operator's. */
async function settledResourceVersions(): Promise<readonly string[]> {
  let before = await resourceVersions();
  return await eventually(async () => {
    await sleep(3000);
    const now = await resourceVersions();
    const isSettled = now.join() === before.join();
    before = now;
    if (!isSettled) throw new Error('objects are still being written');
    return now;
  }, 60);
}

describe('an operator that is restricted to a namespace', () => {
  it('leaves the others alone', async () => {
    const operator = await world.startOperator('restricted', { CAPATAZ_WATCH_NAMESPACE: 'watched' });
    await aReleasedPrompt(world, 'watched');
    await world.createNamespace('unwatched');
    await createAgent(world, 'unwatched', 'greeter', { replicas: 0 });
    await createAgent(world, 'watched', 'greeter', { replicas: 0 });
    await childrenExist(world, 'watched', 'greeter');
    expect((await world.get(AGENTS, 'unwatched', 'greeter')).status).toEqual({ observedGeneration: -1 });
    await world.stopOperator(operator);
  });
});

describe('passes that have nothing to do', () => {
  it('make no write: 1,000 of them leave every resourceVersion as it is (B05)', async () => {
    const operator = await world.startOperator('no-op', { CAPATAZ_RESYNC_SECONDS: '1' });
    await aReleasedPrompt(world, NAMESPACE);
    const names = Array.from({ length: 30 }, (_, index) => `agent-${index}`);
    // Amounts that the API server writes otherwise than they were given are part of the trap.
    const resources = { requests: { cpu: '0.25', memory: '131072Ki' }, limits: { memory: '0.5Gi' } };
    await Promise.all(names.map((name) => createAgent(world, NAMESPACE, name, { replicas: 0, resources })));
    for (const name of names) await childrenExist(world, NAMESPACE, name, 60);
    // The deployment controller has its say too.
    await eventually(async () => {
      for (const name of names) {
        expect(await conditionOf(world, AGENTS, NAMESPACE, name, 'Ready')).toMatchObject({
          reason: 'ScaledToZero',
        });
      }
    }, 60);
    const versionsBefore = await settledResourceVersions();
    const writesBefore = await operator.metric('capataz_operator_writes_total');
    const passesBefore = await operator.metric('capataz_operator_reconcile_total', 'result="success"');
    await eventually(async () => {
      const passes = await operator.metric('capataz_operator_reconcile_total', 'result="success"');
      expect(passes - passesBefore).toBeGreaterThanOrEqual(1000);
    }, 100);
    expect((await operator.metric('capataz_operator_writes_total')) - writesBefore).toBe(0);
    expect(await resourceVersions()).toEqual(versionsBefore);
    await world.stopOperator(operator);
  });
});

describe('two replicas', () => {
  let operators: OperatorProcess[];

  beforeAll(async () => {
    operators = [await world.startOperator('replica-a'), await world.startOperator('replica-b')];
  });

  afterAll(async () => {
    for (const operator of operators) await world.stopOperator(operator);
  });

  it('are both ready, and one of them leads', async () => {
    await leaderOf(operators);
    expect(await Promise.all(operators.map((operator) => operator.readiness()))).toEqual([200, 200]);
    const leading = await Promise.all(
      operators.map((operator) => operator.metric('capataz_operator_leader')),
    );
    expect(leading.toSorted((left, right) => left - right)).toEqual([0, 1]);
  });

  it(`move the work in less than ${TAKEOVER_SECONDS} seconds when the leader is killed (B06)`, async () => {
    const leader = await leaderOf(operators);
    leader.kill('SIGKILL');
    await leader.exited;
    const killedAt = performance.now();
    await createAgent(world, NAMESPACE, 'after-kill', { replicas: 0 });
    await childrenExist(world, NAMESPACE, 'after-kill', TAKEOVER_SECONDS);
    expect((performance.now() - killedAt) / 1000).toBeLessThan(TAKEOVER_SECONDS);
    const others = operators.filter((operator) => operator !== leader);
    operators = [...others, await world.startOperator('replica-c')];
  });

  it('let a leader that slept past its lease write nothing when it wakes: it ends (B06)', async () => {
    const sleeper = await leaderOf(operators);
    const other = operators.find((operator) => operator !== sleeper) as OperatorProcess;
    sleeper.kill('SIGSTOP');
    // Work that the sleeper was told of and has not seen: done by the other.
    await createAgent(world, NAMESPACE, 'while-asleep', { replicas: 0 });
    await childrenExist(world, NAMESPACE, 'while-asleep', TAKEOVER_SECONDS);
    expect(await other.metric('capataz_operator_leader')).toBe(1);
    const versions = await settledResourceVersions();
    const holder = (await world.get(LEASES, 'capataz-system', 'capataz-operator')).spec.holderIdentity;

    sleeper.kill('SIGCONT');
    expect(await sleeper.exited).toBe(1);
    expect(await resourceVersions()).toEqual(versions);
    const lease = await world.get(LEASES, 'capataz-system', 'capataz-operator');
    expect(lease.spec.holderIdentity).toBe(holder);
    operators = [other, await world.startOperator('replica-d')];
  });

  it('hand the lease over at once when the leader is told to stop', async () => {
    const leader = await leaderOf(operators);
    const other = operators.find((operator) => operator !== leader) as OperatorProcess;
    const stoppedAt = performance.now();
    await world.stopOperator(leader);
    expect(await leader.exited).toBe(0);
    await leaderOf([other]);
    expect((performance.now() - stoppedAt) / 1000).toBeLessThan(6);
    operators = [other];
  });
});
