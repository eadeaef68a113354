/**
 * The observer with exactly its own rights, before a real API server with the operator at work, and a real ledger in which five
 * weeks of two agents stand: one costs three times as much since two hours, the other did for two hours and came back.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LEDGER_AUDIENCE } from '#domain/ledger/record-batch.ts';
import type { LedgerRecord } from '#domain/ledger/ledger-record.ts';
import { AGENTS } from '#operator/agent/resources.ts';
import { FollowedNews } from '#services/observer/testing/observer-process.ts';
import { OBSERVER_AUDIENCE } from '#services/observer/readers.ts';
import type { SubmittedRecord } from '#services/ledger/store/ledger-store.ts';
import { attempt, submitted } from '#services/ledger/store/testing/sample-records.ts';
import { type FleetLedger, fillStore, startFleetLedger } from '#test/browser/world/fleet-ledger.ts';
import { chartRules, grant } from './operator/chart-rules.ts';
import { aReleasedPrompt, condition, createAgent } from './operator/objects.ts';
import {
  type AnyObject,
  type OperatorProcess,
  SYSTEM_NAMESPACE,
  type World,
  eventually,
  launch,
  startWorld,
} from './operator/operator-world.ts';

const NAMESPACE = 'shop';
const OBSERVER = 'capataz-observer';
const PROGRAM = { path: 'services/observer/main.ts', startedMessage: 'the process is listening' } as const;
const HOUR_MICROSECONDS = 3_600_000_000;
const WEEKS = 5;
const OBSERVED = ['CostNormal', 'LatencyNormal', 'Drift', 'Probed'];

let world: World;
let directory: string;
let ledger: FleetLedger;
let operator: OperatorProcess;
const observers = new Map<string, OperatorProcess>();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'capataz-observer-'));
  await fillStore(directory, historyOfCosts());
  world = await startWorld();
  operator = await world.startOperator('operator-0');
  await aReleasedPrompt(world, NAMESPACE);
  for (const name of ['clerk', 'steady']) await createAgent(world, NAMESPACE, name);
  for (const name of ['capataz-router', 'capataz-console', OBSERVER]) {
    await world.createServiceAccount(SYSTEM_NAMESPACE, name);
  }
  ledger = await startFleetLedger(world, directory, ['router', 'console', 'observer']);
  await grant(world, OBSERVER, await chartRules('observerRules', 'tokenReviewRules'));
  await grant(world, OBSERVER, await chartRules('observerLeaseRules'), {
    suffix: '-lease',
    isInSystem: true,
  });
  await world.kubeconfigOf(SYSTEM_NAMESPACE, OBSERVER, join(directory, 'observer.kubeconfig'));
  const token = await world.token(SYSTEM_NAMESPACE, OBSERVER, LEDGER_AUDIENCE);
  await writeFile(join(directory, 'observer-token'), token);
});

afterAll(async () => {
  for (const observer of observers.values()) observer.kill('SIGKILL');
  ledger.process.kill('SIGKILL');
  await world.stop();
  await rm(directory, { recursive: true, force: true });
});

/**
 * A dollar an hour and a little more or less; three in the two hours that are told of. Hour by hour, for an hour that was received
 * as a whole is what the ledger of a running fleet holds.
 */
function historyOfCosts(): readonly (readonly SubmittedRecord[])[] {
  const thisHour = Math.floor((Date.now() * 1_000) / HOUR_MICROSECONDS);
  const dearHours: Readonly<Record<string, readonly number[]>> = {
    clerk: [thisHour - 1, thisHour - 2],
    steady: [thisHour - 30, thisHour - 31],
  };
  return Array.from({ length: WEEKS * 168 }, (_, index) => {
    const hour = thisHour - WEEKS * 168 + index;
    const usual = 1_000_000_000 * (1 + 0.1 * Math.sin(hour * 7.3));
    return Object.entries(dearHours).map(([name, dear]) =>
      submitted(
        attempt(`${name}-${hour}`, {
          agent: { name },
          namespace: NAMESPACE,
          atMicroseconds: (hour + 0.5) * HOUR_MICROSECONDS,
          costNanoUsd: Math.round(dear.includes(hour) ? 3 * usual : usual),
          model: 'local',
        }),
      ),
    );
  });
}

async function startObserver(name: string): Promise<OperatorProcess> {
  const observer = launch(PROGRAM, name, {
    CAPATAZ_KUBECONFIG: join(directory, 'observer.kubeconfig'),
    CAPATAZ_LEDGER_URL: ledger.url,
    CAPATAZ_LEDGER_TOKEN_PATH: join(directory, 'observer-token'),
    CAPATAZ_OBSERVER_READERS: `${SYSTEM_NAMESPACE}/capataz-console`,
    CAPATAZ_OBSERVER_DIRECTORY: join(directory, `seen-by-${name}`),
    CAPATAZ_DRAIN_SECONDS: '1',
  });
  observers.set(name, observer);
  await eventually(() => Promise.resolve(observer.port()), 60);
  return observer;
}

async function stopObserver(name: string): Promise<void> {
  const observer = observers.get(name);
  observers.delete(name);
  observer?.kill('SIGTERM');
  expect(await observer?.exited).toBe(0);
}

const agent = (name: string): Promise<AnyObject> => world.get(AGENTS, NAMESPACE, name);

async function agentWith(name: string, type: string, status: string): Promise<AnyObject> {
  return await eventually(async () => {
    const found = await agent(name);
    if (condition(found, type)?.status !== status) {
      throw new Error(`${name} has ${JSON.stringify(condition(found, type))}`);
    }
    return found;
  }, 30);
}

describe('an agent that costs three times as much as usual', () => {
  it('has CostNormal False with the numbers, and the one that came back has it True', async () => {
    await startObserver('observer-0');
    const clerk = await agentWith('clerk', 'CostNormal', 'False');
    expect(condition(clerk, 'CostNormal')).toMatchObject({ reason: 'AboveUsual', observedGeneration: 1 });
    expect(condition(clerk, 'CostNormal').message).toMatch(/\$\d.*usual.*\$\d/);
    await agentWith('steady', 'CostNormal', 'True');
  });

  it('keeps the conditions of the operator and of the observer apart: each is owned by whoever says it', async () => {
    const { metadata, status } = await agentWith('clerk', 'CostNormal', 'False');
    expect(status.conditions.map(({ type }: AnyObject) => type)).toEqual(
      expect.arrayContaining(['Accepted', 'ResolvedRefs', 'Ready', ...OBSERVED]),
    );
    const typesOf = (manager: string): readonly string[] =>
      metadata.managedFields
        .filter((each: AnyObject) => each.manager === manager && each.subresource === 'status')
        .flatMap(({ fieldsV1 }: AnyObject) => Object.keys(fieldsV1['f:status']?.['f:conditions'] ?? {}))
        .flatMap((key: string) => /"type":"(\w+)"/.exec(key)?.[1] ?? []);
    expect(typesOf(OBSERVER).toSorted()).toEqual(OBSERVED.toSorted());
    expect(typesOf('capataz-operator')).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/Normal|Drift|Probed/)]),
    );
  });

  it('loses none of them when the operator writes its own, and the operator is not kept busy by them', async () => {
    await world.patch(AGENTS, NAMESPACE, 'clerk', { spec: { description: 'Answers mails.' } });
    await eventually(async () => {
      const { status } = await agent('clerk');
      if (status.observedGeneration !== 2) throw new Error('the operator has not looked at it');
    });
    const { status } = await agent('clerk');
    expect(status.conditions.map(({ type }: AnyObject) => type)).toEqual(expect.arrayContaining(OBSERVED));
    // Somebody writes into the operator's part, which puts it back as a whole.
    const foreign = {
      type: 'Foreign',
      status: 'True',
      reason: 'R',
      message: 'm',
      lastTransitionTime: '2026-11-26T10:00:00Z',
    };
    await world.patch(
      AGENTS,
      NAMESPACE,
      'clerk',
      { status: { conditions: [...status.conditions, foreign] } },
      'status',
    );
    await world.patch(AGENTS, NAMESPACE, 'clerk', { spec: { description: 'Answers all mails.' } });
    await eventually(async () => {
      const { conditions } = (await agent('clerk')).status;
      if (conditions.some(({ type }: AnyObject) => type === 'Foreign'))
        throw new Error('it still stands there');
    });
    const kept = (await agent('clerk')).status.conditions.map(({ type }: AnyObject) => type);
    expect(kept).toEqual(expect.arrayContaining(['Ready', ...OBSERVED]));
    const writes = await operator.metric('capataz_operator_writes_total', 'kind="Agent"');
    await sleep(2_000);
    expect(await operator.metric('capataz_operator_writes_total', 'kind="Agent"')).toBe(writes);
  });

  it('is the same after a restart, from the file of what was seen, and nothing is written again', async () => {
    const before = await agentWith('clerk', 'CostNormal', 'False');
    await stopObserver('observer-0');
    const again = await startObserver('observer-0');
    await using news = await newsOf(again);
    await eventually(async () => {
      if (news.last?.problem !== null) throw new Error(`not current: ${news.last?.problem}`);
    });
    expect(news.rows.get('shop/clerk')?.cost.verdict).toBe('abnormal');
    expect(await again.metric('capataz_observer_entries_total')).toBe(0);
    await sleep(2_000);
    expect(condition(await agent('clerk'), 'CostNormal')).toEqual(condition(before, 'CostNormal'));
  });

  it('is normal until then when a person says that it is expected', async () => {
    const observer = observers.get('observer-0');
    if (observer === undefined) throw new Error('no observer');
    await using news = await newsOf(observer);
    const item = await eventually(async () => {
      const found = news.last?.attention.find(({ kind }) => kind === 'cost');
      if (found === undefined) throw new Error('nothing needs anybody');
      return found;
    });
    expect(item.agents).toEqual([{ namespace: NAMESPACE, name: 'clerk' }]);
    await ledger.tell(SYSTEM_NAMESPACE, 'capataz-console', { records: [silenceOf(item.id)], texts: [] });
    const clerk = await agentWith('clerk', 'CostNormal', 'True');
    expect(condition(clerk, 'CostNormal').reason).toBe('Expected');
  });
});

describe('two replicas', () => {
  it('say the same, and one of them writes; the other takes over when it is killed', async () => {
    const follower = await startObserver('observer-1');
    await using news = await newsOf(follower);
    await eventually(async () => {
      if (news.last?.problem !== null) throw new Error(`not current: ${news.last?.problem}`);
    }, 30);
    expect(news.rows.get('shop/clerk')?.cost.verdict).toBe('expected');
    expect(await follower.metric('capataz_observer_condition_writes_total')).toBe(0);
    observers.get('observer-0')?.kill('SIGKILL');
    observers.delete('observer-0');
    await createAgent(world, NAMESPACE, 'newcomer');
    const newcomer = await eventually(async () => await agentWith('newcomer', 'CostNormal', 'Unknown'), 40);
    expect(condition(newcomer, 'Drift').status).toBe('Unknown');
    expect(await follower.metric('capataz_observer_leader')).toBe(1);
  });
});

async function newsOf(observer: OperatorProcess): Promise<FollowedNews> {
  const token = await world.token(SYSTEM_NAMESPACE, 'capataz-console', OBSERVER_AUDIENCE);
  return await FollowedNews.of(`http://127.0.0.1:${observer.port()}`, token);
}

function silenceOf(finding: string): LedgerRecord {
  return {
    type: 'silence',
    id: randomUUID(),
    namespace: NAMESPACE,
    atMicroseconds: Date.now() * 1_000,
    source: { process: 'console', instance: 'console-0', boot: 'boot', sequence: 1 },
    by: 'ana',
    finding,
    action: 'expected',
    untilMicroseconds: Date.now() * 1_000 + HOUR_MICROSECONDS,
    reason: 'A campaign runs until tonight.',
  };
}
