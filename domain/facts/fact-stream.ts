/**
 * The one way from what happened to whoever counts, logs or judges it. Subscribers are told one after the other, within
 * the call that publishes: they take down what they need and do slow work later. One that throws disturbs nobody.
 */
import type { AttemptFact } from './attempt-fact.ts';
import type { RequestFact } from './request-fact.ts';

export type Fact = AttemptFact | RequestFact;

export interface FactSubscriber {
  readonly name: string;
  readonly attempt?: (fact: AttemptFact) => void;
  readonly request?: (fact: RequestFact) => void;
}

export class FactStream {
  readonly #subscribers = new Set<FactSubscriber>();
  readonly #onError: (subscriber: FactSubscriber, error: unknown) => void;

  /** `onError` must not throw. */
  constructor(onError: (subscriber: FactSubscriber, error: unknown) => void) {
    this.#onError = onError;
  }

  subscribe(subscriber: FactSubscriber): void {
    this.#subscribers.add(subscriber);
  }

  publish(fact: Fact): void {
    for (const subscriber of this.#subscribers) {
      try {
        if (fact.kind === 'attempt') subscriber.attempt?.(fact);
        else subscriber.request?.(fact);
      } catch (error) {
        this.#onError(subscriber, error);
      }
    }
  }
}
