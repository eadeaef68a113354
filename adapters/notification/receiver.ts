/** A receiver of notifications, whatever it is reached by. */
import type { Notification } from '#domain/notification/notification.ts';

export interface Receiver {
  /**
   * Resolves when the other side has it, with a sentence where not all of it has. Rejects with a NotDeliveredError, or with whatever
   * the signal was aborted with.
   */
  readonly deliver: (notification: Notification, signal: AbortSignal) => Promise<string | undefined>;
  readonly close: () => Promise<void>;
}

/** Its message is one sentence for the log: it names the host, and neither a secret nor the rest of an URL, which may be one. */
export class NotDeliveredError extends Error {
  override readonly name = 'NotDeliveredError';
  /** This message in particular is not wanted: others may be. */
  readonly isRefused: boolean;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    sentence: string,
    {
      isRefused = false,
      retryAfterSeconds,
    }: { isRefused?: boolean; retryAfterSeconds?: number | undefined } = {},
  ) {
    super(sentence);
    this.isRefused = isRefused;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
