/** The observer's own process before a real ledger's and a Kubernetes that keeps what is written to it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RecordOf } from '#domain/ledger/ledger-record.ts';
import { AgentHistory } from '#domain/observation/agent-history.ts';
import {
  type LedgerProcess,
  ROUTER_TOKEN,
  startLedgerProcess,
} from '#services/ledger/testing/ledger-process.ts';
import { aModelAttempt } from '#services/ledger/testing/sample-records.ts';
import { OBSERVER_AUDIENCE } from './readers.ts';
import { FollowedNews, type ObserverProcess, startObserverProcess } from './testing/observer-process.ts';
import { type ScriptedKubernetes, startScriptedKubernetes, tokenFor } from './testing/scripted-kubernetes.ts';

const PATIENCE = { timeout: 20_000, interval: 100 };

let directory: string;
let kubernetes: ScriptedKubernetes;
let ledger: LedgerProcess;
const observers: ObserverProcess[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'capataz-observer-'));
  kubernetes = await startScriptedKubernetes(join(directory, 'kubeconfig'));
  ledger = await startLedgerProcess(directory);
  kubernetes.put('models', aModel('fast'));
  kubernetes.put('agents', anAgent('triage'));
});

afterEach(async () => {
  for (const observer of observers.splice(0)) await observer[Symbol.asyncDispose]();
  await ledger[Symbol.asyncDispose]();
  await kubernetes[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

async function startObserver(name = 'observer-0'): Promise<ObserverProcess> {
  const observer = await startObserverProcess(directory, name, { CAPATAZ_LEDGER_URL: ledger.url });
  observers.push(observer);
  return observer;
}

async function stop(observer: ObserverProcess): Promise<void> {
  observer.child.kill('SIGTERM');
  expect(await observer.exited).toEqual([0, null]);
}

function anAgent(name: string): object {
  const ready = { type: 'Ready', status: 'True', reason: 'PodsReady', message: 'All pods are ready.' };
  return {
    metadata: { namespace: 'shop', name },
    spec: { promptRef: { name: 'triage' }, modelPolicy: { allow: [{ name: 'fast' }] } },
    status: {
      observedGeneration: 1,
      rollout: 'triage',
      prompt: { version: 'triage-1', digest: 'd'.repeat(64) },
      conditions: [{ ...ready, observedGeneration: 1, lastTransitionTime: '2026-11-26T10:00:00Z' }],
    },
  };
}

function aModel(name: string): object {
  return {
    metadata: { namespace: 'shop', name },
    spec: {
      provider: 'OpenAI',
      model: 'gpt-5-mini',
      capabilities: ['Chat'],
      keyFrom: { secretRef: { name: 'key' } },
    },
  };
}

/** Attempts of this hour, so that they are costs of the running one. */
async function charge(costNanoUsd: number, changes: Partial<RecordOf<'model_attempt'>> = {}): Promise<void> {
  const record = { ...aModelAttempt({ costNanoUsd, ...changes }), atMicroseconds: Date.now() * 1_000 };
  const { body } = await ledger.request('POST', '/v1/records', {
    token: ROUTER_TOKEN,
    body: { records: [record] },
  });
  expect(body).toMatchObject({ written: 1, refused: [] });
}

describe('the news', () => {
  it('tell the whole fleet first, and then what was charged within five seconds of it', async () => {
    await charge(40_000_000);
    const observer = await startObserver();
    await using news = await FollowedNews.of(observer.url);
    await vi.waitFor(() => {
      expect(news.last?.problem).toBeNull();
      expect(news.rows.get('shop/triage')).toMatchObject({
        uid: 'uid-of-triage',
        state: 'ready',
        prompt: { name: 'triage', digest: 'd'.repeat(64) },
        models: ['fast'],
        cost: { amount: 40_000_000 },
      });
    }, PATIENCE);
    expect(news.heard[0]).toMatchObject({ isWhole: true });
    await charge(2_000_000);
    const chargedAt = Date.now() * 1_000;
    await vi.waitFor(() => expect(news.rows.get('shop/triage')?.cost.amount).toBe(42_000_000), PATIENCE);
    expect(news.last?.isWhole).toBe(false);
    expect((news.last?.asOfMicroseconds ?? 0) - chargedAt).toBeLessThan(5_000_000);
  }, 40_000);

  it('tell of agents that come and go, and of those that nothing was recorded of', async () => {
    const observer = await startObserver();
    await using news = await FollowedNews.of(observer.url);
    await vi.waitFor(() => expect([...news.rows.keys()]).toEqual(['shop/triage']), PATIENCE);
    kubernetes.put('agents', anAgent('billing'));
    await vi.waitFor(() => expect(news.rows.get('shop/billing')?.cost.verdict).not.toBe('normal'), PATIENCE);
    kubernetes.remove('agents', 'shop/billing');
    await vi.waitFor(() => expect([...news.rows.keys()]).toEqual(['shop/triage']), PATIENCE);
  }, 40_000);

  it('say in a sentence when the ledger is away, keep what is known, and go on when it is back', async () => {
    await charge(7_000_000);
    const observer = await startObserver();
    await using news = await FollowedNews.of(observer.url);
    await vi.waitFor(() => expect(news.rows.get('shop/triage')?.cost.amount).toBe(7_000_000), PATIENCE);
    const { port } = new URL(ledger.url);
    ledger.child.kill('SIGKILL');
    await ledger.exited;
    await vi.waitFor(() => expect(news.last?.problem).toMatch(/^The ledger cannot be read: .*\.$/), PATIENCE);
    expect(news.rows.get('shop/triage')?.cost.amount).toBe(7_000_000);
    ledger = await startLedgerProcess(directory, { CAPATAZ_PORT: port });
    await charge(1_000_000);
    await vi.waitFor(() => {
      expect(news.last?.problem).toBeNull();
      expect(news.rows.get('shop/triage')?.cost.amount).toBe(8_000_000);
    }, PATIENCE);
  }, 60_000);
});

describe('a restart', () => {
  it('goes on from the file of what was seen: the same is known, and nothing of the ledger is read again', async () => {
    await charge(5_000_000);
    const first = await startObserver();
    let known: unknown;
    {
      await using news = await FollowedNews.of(first.url);
      await vi.waitFor(() => expect(news.rows.get('shop/triage')?.cost.amount).toBe(5_000_000), PATIENCE);
      known = news.rows.get('shop/triage')?.hourlyCosts;
    }
    await stop(first);
    const second = await startObserver();
    await using news = await FollowedNews.of(second.url);
    await vi.waitFor(() => expect(news.last?.problem).toBeNull(), PATIENCE);
    expect(news.rows.get('shop/triage')?.hourlyCosts).toEqual(known);
    expect(await second.metrics()).toMatch(/^capataz_observer_entries_total 0$/m);
    await charge(1_000_000);
    await vi.waitFor(() => expect(news.rows.get('shop/triage')?.cost.amount).toBe(6_000_000), PATIENCE);
  }, 60_000);
});

describe('conditions', () => {
  it('are written by the one replica that leads, beside those of the operator, and not again while nothing changes', async () => {
    await startObserver('observer-0');
    await vi.waitFor(() => expect(kubernetes.leaseHolder()).toMatch(/^observer-0_/), PATIENCE);
    const follower = await startObserver('observer-1');
    await using news = await FollowedNews.of(follower.url);
    await vi.waitFor(() => expect(kubernetes.statusWrites).toHaveLength(1), PATIENCE);
    // The follower has judged as often as the leader meanwhile.
    const heard = news.heard.length;
    await vi.waitFor(() => expect(news.heard.length).toBeGreaterThan(heard + 1), PATIENCE);
    expect(kubernetes.statusWrites).toMatchObject([{ key: 'shop/triage', fieldManager: 'capataz-observer' }]);
    const { conditions } = kubernetes.get('agents', 'shop/triage').status;
    expect(
      conditions.map(({ type, status }: { type: string; status: string }) => `${type} ${status}`),
    ).toEqual([
      'Ready True',
      'CostNormal Unknown',
      'LatencyNormal Unknown',
      'Drift Unknown',
      'Probed Unknown',
    ]);
    expect(await follower.metrics()).toMatch(/^capataz_observer_leader 0$/m);
  }, 60_000);
});

describe('who may read', () => {
  it('is the console alone, by a token that was made for it', async () => {
    const observer = await startObserver();
    const stranger = tokenFor('system:serviceaccount:shop:agent-triage', OBSERVER_AUDIENCE);
    const forAnother = tokenFor('system:serviceaccount:capataz-system:capataz-console', 'capataz-ledger');
    const answers = await Promise.all(
      ['', stranger, forAnother].map((token) => observer.get('/v1/agents/shop/triage', token)),
    );
    expect(answers.map(({ status }) => status)).toEqual([401, 403, 401]);
    expect(await answers[1]?.json()).toMatchObject({ error: { code: 'not_a_reader' } });
  }, 30_000);

  it('gets the history of one agent, or hears that there is none', async () => {
    await charge(5_000_000);
    const observer = await startObserver();
    await vi.waitFor(async () => {
      const answer = await observer.get('/v1/agents/shop/triage');
      expect(AgentHistory.parse(await answer.json()).costs.at(-1)).toMatchObject({ amount: 5_000_000 });
    }, PATIENCE);
    const nobody = await observer.get('/v1/agents/shop/nobody');
    expect(nobody.status).toBe(404);
    expect(await nobody.json()).toMatchObject({ error: { code: 'agent_not_seen' } });
  }, 30_000);
});
