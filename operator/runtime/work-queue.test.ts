import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createWorkQueue } from './work-queue.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the work queue', () => {
  it('hands out a key once, however often it was added while it waited', async () => {
    const queue = createWorkQueue();
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
    expect([await queue.take(), await queue.take()]).toEqual(['a', 'b']);
    expect(queue.depth()).toBe(0);
  });

  it('hands out a key that was added while it was taken once more, after it was handed back', async () => {
    const queue = createWorkQueue();
    queue.add('a');
    await queue.take();
    queue.add('a');
    queue.add('a');
    expect(queue.depth()).toBe(0);
    queue.done('a');
    expect(queue.depth()).toBe(1);
    await queue.take();
    queue.done('a');
    expect(queue.depth()).toBe(0);
  });

  it('keeps the earliest of several times at which a key is due', async () => {
    const queue = createWorkQueue(() => Date.now());
    queue.addAfter('a', 60);
    queue.addAfter('a', 5);
    queue.addAfter('a', 30);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(queue.depth()).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(queue.depth()).toBe(1);
    await vi.advanceTimersByTimeAsync(100_000);
    expect([await queue.take(), queue.depth()]).toEqual(['a', 0]);
  });

  it('lets waiting takers go, and hands out nothing more, when it is closed', async () => {
    const queue = createWorkQueue();
    const taking = queue.take();
    queue.close();
    expect(await taking).toBeUndefined();
    queue.add('a');
    expect(await queue.take()).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('never hands out a key twice at once, and loses none, in any order of events', async () => {
    const keys = fc.constantFrom('a', 'b', 'c');
    const steps = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('add' as const), key: keys }),
        fc.record({
          kind: fc.constant('addAfter' as const),
          key: keys,
          seconds: fc.integer({ min: 0, max: 9 }),
        }),
        fc.record({ kind: fc.constant('take' as const) }),
        fc.record({ kind: fc.constant('done' as const), key: keys }),
        fc.record({ kind: fc.constant('wait' as const), seconds: fc.integer({ min: 0, max: 9 }) }),
      ),
      { maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const queue = createWorkQueue(() => Date.now());
        const taken = new Set<string>();
        /** Keys whose last addition has not been followed by a take yet. */
        const owed = new Set<string>();
        let waitingTakers = 0;
        const receive = (key: string | undefined): void => {
          waitingTakers -= 1;
          if (key === undefined) return;
          expect(taken.has(key)).toBe(false);
          taken.add(key);
          owed.delete(key);
        };
        for (const step of history) {
          if (step.kind === 'add') {
            owed.add(step.key);
            queue.add(step.key);
          } else if (step.kind === 'addAfter') {
            owed.add(step.key);
            queue.addAfter(step.key, step.seconds);
          } else if (step.kind === 'take') {
            waitingTakers += 1;
            void queue.take().then(receive);
          } else if (step.kind === 'done' && taken.delete(step.key)) {
            queue.done(step.key);
          } else if (step.kind === 'wait') {
            await vi.advanceTimersByTimeAsync(step.seconds * 1000);
          }
          await vi.advanceTimersByTimeAsync(0);
        }
        // At the end everything that was added is handed out.
        for (let round = 0; owed.size > 0 && round < 20; round += 1) {
          for (const key of taken) {
            taken.delete(key);
            queue.done(key);
          }
          if (waitingTakers === 0) {
            waitingTakers += 1;
            void queue.take().then(receive);
          }
          await vi.advanceTimersByTimeAsync(10_000);
        }
        expect([...owed]).toEqual([]);
        queue.close();
        await vi.advanceTimersByTimeAsync(0);
        expect(waitingTakers).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
