/**
 * When each Model is to be probed next. A pass also runs when the status that it wrote comes back; without this
 * memory every such pass would ask the provider again.
 */
import { type BackoffLimits, backoffSeconds } from '#adapters/kubernetes/backoff.ts';

const READY_INTERVAL_SECONDS = 30;
const NOT_READY: BackoffLimits = { minimumSeconds: 5, maximumSeconds: 30 };

export interface ProbeSchedule {
  /** Seconds until the next probe is due; 0 when it is due now, as after a change of the spec. */
  readonly secondsUntilDue: (uid: string, generation: number) => number;
  readonly recordProbe: (uid: string, generation: number, isReady: boolean) => void;
  readonly forgetAllBut: (uids: ReadonlySet<string>) => void;
}

interface Entry {
  readonly generation: number;
  readonly dueMilliseconds: number;
  readonly failures: number;
}

export function createProbeSchedule(
  random: () => number,
  nowMilliseconds: () => number = () => performance.now(),
): ProbeSchedule {
  const entries = new Map<string, Entry>();
  return {
    secondsUntilDue: (uid, generation) => {
      const entry = entries.get(uid);
      if (entry?.generation !== generation) return 0;
      return Math.max(0, (entry.dueMilliseconds - nowMilliseconds()) / 1000);
    },
    recordProbe: (uid, generation, isReady) => {
      const before = entries.get(uid);
      const failures = isReady ? 0 : (before?.generation === generation ? before.failures : 0) + 1;
      const waitSeconds = isReady
        ? READY_INTERVAL_SECONDS * (0.9 + 0.2 * random())
        : backoffSeconds(failures, NOT_READY, random);
      entries.set(uid, { generation, failures, dueMilliseconds: nowMilliseconds() + waitSeconds * 1000 });
    },
    forgetAllBut: (uids) => {
      for (const uid of entries.keys()) if (!uids.has(uid)) entries.delete(uid);
    },
  };
}
