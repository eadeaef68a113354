/**
 * What the router said of each Model last, and when it is to be asked again. A pass also runs when the status that it
 * wrote comes back; without this memory every such pass would ask the provider again.
 */
import { type BackoffLimits, backoffSeconds } from '#adapters/kubernetes/backoff.ts';
import type { Model } from '#crds/model.ts';
import type { ProbeAnswer } from './observe.ts';

const HEALTHY_INTERVAL_SECONDS = 30;
const UNHEALTHY: BackoffLimits = { minimumSeconds: 5, maximumSeconds: 30 };
/** A pass that comes a moment early counts as due: timers are not exact. */
const DUE_TOLERANCE_SECONDS = 0.05;

export interface RememberedProbe {
  readonly answer: ProbeAnswer;
  readonly nextProbeSeconds: number;
}

export interface ProbeMemory {
  /** Undefined when a probe is due, as after a change of the spec. */
  readonly recall: (key: string, metadata: Model['metadata']) => RememberedProbe | undefined;
  readonly record: (key: string, metadata: Model['metadata'], answer: ProbeAnswer) => RememberedProbe;
  readonly forget: (key: string) => void;
}

interface Entry {
  /** Of the object and its spec. */
  readonly identity: string;
  readonly answer: ProbeAnswer;
  readonly dueMilliseconds: number;
  readonly failures: number;
}

export function createProbeMemory(
  random: () => number,
  nowMilliseconds: () => number = () => performance.now(),
): ProbeMemory {
  const entries = new Map<string, Entry>();
  const identityOf = ({ uid, generation }: Model['metadata']): string => `${uid} ${generation}`;
  return {
    recall: (key, metadata) => {
      const entry = entries.get(key);
      if (entry?.identity !== identityOf(metadata)) return undefined;
      const nextProbeSeconds = (entry.dueMilliseconds - nowMilliseconds()) / 1000;
      return nextProbeSeconds > DUE_TOLERANCE_SECONDS
        ? { answer: entry.answer, nextProbeSeconds }
        : undefined;
    },
    record: (key, metadata, answer) => {
      const identity = identityOf(metadata);
      const before = entries.get(key);
      const failures = isHealthy(answer) ? 0 : (before?.identity === identity ? before.failures : 0) + 1;
      const nextProbeSeconds =
        failures === 0
          ? HEALTHY_INTERVAL_SECONDS * (0.9 + 0.2 * random())
          : backoffSeconds(failures, UNHEALTHY, random);
      const dueMilliseconds = nowMilliseconds() + nextProbeSeconds * 1000;
      entries.set(key, { identity, answer, failures, dueMilliseconds });
      return { answer, nextProbeSeconds };
    },
    forget: (key) => {
      entries.delete(key);
    },
  };
}

function isHealthy(answer: ProbeAnswer): boolean {
  if (answer.kind !== 'probed') return false;
  const { secret, price, reachable, key } = answer.probe;
  return (
    (secret === 'resolved' || secret === 'notNeeded') &&
    price !== 'unknown' &&
    reachable === 'reachable' &&
    key !== 'refused'
  );
}
