/** How a run is ended from outside, and waiting that always ends with it. */

export const INTERRUPTION_REASONS = ['seconds', 'cancelled', 'shutting_down'] as const;
export type InterruptionReason = (typeof INTERRUPTION_REASONS)[number];

/** The reason of the AbortSignal that ends a run. */
export class RunInterruption extends Error {
  readonly reason: InterruptionReason;
  constructor(reason: InterruptionReason) {
    super(`the run was ended: ${reason}`);
    this.reason = reason;
  }
}

export interface Deadline {
  readonly signal: AbortSignal;
  /** Stops the timer; the signal is then never aborted. */
  readonly cancel: () => void;
}

export interface Deadlines {
  readonly startDeadline: (milliseconds: number) => Deadline;
}

/** Settles like `work`, or rejects with the signal's reason at once, whether or not `work` heeds the signal. */
export async function raceWithSignal<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason as Error);
  // Work that loses the race may still reject later, when nobody listens any more.
  work.catch(() => undefined);
  aborted.promise.catch(() => undefined);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([aborted.promise, work]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

export interface LinkedSignal extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * A signal that is aborted with the first of the others, until it is disposed of. AbortSignal.any does the same, but leaves
 * something of each call with a signal that lives on, such as the end of the process, until garbage is collected: under
 * load that is most of an agent's memory and of its pauses.
 */
export function linkSignals(...signals: readonly AbortSignal[]): LinkedSignal {
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(signals.find(({ aborted }) => aborted)?.reason);
  for (const signal of signals) {
    if (signal.aborted) controller.abort(signal.reason);
    else signal.addEventListener('abort', onAbort, { once: true });
  }
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const signal of signals) signal.removeEventListener('abort', onAbort);
    },
  };
}
