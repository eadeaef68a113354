/**
 * A breaker for one target. Its word on an attempt comes at the true end of it: a stream that begins and is then cut is
 * a failure, however well it began.
 *
 *   closed --(failureThreshold failures in a row)--> open --(rest over)--> half-open: one trial
 *     ^                                               ^                       |        |
 *     +---------------- trial succeeds ---------------+--- trial fails: rests twice as long, up to the maximum
 *
 * Time comes in, in milliseconds of any clock that never goes back. Nothing here waits or counts requests that
 * were given up by the caller.
 */
export interface BreakerLimits {
  readonly failureThreshold: number;
  readonly firstRestMilliseconds: number;
  readonly longestRestMilliseconds: number;
  /** Trials that may run at once while the breaker is open and there is no other target to ask. */
  readonly lastResortTrials: number;
  /** So long a trial that has begun to answer must go on before the target is taken for fit; or to its end. */
  readonly provingMilliseconds: number;
}

export const BREAKER_LIMITS: BreakerLimits = {
  failureThreshold: 5,
  firstRestMilliseconds: 1_000,
  longestRestMilliseconds: 30_000,
  lastResortTrials: 4,
  provingMilliseconds: 10_000,
};

export const BREAKER_STATES = ['closed', 'open', 'halfOpen'] as const;
export type BreakerState = (typeof BREAKER_STATES)[number];

export class CircuitBreaker {
  readonly #limits: BreakerLimits;
  #failures = 0;
  #restMilliseconds: number;
  /** Undefined while closed. */
  #openUntil: number | undefined;
  #trials = 0;
  #provesUntil = 0;

  constructor(limits: BreakerLimits = BREAKER_LIMITS) {
    this.#limits = limits;
    this.#restMilliseconds = limits.firstRestMilliseconds;
  }

  state(now: number): BreakerState {
    if (this.#openUntil === undefined) return 'closed';
    return now < this.#openUntil ? 'open' : 'halfOpen';
  }

  /** How long the target should still rest; 0 when it may be asked like any other. */
  benchedMilliseconds(now: number): number {
    if (this.#openUntil === undefined) return 0;
    if (now < this.#openUntil) return this.#openUntil - now;
    // One trial is enough; whoever comes beside it goes elsewhere if he can.
    return Math.max(this.#trials > 0 ? 1 : 0, this.#provesUntil - now);
  }

  /** Whether an attempt may start, and whether it is a trial, which must be followed by exactly one endTrial or trialAnswers. */
  admit(now: number, isLastResort: boolean): 'ordinary' | 'trial' | undefined {
    if (this.#openUntil === undefined) return 'ordinary';
    const mostTrials = isLastResort ? this.#limits.lastResortTrials : now < this.#openUntil ? 0 : 1;
    if (this.#trials >= mostTrials) return undefined;
    this.#trials += 1;
    return 'trial';
  }

  succeeded(): void {
    this.#failures = 0;
    this.#openUntil = undefined;
    this.#provesUntil = 0;
    this.#restMilliseconds = this.#limits.firstRestMilliseconds;
  }

  failed(now: number): void {
    this.#failures += 1;
    if (this.#failures < this.#limits.failureThreshold) return;
    const isStillOpen = this.#openUntil !== undefined && now < this.#openUntil;
    // Attempts that began together fail together: only the first of them may lengthen the rest.
    if (isStillOpen) return;
    if (this.#openUntil !== undefined) {
      this.#restMilliseconds = Math.min(this.#restMilliseconds * 2, this.#limits.longestRestMilliseconds);
    }
    this.#openUntil = now + this.#restMilliseconds;
  }

  /** In place of its end: the trial has begun to answer, and its place is free for others who have nobody else to ask. */
  trialAnswers(now: number): void {
    this.endTrial();
    if (this.#openUntil !== undefined) this.#provesUntil = now + this.#limits.provingMilliseconds;
  }

  endTrial(): void {
    this.#trials = Math.max(0, this.#trials - 1);
  }
}
