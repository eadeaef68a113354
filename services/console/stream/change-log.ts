/**
 * What changed, in order, each topic of a namespace once: whoever looks from time to time learns which topics are another since.
 * Bounded by what there is to change.
 */

export interface Change {
  readonly topic: string;
  /** Undefined: of the platform, for those who may see all namespaces. */
  readonly namespace: string | undefined;
}

/** Of agents, rollouts and namespaces together; the oldest are forgotten first. */
const MOST_CHANGES = 50_000;

export class ChangeLog {
  readonly #changes = new Map<string, Change & { readonly version: number }>();
  #version = 0;

  get version(): number {
    return this.#version;
  }

  add(change: Change): void {
    this.#version += 1;
    const key = `${change.namespace ?? ''}\n${change.topic}`;
    this.#changes.delete(key);
    this.#changes.set(key, { ...change, version: this.#version });
    const [oldest] = this.#changes.keys();
    if (this.#changes.size > MOST_CHANGES && oldest !== undefined) this.#changes.delete(oldest);
  }

  /** Newest of each topic and namespace. */
  since(version: number): readonly Change[] {
    if (version === this.#version) return [];
    return [...this.#changes.values()].filter((change) => change.version > version);
  }
}
