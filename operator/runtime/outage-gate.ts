/**
 * Holds all workers back for a moment when the API server cannot be reached, so that an outage with a thousand
 * failing keys makes no more requests than one with a single key.
 */
import { backoffSeconds } from '#adapters/kubernetes/backoff.ts';
import { pause } from '#adapters/kubernetes/pause.ts';

const CLOSED = { minimumSeconds: 1, maximumSeconds: 5 };

export interface OutageGate {
  /** Resolves once the gate is open, or the signal aborts. */
  readonly pass: (signal: AbortSignal) => Promise<void>;
  readonly reportUnreachable: () => void;
  readonly reportReachable: () => void;
}

export function createOutageGate(
  random: () => number,
  nowMilliseconds: () => number = () => performance.now(),
): OutageGate {
  let closedUntil = 0;
  let failures = 0;
  return {
    pass: async (signal) => {
      while (!signal.aborted && nowMilliseconds() < closedUntil) {
        await pause((closedUntil - nowMilliseconds()) / 1000, signal);
      }
    },
    reportUnreachable: () => {
      // Workers that were under way when the gate closed report the same outage.
      if (nowMilliseconds() < closedUntil) return;
      failures += 1;
      closedUntil = nowMilliseconds() + backoffSeconds(failures, CLOSED, random) * 1000;
    },
    reportReachable: () => {
      failures = 0;
    },
  };
}
