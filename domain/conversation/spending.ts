/**
 * What a run has used and may still use.
 *
 * Prices are the router's knowledge, so the next call is estimated from the calls before it: as much as the dearest
 * of them, in proportion to how much longer the conversation has become. The step whose estimate would pass the limit
 * is not begun. The first call has no precedent and a later one may write more than any before, so a run can pass its
 * limit, but by less than that one call: after it, nothing more is spent.
 *
 * A call of unknown cost under a limit ends the run: an unknown price is never taken for free.
 */
import type { ModelAnswer, ModelUsage } from './model.ts';

export class Spending {
  readonly #limitNanoUsd: number | undefined;
  #costNanoUsd: number | null = 0;
  #usage: ModelUsage | null = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 };
  /** Nano-dollars for each character of the conversation, of the dearest call. */
  #highestRate = 0;
  #highestCostNanoUsd = 0;

  constructor(limitNanoUsd: number | undefined) {
    this.#limitNanoUsd = limitNanoUsd;
  }

  /** Null as soon as the cost of one call is not known. */
  get costNanoUsd(): number | null {
    return this.#costNanoUsd;
  }

  /** Null as soon as the tokens of one call are not known. */
  get usage(): ModelUsage | null {
    return this.#usage;
  }

  add(answer: ModelAnswer, requestCharacters: number): void {
    const { usage, costNanoUsd } = answer;
    this.#usage =
      this.#usage === null || usage === undefined
        ? null
        : {
            inputTokens: this.#usage.inputTokens + usage.inputTokens,
            cachedInputTokens: this.#usage.cachedInputTokens + usage.cachedInputTokens,
            outputTokens: this.#usage.outputTokens + usage.outputTokens,
          };
    if (this.#costNanoUsd === null || costNanoUsd === null) {
      this.#costNanoUsd = null;
      return;
    }
    this.#costNanoUsd += costNanoUsd;
    this.#highestRate = Math.max(this.#highestRate, costNanoUsd / Math.max(1, requestCharacters));
    this.#highestCostNanoUsd = Math.max(this.#highestCostNanoUsd, costNanoUsd);
  }

  /** A call that was begun and broke off may have been charged, nobody told how much. */
  addUnknown(): void {
    this.#costNanoUsd = null;
    this.#usage = null;
  }

  get isUnknownUnderLimit(): boolean {
    return this.#limitNanoUsd !== undefined && this.#costNanoUsd === null;
  }

  /** Whether a call with so long a conversation is expected to stay within the limit. */
  allowsCall(requestCharacters: number): boolean {
    if (this.#limitNanoUsd === undefined) return true;
    if (this.#costNanoUsd === null) return false;
    const estimate = Math.max(this.#highestCostNanoUsd, this.#highestRate * requestCharacters);
    return this.#costNanoUsd + estimate <= this.#limitNanoUsd;
  }
}
