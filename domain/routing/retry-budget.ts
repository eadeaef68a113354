/**
 * Bounds how much load retries may add: each request puts a fifth of a token into the bucket, each second attempt at
 * the same target takes a whole one. An ailing provider so gets at most 20 % more requests instead of twice as many.
 * Going to another target is not a retry and costs nothing.
 */
export class RetryBudget {
  readonly #tokensPerRequest: number;
  readonly #capacity: number;
  #tokens: number;

  constructor(tokensPerRequest = 0.2, capacity = 20) {
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
