/**
 * What the observer knows: the watch of the fleet, fed from the ledger, and the judgement that follows from it and from what the
 * cluster says. Everything here happens in memory and at once.
 */
import type { ClusterView } from '#adapters/kubernetes/cluster-view.ts';
import type { PlaceInLedger, TakenPage } from '#adapters/ledger-reader/follow-entries.ts';
import type { AgentHistory } from '#domain/observation/agent-history.ts';
import type { FleetJudgement, WatchOfFleet } from '#domain/watching/fleet-judgement.ts';
import type { FleetKnowledge } from '#domain/watching/fleet-knowledge.ts';
import type { ChangesOfObjects } from './changes-of-objects.ts';
import { knowledgeOf } from './watched-fleet.ts';

/** What is projected and what is over moves with the clock alone. */
const STALE_MILLISECONDS = 5_000;
/** By so much the ledger's clock may be ahead of ours. */
const AHEAD_MILLISECONDS = 3_600_000;
/** Without a word of the ledger for so long nothing is current any more. */
const SILENT_MILLISECONDS = 10_000;

export interface Judged extends FleetJudgement {
  readonly atMicroseconds: number;
  /** Null while everything is current. */
  readonly problem: string | null;
  /** How old the oldest record may be that was not seen yet. */
  readonly lagSeconds: number;
}

export interface ObservationOptions {
  readonly view: ClusterView;
  readonly now: () => Date;
}

export class Observation {
  readonly #options: ObservationOptions;
  #watch: WatchOfFleet;
  readonly #changes: ChangesOfObjects;
  #place: PlaceInLedger;
  /** When the ledger last told everything that it had. */
  #currentAt: Date | undefined;
  /** When the ledger last told anything. */
  #heardAt: Date | undefined;
  #newestReceivedMicroseconds: number | undefined;
  #failure: string | undefined;
  #hasNews = true;
  #judgedAt = 0;

  constructor(
    options: ObservationOptions,
    begin: {
      readonly watch: WatchOfFleet;
      readonly changes: ChangesOfObjects;
      readonly place: PlaceInLedger;
    },
  ) {
    this.#options = options;
    this.#watch = begin.watch;
    this.#changes = begin.changes;
    this.#place = begin.place;
  }

  get place(): PlaceInLedger {
    return this.#place;
  }

  get watch(): WatchOfFleet {
    return this.#watch;
  }

  get changes(): ChangesOfObjects {
    return this.#changes;
  }

  /** Everything that the ledger had was seen once. */
  get isReplayed(): boolean {
    return this.#currentAt !== undefined;
  }

  /** Whether another judgement could say something else. */
  get isDue(): boolean {
    return this.#hasNews || this.#options.now().getTime() - this.#judgedAt >= STALE_MILLISECONDS;
  }

  /** Something in the cluster changed. */
  clusterChanged(): void {
    this.#hasNews = true;
  }

  see({ entries, place, isEnd }: TakenPage): void {
    this.#hasNews ||=
      entries.length > 0 || this.#failure !== undefined || (isEnd && this.#currentAt === undefined);
    // One entry of a clock that was far ahead must not make everything before it old.
    const latest = (this.#options.now().getTime() + AHEAD_MILLISECONDS) * 1_000;
    for (const { entry } of entries) {
      const isAhead = entry.receivedAtMicroseconds > latest;
      this.#watch.see(isAhead ? { ...entry, receivedAtMicroseconds: latest } : entry);
    }
    this.#place = place;
    this.#heardAt = this.#options.now();
    this.#failure = undefined;
    this.#newestReceivedMicroseconds =
      entries.at(-1)?.entry.receivedAtMicroseconds ?? this.#newestReceivedMicroseconds;
    if (isEnd) this.#currentAt = this.#heardAt;
  }

  failed(sentence: string): void {
    this.#hasNews = true;
    this.#failure = sentence;
  }

  /** All that was seen is void. */
  beginAnew(watch: WatchOfFleet, place: PlaceInLedger): void {
    this.#watch = watch;
    this.#place = place;
    this.#hasNews = true;
    this.#currentAt = undefined;
    this.#newestReceivedMicroseconds = undefined;
  }

  judge(): Judged {
    const now = this.#options.now();
    this.#hasNews = false;
    this.#judgedAt = now.getTime();
    const atMicroseconds = now.getTime() * 1_000;
    const judgement = this.#watch.judge(atMicroseconds, this.#knowledge(now));
    return { ...judgement, atMicroseconds, problem: this.#problem(now), lagSeconds: this.#lagSeconds(now) };
  }

  historyOf(namespace: string, name: string): AgentHistory | null {
    const now = this.#options.now();
    return this.#watch.historyOf(namespace, name, now.getTime() * 1_000, this.#knowledge(now));
  }

  #knowledge(now: Date): FleetKnowledge {
    const ledger = {
      currentAtMicroseconds: this.#currentAt === undefined ? null : this.#currentAt.getTime() * 1_000,
      problem: this.#problem(now),
    };
    const changesOf = (kind: string, key: string) => this.#changes.of(`${kind} ${key}`);
    return knowledgeOf(this.#options.view, changesOf, ledger, now);
  }

  #problem(now: Date): string | null {
    if (this.#failure !== undefined) return this.#failure;
    if (this.#currentAt === undefined) {
      const reached = this.#newestReceivedMicroseconds;
      return reached === undefined
        ? 'The ledger has not been read yet.'
        : `The ledger is still being read: up to ${new Date(reached / 1_000).toISOString().slice(0, 16)} so far.`;
    }
    const silent = now.getTime() - (this.#heardAt?.getTime() ?? 0);
    return silent > SILENT_MILLISECONDS
      ? `The ledger has not answered for ${Math.round(silent / 1_000)} seconds.`
      : null;
  }

  #lagSeconds(now: Date): number {
    if (this.#currentAt !== undefined) return Math.max(0, now.getTime() - this.#currentAt.getTime()) / 1_000;
    const reached = this.#newestReceivedMicroseconds;
    return reached === undefined ? Number.NaN : Math.max(0, now.getTime() * 1_000 - reached) / 1_000_000;
  }
}
