/**
 * What came of the last look at each repository, and when the next one is due. A pass also runs when the status that it
 * wrote comes back; without this memory each would ask the server again.
 */
import { type BackoffLimits, backoffSeconds } from '#adapters/kubernetes/backoff.ts';
import type { PromptRepository } from '#crds/prompt-repository.ts';
import type { Sync } from './sync-result.ts';

const INTERVAL_DEFAULT_SECONDS = 60;
const FIRST_RETRY_SECONDS = 5;
/** A pass that comes a moment early counts as due: timers are not exact. */
const DUE_TOLERANCE_SECONDS = 0.05;

export interface RememberedSync {
  readonly sync: Sync;
  readonly nextSyncSeconds: number;
}

export interface SyncMemory {
  /** Undefined when a look is due, as after a change of the spec. */
  readonly recall: (key: string, repository: PromptRepository) => RememberedSync | undefined;
  /** A look begins: whatever wakes it from now on may be younger than what it sees. */
  readonly begin: (key: string) => void;
  readonly record: (key: string, repository: PromptRepository, sync: Sync) => RememberedSync;
  /** Makes the next look due at once, also when one is under way. */
  readonly wake: (key: string) => void;
  readonly forget: (key: string) => void;
}

interface Entry {
  /** Of the object and its spec. */
  readonly identity: string;
  readonly sync: Sync;
  readonly dueMilliseconds: number;
  readonly failures: number;
}

export function createSyncMemory(
  random: () => number,
  nowMilliseconds: () => number = () => performance.now(),
): SyncMemory {
  const entries = new Map<string, Entry>();
  /** Woken since their last look began: another one is due at once. */
  const woken = new Set<string>();
  const identityOf = ({ metadata: { uid, generation } }: PromptRepository): string => `${uid} ${generation}`;
  return {
    recall: (key, repository) => {
      const entry = entries.get(key);
      if (woken.has(key) || entry?.identity !== identityOf(repository)) return undefined;
      const nextSyncSeconds = (entry.dueMilliseconds - nowMilliseconds()) / 1000;
      return nextSyncSeconds > DUE_TOLERANCE_SECONDS ? { sync: entry.sync, nextSyncSeconds } : undefined;
    },
    begin: (key) => {
      woken.delete(key);
    },
    record: (key, repository, sync) => {
      const identity = identityOf(repository);
      const before = entries.get(key);
      const hasFailed = sync.result.kind === 'notFetched' || sync.report?.kind === 'notReported';
      const failures = hasFailed ? (before?.identity === identity ? before.failures : 0) + 1 : 0;
      const interval = repository.spec.intervalSeconds ?? INTERVAL_DEFAULT_SECONDS;
      // One that fails is asked sooner at first, never later than the interval.
      const limits: BackoffLimits = {
        minimumSeconds: Math.min(FIRST_RETRY_SECONDS, interval),
        maximumSeconds: interval,
      };
      const usualSeconds =
        failures === 0 ? interval * (0.9 + 0.2 * random()) : backoffSeconds(failures, limits, random);
      const dueMilliseconds = nowMilliseconds() + usualSeconds * 1000;
      entries.set(key, { identity, sync, failures, dueMilliseconds });
      return { sync, nextSyncSeconds: woken.has(key) ? 0 : usualSeconds };
    },
    wake: (key) => {
      woken.add(key);
    },
    forget: (key) => {
      woken.delete(key);
      entries.delete(key);
    },
  };
}
