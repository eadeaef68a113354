/** Sessions that were logged out of before their time: a copy of the cookie is worth nothing here any more. */

/** Forgotten when they would have ended by themselves; so many are at least remembered. */
const MOST_SESSIONS = 100_000;

export class EndedSessions {
  readonly #until = new Map<string, number>();
  readonly #listeners = new Set<(id: string) => void>();

  end(id: string, expiresAtSeconds: number, nowSeconds: number): void {
    for (const [ended, until] of this.#until) {
      if (until > nowSeconds && this.#until.size < MOST_SESSIONS) break;
      this.#until.delete(ended);
    }
    this.#until.set(id, expiresAtSeconds);
    for (const listener of this.#listeners) listener(id);
  }

  has(id: string): boolean {
    return this.#until.has(id);
  }

  /** The answer takes the listener off again. */
  onEnd(listener: (id: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
