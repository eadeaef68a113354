/** Numbers that look random and are the same each time (mulberry32). */
export class Chance {
  #state: number;

  public constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 to 1. */
  public next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  public between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  public whole(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1));
  }

  public oneOf<Value>(values: readonly Value[]): Value {
    const value = values[Math.floor(this.next() * values.length)];
    if (value === undefined) throw new Error('There is nothing to choose from.');
    return value;
  }

  public hex(characters: number): string {
    return Array.from({ length: characters }, () => this.whole(0, 15).toString(16)).join('');
  }
}
