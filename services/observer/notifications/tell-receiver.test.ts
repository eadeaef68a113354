import { describe, expect, it } from 'vitest';
import { Registry } from 'prom-client';
import { NotDeliveredError } from '#adapters/notification/receiver.ts';
import type { Notification } from '#domain/notification/notification.ts';
import { POLICY, START, attentionItem } from '#domain/notification/testing/attention-items.ts';
import { NOTHING_TOLD } from '#domain/notification/told-causes.ts';
import { createLogger } from '#telemetry/logger.ts';
import { createNotificationMetrics } from './notification-metrics.ts';
import { type Notifications, startNotifications } from './start-notifications.ts';

interface Tried {
  /** Seconds of each pause between attempts. */
  readonly pauses: readonly number[];
  /** Causes of the attempts, in order. */
  readonly attempts: readonly string[];
}

/** Lets a receiver fail so often, with time that passes by pauses alone, and news that come in each of them. */
async function tryOften(
  times: number,
  failure: () => Error,
  causes: readonly string[] = ['a'],
): Promise<Tried> {
  const pauses: number[] = [];
  const attempts: string[] = [];
  const items = causes.map((id) => attentionItem({ id }));
  let now = START;
  const { promise: done, resolve } = Promise.withResolvers<void>();
  let started: Notifications | undefined;
  const notifications = startNotifications({
    receivers: [
      {
        name: 'hook',
        policy: { ...POLICY, groupSeconds: 0 },
        receiver: {
          deliver: async (notification: Notification) => {
            attempts.push(notification.event === 'more' ? 'more' : notification.item.id);
            if (attempts.length >= times) resolve();
            throw failure();
          },
          close: async () => undefined,
        },
      },
    ],
    store: { load: async () => NOTHING_TOLD, save: async () => undefined },
    metrics: createNotificationMetrics(new Registry(), ['hook']),
    logger: createLogger('test', 'silent'),
    nowMicroseconds: () => now,
    random: () => 0.5,
    pause: async (milliseconds, signal) => {
      if (signal.aborted || started === undefined) return;
      started.tell(items);
      pauses.push(milliseconds / 1_000);
      now += milliseconds * 1_000;
      await new Promise((next) => {
        setImmediate(next);
      });
    },
  });
  started = notifications;
  notifications.tell(items);
  await done;
  await notifications.close();
  return { pauses, attempts };
}

describe('a receiver that cannot be reached', () => {
  it('is tried again after pauses that double up to a minute, whatever news come meanwhile', async () => {
    const { pauses } = await tryOften(12, () => new NotDeliveredError('It is away.'));
    expect(pauses.slice(0, 11)).toEqual([0.75, 1.5, 3, 6, 12, 24, 45, 45, 45, 45, 45]);
  });

  it('is tried again when it says, and never told to wait for longer than an hour', async () => {
    const after = (retryAfterSeconds: number) => () =>
      new NotDeliveredError('It is busy.', { retryAfterSeconds });
    expect((await tryOften(3, after(120))).pauses.slice(0, 2)).toEqual([120, 120]);
    expect((await tryOften(2, after(86_400))).pauses[0]).toBe(3_600);
    expect((await tryOften(2, after(0))).pauses[0]).toBe(0.75);
  });
});

describe('a receiver that refuses a message', () => {
  it('gets the next cause at once, and the refused ones again after minutes, then longer', async () => {
    const refusal = () => new NotDeliveredError('It does not want it.', { isRefused: true });
    const { pauses, attempts } = await tryOften(6, refusal, ['a', 'b']);
    expect(attempts).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
    expect(pauses.filter((seconds) => seconds > 1).slice(0, 2)).toEqual([90, 180]);
  });
});
