/** Among how many agents the outcomes of a candidate are spread: what their histories err averages out among them. */

/** Whoever lies about who it is takes no more memory than this. */
const AGENTS_REMEMBERED = 20_000;

export class CountedAgents {
  readonly #outcomes = new Map<string, number>();
  #total = 0;
  #squares = 0;

  add(agentUid: string): void {
    const before = this.#outcomes.get(agentUid) ?? 0;
    if (before === 0 && this.#outcomes.size >= AGENTS_REMEMBERED) return;
    this.#outcomes.set(agentUid, before + 1);
    this.#total += 1;
    this.#squares += 2 * before + 1;
  }

  /** L. Kish, Survey Sampling (1965): ten agents of which one has nearly all outcomes are hardly more than one. */
  get effective(): number {
    return this.#total === 0 ? 1 : this.#total ** 2 / this.#squares;
  }
}
