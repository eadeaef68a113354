/** Figures of what receivers were told. `receiver` is a name of the configuration. */
import { Counter, Gauge, type Registry } from 'prom-client';

const OUTCOMES = ['sent', 'failed', 'refused'] as const;

export interface NotificationMetrics {
  readonly ended: (receiver: string, outcome: (typeof OUTCOMES)[number]) => void;
  /** For how long the oldest message waits that could not be delivered; 0 while none does. */
  readonly waits: (receiver: string, seconds: number) => void;
  readonly withheld: (receiver: string, messages: number) => void;
}

export function createNotificationMetrics(
  registry: Registry,
  receivers: readonly string[],
): NotificationMetrics {
  const registers = [registry];
  const messages = new Counter({
    name: 'capataz_observer_notifications_total',
    help: 'Messages to receivers by what came of them: sent, failed (tried again), or refused.',
    labelNames: ['receiver', 'outcome'],
    registers,
  });
  const waiting = new Gauge({
    name: 'capataz_observer_notification_wait_seconds',
    help: 'For how long the oldest message waits that could not be delivered.',
    labelNames: ['receiver'],
    registers,
  });
  const withheld = new Gauge({
    name: 'capataz_observer_notifications_withheld',
    help: 'Messages that wait because a receiver has had as many in this hour as it may.',
    labelNames: ['receiver'],
    registers,
  });
  // A counter that is born at 1 has no increase: the first failure would be missed.
  for (const receiver of receivers) {
    for (const outcome of OUTCOMES) messages.inc({ receiver, outcome }, 0);
    waiting.set({ receiver }, 0);
    withheld.set({ receiver }, 0);
  }
  return {
    ended: (receiver, outcome) => messages.inc({ receiver, outcome }),
    waits: (receiver, seconds) => waiting.set({ receiver }, seconds),
    withheld: (receiver, count) => withheld.set({ receiver }, count),
  };
}
