import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KubeApiError } from '#adapters/kubernetes/kube-api-error.ts';
import { createLogger } from '#telemetry/logger.ts';
import { type Controller, createController } from './controller.ts';
import { createOutageGate } from './outage-gate.ts';
import { AWAIT_CHANGE, type Outcome, recheckAfter } from './outcome.ts';

let stop: AbortController;
let running: Promise<void>;

beforeEach(() => {
  vi.useFakeTimers();
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  await vi.runAllTimersAsync();
  await running;
  vi.useRealTimers();
});

function start(
  reconcile: (key: string) => Promise<Outcome>,
  exists: (key: string) => boolean = () => true,
): Controller {
  const now = (): number => Date.now();
  const controller = createController({
    name: 'Test',
    reconcile,
    exists,
    workers: 3,
    resyncSeconds: 600,
    outageGate: createOutageGate(() => 0.5, now),
    logger: createLogger('test', 'silent'),
    random: () => 0.5,
  });
  running = controller.run(stop.signal);
  return controller;
}

describe('a controller', () => {
  it('never runs two passes over one key at once, and runs other keys beside it', async () => {
    const running = new Set<string>();
    let most = 0;
    const controller = start(async (key) => {
      expect(running.has(key)).toBe(false);
      running.add(key);
      most = Math.max(most, running.size);
      await new Promise((resolve) => {
        setTimeout(resolve, 100);
      });
      running.delete(key);
      return AWAIT_CHANGE;
    });
    for (let round = 0; round < 20; round += 1) {
      for (const key of ['a', 'b', 'c']) controller.enqueue(key);
      await vi.advanceTimersByTimeAsync(37);
    }
    expect(most).toBe(3);
  });

  it('tries a failed key again with growing waits, and forgets the failures after a success', async () => {
    const passes: number[] = [];
    let isBroken = true;
    const controller = start(() => {
      passes.push(Date.now());
      return isBroken
        ? Promise.reject(new KubeApiError('boom', 500, undefined, undefined))
        : Promise.resolve(AWAIT_CHANGE);
    });
    controller.enqueue('a');
    await vi.advanceTimersByTimeAsync(60_000);
    const waits = passes.slice(1).map((at, index) => at - (passes[index] ?? 0));
    expect(waits.length).toBeGreaterThan(4);
    expect(waits).toEqual(waits.toSorted((left, right) => left - right));
    isBroken = false;
    await vi.advanceTimersByTimeAsync(60_000);
    const count = passes.length;
    isBroken = true;
    controller.enqueue('a');
    await vi.advanceTimersByTimeAsync(700);
    expect(passes.length).toBe(count + 2);
  });

  it('looks again at once after a conflict, because the state has only moved on', async () => {
    let passes = 0;
    const controller = start(() => {
      passes += 1;
      return passes < 4
        ? Promise.reject(new KubeApiError('moved', 409, 'Conflict', undefined))
        : Promise.resolve(AWAIT_CHANGE);
    });
    controller.enqueue('a');
    await vi.advanceTimersByTimeAsync(200);
    expect(passes).toBe(4);
  });

  it('comes back to every existing key by itself, and to a deleted one never (B03)', async () => {
    const passes: string[] = [];
    const controller = start(
      (key) => {
        passes.push(key);
        return Promise.resolve(AWAIT_CHANGE);
      },
      (key) => key !== 'deleted',
    );
    for (const key of ['a', 'deleted']) controller.enqueue(key);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(passes.filter((key) => key === 'deleted')).toHaveLength(1);
    expect(passes.filter((key) => key === 'a').length).toBeGreaterThanOrEqual(6);
  });

  it('comes back when the pass asked for it', async () => {
    let passes = 0;
    const controller = start(() => {
      passes += 1;
      return Promise.resolve(recheckAfter(30));
    });
    controller.enqueue('a');
    await vi.advanceTimersByTimeAsync(91_000);
    expect(passes).toBe(4);
  });

  it('makes no more than a few requests a second while the API server is away, however many keys fail', async () => {
    let passes = 0;
    const controller = start(() => {
      passes += 1;
      return Promise.reject(new Error('connect ECONNREFUSED'));
    });
    for (let index = 0; index < 1000; index += 1) controller.enqueue(`key-${index}`);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(passes).toBeLessThan(120);
    expect(passes).toBeGreaterThan(5);
  });
});
