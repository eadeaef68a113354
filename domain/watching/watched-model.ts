/** All that is kept of one Model of a namespace: who answered under its name, how fast, and how often not at all. */
import { z } from 'zod';
import type { RecordOf } from '../ledger/ledger-record.ts';
import type { LocalHours } from '../normality/local-hours.ts';
import { UNSEEN, type WatchedShare, watchRun } from '../drift/watched-share.ts';
import { LatencyWatch, LatencyWatchSnapshot } from './latency-watch.ts';
import type { Design } from './quality-watch.ts';
import type { Beginning, Moment } from './watched-agent.ts';
import { WatchedShareSnapshot } from './watched-share-snapshot.ts';

const MOST_SERVED = 12;
const MOST_CHANGES = 16;
/** Before so many attempts a name is not new: those that answer in turn are being met. */
const KNOWN_AFTER_ATTEMPTS = 50;
const WEEK_MICROSECONDS = 604_800_000_000;
/** Whoever changed so often in the week before is always changing: one more explains nothing. */
const CHANGES_OF_THE_RESTLESS = 3;

const Served = z.strictObject({ id: z.string().max(520), first: z.number(), last: z.number() });
export type Served = z.infer<typeof Served>;
const ServedChange = z.strictObject({
  atMicroseconds: z.number(),
  from: z.string().max(520),
  to: z.string().max(520),
});
export type ServedChange = z.infer<typeof ServedChange>;

export const WatchedModelSnapshot = z.strictObject({
  namespace: z.string().max(63),
  name: z.string().max(256),
  phase: z.int().min(0).max(23),
  provider: z.string().max(256),
  providerModel: z.string().max(256),
  attempts: z.int().min(0),
  served: z.array(Served).max(MOST_SERVED),
  current: z.string().max(520),
  changes: z.array(ServedChange).max(MOST_CHANGES),
  latency: LatencyWatchSnapshot,
  failed: WatchedShareSnapshot,
  lastSeenMicroseconds: z.number(),
});
export type WatchedModelSnapshot = z.infer<typeof WatchedModelSnapshot>;

export class WatchedModel {
  readonly namespace: string;
  readonly name: string;
  readonly latency: LatencyWatch;
  readonly #phase: number;
  readonly #served: Map<string, Served>;
  readonly #changes: ServedChange[];
  #provider: string;
  #providerModel: string;
  #attempts: number;
  #current: string;
  #failed: WatchedShare;
  lastSeenMicroseconds: number;

  constructor(local: LocalHours, stored: WatchedModelSnapshot) {
    this.namespace = stored.namespace;
    this.name = stored.name;
    this.#phase = stored.phase;
    this.latency = new LatencyWatch(local, stored.phase, stored.latency);
    this.#served = new Map(stored.served.map((served) => [served.id, served]));
    this.#changes = [...stored.changes];
    this.#provider = stored.provider;
    this.#providerModel = stored.providerModel;
    this.#attempts = stored.attempts;
    this.#current = stored.current;
    this.#failed = stored.failed;
    this.lastSeenMicroseconds = stored.lastSeenMicroseconds;
  }

  /** Before anything was seen. */
  static unseen({ namespace, name, hour, phase }: Beginning): WatchedModelSnapshot {
    return {
      namespace,
      name,
      phase,
      provider: '',
      providerModel: '',
      attempts: 0,
      served: [],
      current: '',
      changes: [],
      latency: LatencyWatch.unseen(hour),
      failed: UNSEEN,
      lastSeenMicroseconds: 0,
    };
  }

  see(attempt: RecordOf<'model_attempt'>, { atMicroseconds, hour }: Moment, design: Design): void {
    this.lastSeenMicroseconds = Math.max(this.lastSeenMicroseconds, atMicroseconds);
    this.#provider = attempt.provider;
    this.#providerModel = attempt.providerModel;
    const isAnswered = attempt.outcome === 'answered';
    this.#failed = watchRun(this.#failed, { isBad: !isAnswered, atMicroseconds }, design);
    if (!isAnswered) return;
    const seen = { hour, microseconds: attempt.durationMicroseconds, atMicroseconds };
    if (attempt.operation === 'chat') this.latency.add(seen, design);
    this.#attempts += 1;
    const id = servedIdOf(attempt);
    if (id !== undefined) this.#noteServed(id, atMicroseconds);
  }

  moveTo(hour: number): void {
    this.latency.moveTo(hour);
  }

  /** Provider and its name there: the same for all Models that stand for the same thing. */
  get identity(): { readonly provider: string; readonly providerModel: string } {
    return { provider: this.#provider, providerModel: this.#providerModel };
  }

  /** Latest last. */
  get served(): readonly Served[] {
    return [...this.#served.values()];
  }

  get failed(): WatchedShare {
    return this.#failed;
  }

  /** Oldest first; none of a Model that changes all the time. */
  get servedChanges(): readonly ServedChange[] {
    return this.#changes.filter(({ atMicroseconds }) => {
      const before = this.#changes.filter(
        (other) =>
          other.atMicroseconds < atMicroseconds && other.atMicroseconds > atMicroseconds - WEEK_MICROSECONDS,
      );
      return before.length < CHANGES_OF_THE_RESTLESS;
    });
  }

  toSnapshot(): WatchedModelSnapshot {
    return {
      namespace: this.namespace,
      name: this.name,
      phase: this.#phase,
      provider: this.#provider,
      providerModel: this.#providerModel,
      attempts: this.#attempts,
      served: this.served.map((served) => ({ ...served })),
      current: this.#current,
      changes: [...this.#changes],
      latency: this.latency.toSnapshot(),
      failed: this.#failed,
      lastSeenMicroseconds: this.lastSeenMicroseconds,
    };
  }

  #noteServed(id: string, atMicroseconds: number): void {
    const known = this.#served.get(id);
    if (known !== undefined) {
      known.last = Math.max(known.last, atMicroseconds);
      return;
    }
    if (this.#attempts > KNOWN_AFTER_ATTEMPTS && this.#current !== '') {
      this.#changes.push({ atMicroseconds, from: this.#current, to: id });
      if (this.#changes.length > MOST_CHANGES) this.#changes.shift();
    }
    this.#current = id;
    this.#served.set(id, { id, first: atMicroseconds, last: atMicroseconds });
    if (this.#served.size > MOST_SERVED) {
      const [oldest] = [...this.#served.values()].toSorted((one, other) => one.last - other.last);
      if (oldest !== undefined) this.#served.delete(oldest.id);
    }
  }
}

/** What the provider says has answered, with its fingerprint where it gives one. */
function servedIdOf({ modelServed, fingerprint }: Attempted): string | undefined {
  if (modelServed === undefined && fingerprint === undefined) return undefined;
  return fingerprint === undefined ? modelServed : `${modelServed ?? ''} (${fingerprint})`;
}

interface Attempted {
  readonly modelServed?: string | undefined;
  readonly fingerprint?: string | undefined;
}
