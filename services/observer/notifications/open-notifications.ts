/** Everything of notifications that the observer needs: what it reads at its start, and telling while it leads. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import type { Logger } from '#telemetry/logger.ts';
import { createReceivers } from './create-receivers.ts';
import { createNotificationMetrics } from './notification-metrics.ts';
import { readNotificationSettings } from './read-notification-settings.ts';
import { type Notifications, startNotifications } from './start-notifications.ts';
import { toldFiles } from './told-store.ts';

export interface OpenNotifications {
  /** To be called by whoever leads; what it returns has to be closed by whoever does no longer. */
  readonly start: () => Notifications;
  /** After all that was started is closed. */
  readonly close: () => Promise<void>;
}

/** Rejects with one sentence where the settings, or a file that they name, cannot be used. */
export async function openNotifications({
  settingsPath,
  directory,
  registry,
  logger,
}: {
  /** JSON, see receiver-settings.ts; undefined: nobody is told. */
  readonly settingsPath: string | undefined;
  /** Of the observer, outliving the process. */
  readonly directory: string;
  readonly registry: Registry;
  readonly logger: Logger;
}): Promise<OpenNotifications> {
  const settings =
    settingsPath === undefined ? { receivers: [] } : await readNotificationSettings(settingsPath);
  const nowMicroseconds = (): number => Date.now() * 1_000;
  const receivers = await createReceivers(settings, { nowMicroseconds });
  const metrics = createNotificationMetrics(
    registry,
    receivers.map(({ name }) => name),
  );
  const store = toldFiles(join(directory, 'notifications'));
  return {
    start: () =>
      startNotifications({
        receivers,
        store,
        metrics,
        logger,
        nowMicroseconds,
        random: Math.random,
        pause: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }).catch(() => undefined),
      }),
    close: async () => {
      await Promise.allSettled(receivers.map(({ receiver }) => receiver.close()));
    },
  };
}
