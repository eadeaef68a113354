/**
 * What recent attempts have shown of each target: a breaker for each Model (tenants who share a provider do not share
 * a breaker, or one's short time limits would shut out the other), a rest after "too many requests" for each Model and
 * key, and a circuit for each endpoint and key. A changed Secret is another key, so it is fit at once.
 */
import { type BreakerState, CircuitBreaker } from '#domain/routing/circuit-breaker.ts';
import { type AttemptFailure, healthVerdict } from '#domain/routing/attempt-failure.ts';
import type { TargetHealth } from '#domain/routing/choose-models.ts';
import type { RoutableModel } from '#domain/routing/routable-model.ts';

const FIRST_LIMIT_REST_MILLISECONDS = 1_000;
const LONGEST_LIMIT_REST_MILLISECONDS = 60_000;
const FIRST_KEY_REST_MILLISECONDS = 30_000;
const LONGEST_KEY_REST_MILLISECONDS = 300_000;

interface Target {
  /** Another endpoint or model under the same name is another target. */
  readonly identity: string;
  readonly breaker: CircuitBreaker;
  limitedUntil: number;
  limitRestMilliseconds: number;
}

interface KeyCircuit {
  refusedUntil: number;
  restMilliseconds: number;
}

/**
 * The right to ask a target once. It ends with one verdict, or with none when it is disposed of before: whatever throws
 * in between, no place is held for ever.
 */
export class Admission implements Disposable {
  readonly #release: (isAnswering: boolean) => void;
  readonly #judge: (failure: AttemptFailure | undefined) => void;
  #isHeld = true;
  #isOver = false;

  constructor(release: (isAnswering: boolean) => void, judge: (failure: AttemptFailure | undefined) => void) {
    this.#release = release;
    this.#judge = judge;
  }

  /**
   * The target has begun to answer. It is no verdict yet, but others who have nobody else to ask may try it beside this
   * one: a trial that streams for minutes must not keep them all away.
   */
  answers(): void {
    this.#giveBack(true);
  }

  /** `failure` is undefined when the answer came whole. A second verdict changes nothing. */
  end(failure: AttemptFailure | undefined): void {
    if (this.#isOver) return;
    this[Symbol.dispose]();
    this.#judge(failure);
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#giveBack(false);
  }

  #giveBack(isAnswering: boolean): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#release(isAnswering);
  }
}

export class TargetHealthRegistry {
  readonly #now: () => number;
  readonly #targets = new Map<string, Target>();
  readonly #keys = new Map<string, KeyCircuit>();

  /** `now` in milliseconds of a clock that never goes back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  readonly healthOf = (model: RoutableModel): TargetHealth => {
    const now = this.#now();
    const circuit = this.#keys.get(keyOf(model));
    if (circuit !== undefined && circuit.refusedUntil > now) {
      const seconds = Math.ceil((circuit.refusedUntil - now) / 1000);
      return {
        usable: false,
        explanation: `had its key refused by the provider: put a good key into its Secret (the old one is tried again in ${seconds} s)`,
      };
    }
    const target = this.#targetOf(model);
    const limitedMilliseconds = Math.max(0, target.limitedUntil - now);
    const benchedMilliseconds = Math.max(limitedMilliseconds, target.breaker.benchedMilliseconds(now));
    return { usable: true, benchedMilliseconds, mustWait: limitedMilliseconds > 0 };
  };

  /** Undefined when the target is to be spared. */
  admit(model: RoutableModel, isLastResort: boolean): Admission | undefined {
    const { breaker } = this.#targetOf(model);
    const place = breaker.admit(this.#now(), isLastResort);
    if (place === undefined) return undefined;
    const release = (isAnswering: boolean): void => {
      if (place !== 'trial') return;
      if (isAnswering) breaker.trialAnswers(this.#now());
      else breaker.endTrial();
    };
    return new Admission(release, (failure) => this.#judge(model, failure));
  }

  #judge(model: RoutableModel, failure: AttemptFailure | undefined): void {
    const target = this.#targetOf(model);
    if (failure === undefined) {
      target.breaker.succeeded();
      target.limitRestMilliseconds = FIRST_LIMIT_REST_MILLISECONDS;
      this.#keys.delete(keyOf(model));
      return;
    }
    switch (healthVerdict(failure)) {
      case 'failing':
        target.breaker.failed(this.#now());
        break;
      case 'alive':
        target.breaker.succeeded();
        break;
      case 'limited':
        target.breaker.succeeded();
        this.#rest(target, failure.retryAfterSeconds);
        break;
      case 'keyRefused':
        target.breaker.succeeded();
        this.#refuseKey(model);
        break;
      case 'nothing':
        break;
    }
  }

  breakerState(model: RoutableModel): BreakerState {
    return this.#targetOf(model).breaker.state(this.#now());
  }

  /** Forgets what no Model of the snapshot needs any more, so that memory is bounded by the cluster. */
  keepOnly(models: Iterable<RoutableModel>): void {
    const ids = new Set<string>();
    const keys = new Set<string>();
    for (const model of models) {
      ids.add(model.id);
      keys.add(keyOf(model));
    }
    for (const id of this.#targets.keys()) if (!ids.has(id)) this.#targets.delete(id);
    for (const key of this.#keys.keys()) if (!keys.has(key)) this.#keys.delete(key);
  }

  #targetOf(model: RoutableModel): Target {
    const known = this.#targets.get(model.id);
    const identity = `${model.endpoint} ${model.providerModel}`;
    if (known?.identity === identity) return known;
    const target = {
      identity,
      breaker: new CircuitBreaker(),
      limitedUntil: 0,
      limitRestMilliseconds: FIRST_LIMIT_REST_MILLISECONDS,
    };
    this.#targets.set(model.id, target);
    return target;
  }

  #rest(target: Target, retryAfterSeconds: number | undefined): void {
    const rest = retryAfterSeconds === undefined ? target.limitRestMilliseconds : retryAfterSeconds * 1000;
    const bounded = Math.min(rest, LONGEST_LIMIT_REST_MILLISECONDS);
    target.limitedUntil = Math.max(target.limitedUntil, this.#now() + bounded);
    target.limitRestMilliseconds = Math.min(
      target.limitRestMilliseconds * 2,
      LONGEST_LIMIT_REST_MILLISECONDS,
    );
  }

  #refuseKey(model: RoutableModel): void {
    const now = this.#now();
    const circuit = this.#keys.get(keyOf(model));
    // Attempts that began together are refused together: one refusal.
    if (circuit !== undefined && circuit.refusedUntil > now) return;
    const restMilliseconds = Math.min(
      circuit === undefined ? FIRST_KEY_REST_MILLISECONDS : circuit.restMilliseconds * 2,
      LONGEST_KEY_REST_MILLISECONDS,
    );
    this.#keys.set(keyOf(model), { refusedUntil: now + restMilliseconds, restMilliseconds });
  }
}

/** Within a namespace only: what one tenant does with a key says nothing to another. */
function keyOf({ namespace, endpoint, key }: RoutableModel): string {
  return `${namespace} ${endpoint} ${key.state === 'resolved' ? key.digest : ''}`;
}
