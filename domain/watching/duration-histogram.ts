/** How long things took in one hour, in steps of 9 %: enough for a quantile to 5 %. */
const BUCKETS = 192;
const BUCKETS_OF_OCTAVE = 8;
/** From a tenth of a millisecond up to 28 minutes, and all that is longer. */
const LEAST_MICROSECONDS = 100;

export class DurationHistogram {
  /** Sparse: of what never was there is nothing. */
  readonly #counts: number[];
  #total = 0;

  constructor(stored: readonly (readonly [number, number])[] = []) {
    this.#counts = [];
    for (const [bucket, count] of stored) this.#put(Math.min(bucket, BUCKETS - 1), count);
  }

  add(microseconds: number): void {
    const octaves = Math.log2(Math.max(1, microseconds / LEAST_MICROSECONDS));
    this.#put(Math.min(BUCKETS - 1, Math.floor(octaves * BUCKETS_OF_OCTAVE)), 1);
  }

  get total(): number {
    return this.#total;
  }

  /** Microseconds, undefined of nothing; `share` of them are not longer. With what is in `others` counted in. */
  quantile(share: number, others: readonly DurationHistogram[] = []): number | undefined {
    const all = [this, ...others];
    const total = all.reduce((sum, { total }) => sum + total, 0);
    if (total === 0) return undefined;
    let left = share * total;
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      let count = 0;
      for (const histogram of all) count += histogram.#counts[bucket] ?? 0;
      if (count > 0 && count >= left) {
        return LEAST_MICROSECONDS * 2 ** ((bucket + left / count) / BUCKETS_OF_OCTAVE);
      }
      left -= count;
    }
    return LEAST_MICROSECONDS * 2 ** (BUCKETS / BUCKETS_OF_OCTAVE);
  }

  toSnapshot(): [number, number][] {
    const counts: [number, number][] = [];
    for (const [bucket, count] of this.#counts.entries()) if (count > 0) counts.push([bucket, count]);
    return counts;
  }

  #put(bucket: number, count: number): void {
    while (this.#counts.length <= bucket) this.#counts.push(0);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count;
    this.#total += count;
  }
}
