/**
 * Bounds of a ratio between candidate and stable by resampling cases, each with what both versions came to on it
 * (Efron 1979, percentiles). The seed makes the same figures give the same bounds.
 */

export interface PairedFigures {
  readonly candidate: number;
  readonly stable: number;
}

export interface RatioBounds {
  readonly ratio: number;
  /** 5th and 95th percentile. */
  readonly low: number;
  readonly high: number;
}

const RESAMPLES_MAXIMUM = 2_000;
const RESAMPLES_MINIMUM = 200;
/** Cases drawn in all: large sets need fewer resamples, since their bounds are closer. */
const DRAWN_MAXIMUM = 2_000_000;

/** Null without pairs, or where stable is 0: there is no ratio to nothing. */
export function bootstrapRatio(
  pairs: readonly PairedFigures[],
  statistic: (values: readonly number[]) => number,
  seed: string,
): RatioBounds | null {
  const ratioOf = (sample: readonly PairedFigures[]): number =>
    statistic(sample.map(({ candidate }) => candidate)) / statistic(sample.map(({ stable }) => stable));
  const ratio = ratioOf(pairs);
  if (pairs.length === 0 || !Number.isFinite(ratio)) return null;
  const random = createRandom(seed);
  const ratios: number[] = [];
  const resamples = Math.max(
    RESAMPLES_MINIMUM,
    Math.min(RESAMPLES_MAXIMUM, Math.floor(DRAWN_MAXIMUM / pairs.length)),
  );
  for (let resample = 0; resample < resamples; resample += 1) {
    const sample = pairs.map(() => pairs[Math.floor(random() * pairs.length)] ?? { candidate: 0, stable: 0 });
    const drawn = ratioOf(sample);
    if (Number.isFinite(drawn)) ratios.push(drawn);
  }
  ratios.sort((one, other) => one - other);
  return { ratio, low: percentile(ratios, 0.05), high: percentile(ratios, 0.95) };
}

export function sumOf(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Of the 95th value of 100: what so many of all are no larger than. */
export function p95(values: readonly number[]): number {
  return percentile(
    values.toSorted((one, other) => one - other),
    0.95,
  );
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

/** Mulberry32 from an FNV-1a hash of the seed: uniform in [0, 1). */
function createRandom(seed: string): () => number {
  let state = 0x811c9dc5;
  for (const character of seed) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
