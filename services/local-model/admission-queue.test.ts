import { describe, expect, it } from 'vitest';
import { AdmissionQueue, QueueFullError } from './admission-queue.ts';

const NEVER = new AbortController().signal;

function aQueue(
  places: number,
  queueLength: number,
): { queue: AdmissionQueue; pass: (seconds: number) => void } {
  let time = 0;
  const queue = new AdmissionQueue({ places, queueLength, now: () => time });
  return { queue, pass: (seconds) => void (time += seconds * 1000) };
}

describe('the admission queue', () => {
  it('lets as many in as it has places, and the next one when a place gets free', async () => {
    const { queue } = aQueue(2, 1);
    const first = await queue.enter(NEVER);
    await queue.enter(NEVER);
    const third = queue.enter(NEVER);
    expect([queue.running, queue.waiting]).toEqual([2, 1]);
    first.leave();
    await third;
    expect([queue.running, queue.waiting]).toEqual([2, 0]);
  });

  it('lets them in in the order they came', async () => {
    const { queue } = aQueue(1, 2);
    const place = await queue.enter(NEVER);
    const order: string[] = [];
    const second = queue.enter(NEVER).then((next) => (order.push('second'), next));
    const third = queue.enter(NEVER).then((next) => (order.push('third'), next));
    place.leave();
    (await second).leave();
    (await third).leave();
    expect(order).toEqual(['second', 'third']);
    expect(queue.running).toBe(0);
  });

  it('refuses the one for whom there is no room, and says when to come back', async () => {
    const { queue, pass } = aQueue(1, 1);
    for (let job = 0; job < 30; job += 1) {
      const place = await queue.enter(NEVER);
      pass(10);
      place.leave();
    }
    await queue.enter(NEVER);
    const waiting = queue.enter(NEVER);
    const refusal = await queue.enter(NEVER).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(QueueFullError);
    expect(refusal).toMatchObject({ waiting: 1, retryAfterSeconds: 20 });
    void waiting;
  });

  it('forgets one who gave up waiting', async () => {
    const { queue } = aQueue(1, 1);
    const place = await queue.enter(NEVER);
    const gone = new AbortController();
    const waiting = queue.enter(gone.signal);
    gone.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    expect(queue.waiting).toBe(0);
    place.leave();
    expect(queue.running).toBe(0);
  });

  it('does not let in one who is gone already', async () => {
    const { queue } = aQueue(1, 1);
    await expect(queue.enter(AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    expect(queue.running).toBe(0);
  });

  it('counts a place that is left twice only once', async () => {
    const { queue } = aQueue(2, 0);
    const place = await queue.enter(NEVER);
    await queue.enter(NEVER);
    place.leave();
    place.leave();
    expect(queue.running).toBe(1);
  });
});
