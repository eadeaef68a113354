/**
 * Which sessions were counted. Of each metric and arm the last ones that spoke are remembered: one that comes back after
 * so many others counts as a new one, which is as rare as it is harmless.
 */

const SESSIONS_REMEMBERED = 10_000;

export class CountedSessions {
  readonly #capacity: number;
  /** By metric and arm, from the one that was silent longest to the last one. */
  readonly #sessions = new Map<string, Set<string>>();

  constructor(capacity = SESSIONS_REMEMBERED) {
    this.#capacity = capacity;
  }

  /** True for the first time. */
  add(group: string, session: string): boolean {
    let known = this.#sessions.get(group);
    if (known === undefined) {
      known = new Set();
      this.#sessions.set(group, known);
    }
    const isNew = !known.delete(session);
    known.add(session);
    if (known.size > this.#capacity) {
      for (const longestSilent of known) {
        known.delete(longestSilent);
        break;
      }
    }
    return isNew;
  }
}
