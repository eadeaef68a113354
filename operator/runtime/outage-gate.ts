/**
 * Holds all workers back for a moment when the API server cannot be reached, so that an outage with a thousand
 * failing keys makes no more requests than one with a single key.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { backoffSeconds } from '#adapters/kubernetes/backoff.ts';

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
        const waitMilliseconds = closedUntil - nowMilliseconds();
        try {
          await sleep(waitMilliseconds, undefined, { signal });
        } catch {
          return;
        }
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
