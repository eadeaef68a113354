/** A loop of the ledger: one turn after another with a pause between, until the signal. A turn that fails is told of. */
import { setTimeout as sleep } from 'node:timers/promises';

export async function repeat(options: {
  readonly pauseMilliseconds: number;
  readonly signal: AbortSignal;
  readonly turn: (signal: AbortSignal) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}): Promise<void> {
  const { pauseMilliseconds, signal, turn, onFailure } = options;
  while (!signal.aborted) {
    try {
      await turn(signal);
    } catch (error) {
      if (!signal.aborted) onFailure(error);
    }
    await sleep(pauseMilliseconds, undefined, { signal }).catch(() => undefined);
  }
}
