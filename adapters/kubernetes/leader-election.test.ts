/** Leader election against a Lease that is kept as an API server keeps it: every write checks the version. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KubeApiError } from './kube-api-error.ts';
import type { KubeRequest } from './kube-client.ts';
import { createLogger } from '#telemetry/logger.ts';
import { type LeaderElection, createLeaderElection } from './leader-election.ts';

interface LeaseBody {
  metadata: { resourceVersion: string };
  spec: { holderIdentity: string; leaseTransitions: number };
}

class FakeLease {
  lease: LeaseBody | undefined;
  isDown = false;
  /** The write is done, but its answer never arrives. */
  losesAnswers = false;
  #version = 0;

  readonly request = ({ method, body }: KubeRequest): Promise<unknown> => {
    if (this.isDown) return Promise.reject(new Error('connect ECONNREFUSED'));
    if (method === 'GET') {
      return this.lease === undefined ? fail(404) : Promise.resolve(structuredClone(this.lease));
    }
    const sent = structuredClone(body) as LeaseBody;
    if (method === 'POST' && this.lease !== undefined) return fail(409);
    if (method === 'PUT' && sent.metadata.resourceVersion !== this.lease?.metadata.resourceVersion)
      return fail(409);
    this.#version += 1;
    this.lease = { ...sent, metadata: { ...sent.metadata, resourceVersion: String(this.#version) } };
    return this.losesAnswers
      ? Promise.reject(new Error('socket hang up'))
      : Promise.resolve(structuredClone(this.lease));
  };
}

function fail(status: number): Promise<never> {
  return Promise.reject(new KubeApiError(`HTTP ${status}`, status, undefined, undefined));
}

let lease: FakeLease;
let stop: AbortController;

beforeEach(() => {
  vi.useFakeTimers();
  lease = new FakeLease();
  stop = new AbortController();
});

afterEach(() => {
  stop.abort();
  vi.useRealTimers();
});

function candidate(identity: string): LeaderElection {
  return createLeaderElection({
    kubeClient: { request: lease.request },
    namespace: 'capataz-system',
    leaseName: 'capataz-operator',
    identity,
    logger: createLogger('test', 'silent'),
    random: () => 0.5,
    now: () => new Date(),
    nowMilliseconds: () => Date.now(),
  });
}

describe('leader election', () => {
  it('makes the first candidate the leader, and holds the second back while the lease is renewed', async () => {
    const first = candidate('first');
    const second = candidate('second');
    expect(await first.acquire(stop.signal)).toBe(true);
    void first.hold(stop.signal);
    const acquired = second.acquire(stop.signal);
    await vi.advanceTimersByTimeAsync(120_000);
    expect([first.isHeld(), second.isHeld()]).toEqual([true, false]);
    stop.abort();
    expect(await acquired).toBe(false);
  });

  it('moves in less than 20 seconds when the leader dies', async () => {
    await candidate('dead').acquire(stop.signal);
    const heir = candidate('heir');
    const startedAt = Date.now();
    const acquired = heir.acquire(stop.signal);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await acquired).toBe(true);
    expect(Date.now() - startedAt).toBeLessThanOrEqual(20_000);
    expect(lease.lease?.spec).toMatchObject({ holderIdentity: 'heir', leaseTransitions: 1 });
  });

  it('does not believe the clock of the dead leader, only its own', async () => {
    await candidate('dead').acquire(stop.signal);
    (lease.lease as unknown as { spec: { renewTime: string } }).spec.renewTime =
      '2099-01-01T00:00:00.000000Z';
    const acquired = candidate('heir').acquire(stop.signal);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await acquired).toBe(true);
  });

  it('is lost before another can have it when the API server is away (B06)', async () => {
    const leader = candidate('leader');
    await leader.acquire(stop.signal);
    const held = leader.hold(stop.signal);
    lease.isDown = true;
    await vi.advanceTimersByTimeAsync(9_000);
    expect(leader.isHeld()).toBe(true);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(leader.isHeld()).toBe(false);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await held).toBe('lost');
  });

  it('is not held by a process that slept, from the first moment on in which it is awake (B06)', async () => {
    const sleeper = candidate('sleeper');
    await sleeper.acquire(stop.signal);
    vi.setSystemTime(Date.now() + 11_000);
    expect(sleeper.isHeld()).toBe(false);
  });

  it('is lost when somebody else holds the lease', async () => {
    const leader = candidate('leader');
    await leader.acquire(stop.signal);
    const held = leader.hold(stop.signal);
    const { lease: current } = lease;
    if (current === undefined) throw new Error('no lease');
    lease.lease = {
      metadata: { resourceVersion: '99' },
      spec: { ...current.spec, holderIdentity: 'usurper' },
    };
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await held).toBe('lost');
  });

  it('survives renewals whose answers were lost (O4)', async () => {
    const leader = candidate('leader');
    await leader.acquire(stop.signal);
    void leader.hold(stop.signal);
    lease.losesAnswers = true;
    await vi.advanceTimersByTimeAsync(2_500);
    lease.losesAnswers = false;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(leader.isHeld()).toBe(true);
  });

  it('passes on at once when it is given back', async () => {
    const leader = candidate('leader');
    await leader.acquire(stop.signal);
    await leader.release();
    expect(leader.isHeld()).toBe(false);
    expect(await candidate('heir').acquire(stop.signal)).toBe(true);
  });

  it('takes a lease that the chart made and nobody ever held', async () => {
    lease.lease = { metadata: { resourceVersion: '1' } } as LeaseBody;
    expect(await candidate('first').acquire(stop.signal)).toBe(true);
  });
});
