/**
 * Bounds how much load retries may add: each request puts a fifth of a token into its caller's bucket, each second
 * attempt at the same target takes a whole one. An ailing provider so gets at most 20 % more requests instead of twice
 * as many. Going to another target is not a retry and costs nothing. A bucket for each caller, or one of them could
 * leave no retries to all the others.
 */
export class RetryBudget {
  readonly #tokensPerRequest: number;
  readonly #capacity: number;
  #tokens: number;

  constructor(tokensPerRequest = 0.2, capacity = 10) {
    this.#tokensPerRequest = tokensPerRequest;
    this.#capacity = capacity;
    this.#tokens = capacity;
  }

  requestStarted(): void {
    this.#tokens = Math.min(this.#capacity, this.#tokens + this.#tokensPerRequest);
  }

  takeRetry(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

const MOST_BUCKETS = 10_000;

export class RetryBudgets {
  readonly #mostBuckets: number;
  /** In the order of their last use. */
  readonly #buckets = new Map<string, RetryBudget>();

  constructor(mostBuckets = MOST_BUCKETS) {
    this.#mostBuckets = mostBuckets;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** `caller` is `namespace/agent`. Of too many buckets the one that was not used for longest is forgotten. */
  of(caller: string): RetryBudget {
    const known = this.#buckets.get(caller);
    if (known !== undefined) {
      this.#buckets.delete(caller);
      this.#buckets.set(caller, known);
      return known;
    }
    const budget = new RetryBudget();
    this.#buckets.set(caller, budget);
    if (this.#buckets.size > this.#mostBuckets) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    return budget;
  }
}
