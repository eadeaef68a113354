/** The loop of one receiver: what is to be told, telling it, and remembering it. Ends when the signal is aborted, and never by itself. */
import { NotDeliveredError, type Receiver } from '#adapters/notification/receiver.ts';
import { type NextNotification, nextNotification, tried } from '#domain/notification/next-notification.ts';
import type { ReceiverPolicy } from '#domain/notification/receiver-policy.ts';
import { NOTHING_TOLD, type ToldCauses } from '#domain/notification/told-causes.ts';
import type { AttentionItem } from '#domain/observation/attention-item.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { NotificationMetrics } from './notification-metrics.ts';
import type { ToldStore } from './told-store.ts';

const DELIVERY_SECONDS = 30;
const BACKOFF_FIRST_SECONDS = 1;
const BACKOFF_MAXIMUM_SECONDS = 60;
/** Of one that refuses this message and may take others. */
const REFUSED_MAXIMUM_SECONDS = 3_600;
/** No receiver is obeyed for longer. */
const RETRY_AFTER_MAXIMUM_SECONDS = 3_600;
const LONGEST_PAUSE_MILLISECONDS = 3_600_000;

export interface NamedReceiver {
  readonly name: string;
  readonly policy: ReceiverPolicy;
  readonly receiver: Receiver;
}

export interface TellingMeans {
  readonly store: ToldStore;
  readonly metrics: NotificationMetrics;
  readonly logger: Logger;
  readonly nowMicroseconds: () => number;
  /** Yields [0, 1). */
  readonly random: () => number;
  /** Resolves early, not rejects, when the signal is aborted. */
  readonly pause: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

export interface Picture {
  /** Undefined until there is one. */
  items: readonly AttentionItem[] | undefined;
  /** Aborted when there is another one, and at the end. */
  changed: AbortController;
}

export async function tellReceiver(
  named: NamedReceiver,
  picture: Picture,
  means: TellingMeans,
  signal: AbortSignal,
): Promise<void> {
  await new ReceiverLoop(named, picture, means, signal).run();
}

class ReceiverLoop {
  readonly #named: NamedReceiver;
  readonly #picture: Picture;
  readonly #means: TellingMeans;
  readonly #signal: AbortSignal;
  /** Undefined until it was read. */
  #told: ToldCauses | undefined;
  #failures = 0;
  /** Causes whose message was refused: how often, and until when they are left alone. */
  readonly #refused = new Map<string, { readonly times: number; readonly untilMicroseconds: number }>();

  constructor(named: NamedReceiver, picture: Picture, means: TellingMeans, signal: AbortSignal) {
    this.#named = named;
    this.#picture = picture;
    this.#means = means;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      try {
        await this.#turn();
      } catch (error) {
        if (this.#signal.aborted) return;
        this.#means.logger.error({ receiver: this.#named.name, error }, 'notifications wait');
        await this.#backOff(undefined);
      }
    }
  }

  async #turn(): Promise<void> {
    const { metrics, nowMicroseconds } = this.#means;
    const { name, policy } = this.#named;
    const { items, changed } = this.#nextPicture();
    if (items === undefined) return await this.#wait(LONGEST_PAUSE_MILLISECONDS, changed);
    this.#told ??= await this.#load();
    const now = nowMicroseconds();
    const setAside = new Map(
      Array.from(this.#refused, ([id, { untilMicroseconds }]) => [id, untilMicroseconds]),
    );
    const decision = nextNotification({ told: this.#told, items, policy, nowMicroseconds: now, setAside });
    this.#told = decision.told;
    metrics.withheld(name, decision.withheld);
    if (decision.next === undefined) {
      metrics.waits(name, 0);
      const wake = decision.wakeMicroseconds;
      const milliseconds = wake === undefined ? LONGEST_PAUSE_MILLISECONDS : Math.ceil((wake - now) / 1_000);
      return await this.#wait(Math.min(milliseconds, LONGEST_PAUSE_MILLISECONDS), changed);
    }
    if (this.#failures > 0) metrics.waits(name, (now - decision.next.dueMicroseconds) / 1_000_000);
    await this.#deliver(decision.next);
  }

  /** Told twice is better than not at all. */
  async #load(): Promise<ToldCauses> {
    const { store, logger } = this.#means;
    return await store.load(this.#named.name).catch((error: unknown) => {
      logger.error({ receiver: this.#named.name, error }, 'what a receiver was told cannot be read');
      return NOTHING_TOLD;
    });
  }

  /** What is changed from here on ends the pause that follows. */
  #nextPicture(): Picture {
    this.#picture.changed = new AbortController();
    return { ...this.#picture };
  }

  async #wait(milliseconds: number, changed: AbortController): Promise<void> {
    await this.#means.pause(milliseconds, changed.signal);
  }

  async #deliver({ notification, causeIds, toldAfter }: NextNotification): Promise<void> {
    const { metrics, logger, store } = this.#means;
    const { name, receiver } = this.#named;
    let problem: string | undefined;
    try {
      problem = await receiver.deliver(
        notification,
        AbortSignal.any([this.#signal, AbortSignal.timeout(DELIVERY_SECONDS * 1_000)]),
      );
    } catch (error) {
      if (this.#signal.aborted) return;
      this.#told = tried(this.#told ?? NOTHING_TOLD, causeIds);
      await this.#notDelivered(error, causeIds);
      return;
    }
    this.#failures = 0;
    for (const id of causeIds) this.#refused.delete(id);
    this.#told = toldAfter;
    metrics.ended(name, 'sent');
    metrics.waits(name, 0);
    const { id, event } = notification;
    if (problem === undefined) logger.info({ receiver: name, event, notification: id }, 'told a receiver');
    else
      logger.warn({ receiver: name, event, notification: id, sentence: problem }, 'told part of a receiver');
    // What cannot be kept is told again after a restart, and not again before.
    await store.save(name, toldAfter).catch((error: unknown) => {
      logger.error({ receiver: name, error }, 'what a receiver was told cannot be kept');
    });
  }

  async #notDelivered(error: unknown, causeIds: readonly string[]): Promise<void> {
    const { metrics, logger, nowMicroseconds } = this.#means;
    const { name } = this.#named;
    const sentence = sentenceOf(error);
    if (error instanceof NotDeliveredError && error.isRefused) {
      metrics.ended(name, 'refused');
      logger.warn({ receiver: name, causes: causeIds, sentence }, 'a receiver refused a notification');
      const known = new Set(this.#told?.causes.map(({ item }) => item.id));
      for (const id of this.#refused.keys()) if (!known.has(id)) this.#refused.delete(id);
      for (const id of causeIds) {
        const times = (this.#refused.get(id)?.times ?? 0) + 1;
        const seconds = this.#spread(Math.min(REFUSED_MAXIMUM_SECONDS, 60 * 2 ** Math.min(times, 10)));
        this.#refused.set(id, { times, untilMicroseconds: nowMicroseconds() + seconds * 1_000_000 });
      }
      return;
    }
    metrics.ended(name, 'failed');
    logger.warn({ receiver: name, sentence }, 'a receiver could not be told; it is tried again');
    await this.#backOff(error instanceof NotDeliveredError ? error.retryAfterSeconds : undefined);
  }

  /** News do not end this pause: they would be as many attempts. */
  async #backOff(retryAfterSeconds = 0): Promise<void> {
    const own = Math.min(BACKOFF_MAXIMUM_SECONDS, BACKOFF_FIRST_SECONDS * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    const asked = Math.min(RETRY_AFTER_MAXIMUM_SECONDS, retryAfterSeconds);
    await this.#means.pause(Math.max(this.#spread(own), asked) * 1_000, this.#signal);
  }

  /** Half to all of it: many that failed together must not come back together. */
  #spread(seconds: number): number {
    return seconds * (0.5 + this.#means.random() / 2);
  }
}

function sentenceOf(error: unknown): string {
  if (error instanceof NotDeliveredError) return error.message;
  if (error instanceof Error && error.name === 'TimeoutError')
    return `It took longer than ${DELIVERY_SECONDS} seconds.`;
  return 'It failed for a reason that is not known.';
}
