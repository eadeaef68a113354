/** The attributes of one span that mean something here. The count of the others bounds nothing: they cost nothing. */
import { type AttributeMeaning, type KnownName, knownName } from './attribute-names.ts';
import type { AttributeValue, ReadAttributes } from './reported-work.ts';

export class AttributeGatherer {
  readonly #values = new Map<AttributeMeaning, AttributeValue>();
  readonly #ranks = new Map<AttributeMeaning, number>();

  /** What the name means, unless a better name has said it already. */
  wants(name: string): KnownName | undefined {
    const known = knownName(name);
    if (known === undefined) return undefined;
    const rank = this.#ranks.get(known.meaning);
    return rank !== undefined && rank <= known.rank ? undefined : known;
  }

  /** Undefined for a value that is too large or of a kind that no attribute here has. */
  set({ meaning, rank }: KnownName, value: AttributeValue | undefined): void {
    if (value === undefined) return;
    this.#values.set(meaning, value);
    this.#ranks.set(meaning, rank);
  }

  result(): ReadAttributes {
    return this.#values;
  }
}
