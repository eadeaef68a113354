/**
 * The end of a process, one sequence for all:
 *
 *     serving -> draining   SIGTERM. /readyz fails; every answer asks its client to connect elsewhere. All that comes
 *                           is still served.
 *                lead       For so long the cluster may go on sending requests: a pod leaves its Service a moment
 *                           after its end was decided. No preStop hook waits as well.
 *                closing    Nothing new is accepted; what is under way goes on.
 *              -> over      At the end of the drain time, which is counted from SIGTERM: what is still under way is
 *                           ended, each by its own hand.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Readiness } from './health-server.ts';

export interface DrainTimes {
  readonly drainSeconds: number;
  /** Part of drainSeconds. */
  readonly drainLeadSeconds: number;
}

export class Drain {
  readonly #onBegin = new Set<() => void>();
  readonly #onOver = new Set<() => void>();
  #state: 'serving' | 'draining' | 'over' = 'serving';

  get isDraining(): boolean {
    return this.#state !== 'serving';
  }

  get isOver(): boolean {
    return this.#state === 'over';
  }

  /** Not ready from the beginning of the drain on, whatever the rest says. */
  readiness(ofTheRest: Readiness): Readiness {
    return this.isDraining ? { ready: false, reason: 'shutting down' } : ofTheRest;
  }

  onBegin(onBegin: () => void): void {
    this.#onBegin.add(onBegin);
  }

  add(onOver: () => void): void {
    this.#onOver.add(onOver);
  }

  delete(onOver: () => void): void {
    this.#onOver.delete(onOver);
  }

  begin(): void {
    if (this.isDraining) return;
    this.#state = 'draining';
    for (const onBegin of this.#onBegin) onBegin();
  }

  end(): void {
    this.begin();
    this.#state = 'over';
    for (const onOver of this.#onOver) onOver();
    this.#onOver.clear();
  }

  /** `close` accepts nothing new and resolves when nothing is under way any more. */
  async run({ drainSeconds, drainLeadSeconds }: DrainTimes, close: () => Promise<void>): Promise<void> {
    this.begin();
    const over = setTimeout(() => this.end(), drainSeconds * 1000);
    try {
      await sleep(Math.min(drainLeadSeconds, drainSeconds) * 1000);
      await close();
    } finally {
      clearTimeout(over);
    }
  }
}
